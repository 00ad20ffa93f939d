package provider

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
)

// purposeCheckpoint derives the key that signs the audit log's checkpoints, so that all replicas have the same one
// and whoever holds the database alone has none.
const purposeCheckpoint sealing.Purpose = "audit-checkpoint"

// auditKeys is what signs the audit log and what checks it.
type auditKeys struct {
	signer note.Signer
	public string         // the verifier of signer, as text
	known  note.Verifiers // of signer and of those before it
}

// auditKeys makes them from the configured key, or derives them from the sealing keys.
func (c *Config) auditKeys(box sealing.Box) (*auditKeys, error) {
	seed := box.MAC(purposeCheckpoint)
	if s := c.Audit.CheckpointKey; s != nil {
		raw, err := c.read(*s)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "audit.checkpoint_key")
		}
		key, err := base64.StdEncoding.DecodeString(string(raw))
		if err != nil || len(key) != ed25519.SeedSize {
			return nil, fault.New(fault.Invalid, "audit.checkpoint_key is not 32 bytes in base64: make one with `openssl rand -base64 32`")
		}
		copy(seed[:], key)
	}
	private, public, err := noteKey(c.auditOrigin(), seed)
	if err != nil {
		return nil, fmt.Errorf("the audit log's key: %w", err)
	}
	k := &auditKeys{public: public}
	if k.signer, err = note.NewSigner(private); err != nil {
		return nil, fmt.Errorf("the audit log's key: %w", err)
	}
	var verifiers []note.Verifier
	for _, text := range append([]string{public}, c.Audit.FormerKeys...) {
		v, err := note.NewVerifier(text)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "audit.former_keys")
		}
		verifiers = append(verifiers, v)
	}
	k.known = note.VerifierList(verifiers...)
	return k, nil
}

// auditOrigin is the log's name.
func (c *Config) auditOrigin() string {
	if c.Audit.Origin != "" {
		return c.Audit.Origin
	}
	_, name, _ := strings.Cut(c.Issuer, "://")
	return strings.ReplaceAll(name, "+", "-")
}

// noteKey writes an Ed25519 key in the form of golang.org/x/mod/sumdb/note, private and public.
func noteKey(name string, seed [32]byte) (private, public string, err error) {
	key := ed25519.NewKeyFromSeed(seed[:])
	if public, err = note.NewEd25519VerifierKey(name, key.Public().(ed25519.PublicKey)); err != nil {
		return "", "", err
	}
	parts := strings.SplitN(public, "+", 3) // name, hash of the key, key
	const ed25519Algorithm = 1
	secret := base64.StdEncoding.EncodeToString(append([]byte{ed25519Algorithm}, seed[:]...))
	return "PRIVATE+KEY+" + name + "+" + parts[1] + "+" + secret, public, nil
}
