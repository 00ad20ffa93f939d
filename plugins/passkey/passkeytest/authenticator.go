// Package passkeytest plays a browser with an authenticator, in software, for tests: honest unless it is told otherwise.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// The flags of authenticator data (WebAuthn section 6.1).
const (
	UserPresent    byte = 1 << 0
	UserVerified   byte = 1 << 2
	BackupEligible byte = 1 << 3
	BackedUp       byte = 1 << 4
	attested       byte = 1 << 6
)

// Authenticator makes keys and signs with them.
type Authenticator struct {
	Origin string // of the page it believes to be on
	RPID   string // overrides that of the options
	Flags  byte   // UserPresent|UserVerified and the like
	AAGUID [16]byte
	Type   string // of the client data; empty: what it should be
	NoRK   bool   // says that it keeps no discoverable credential
	// Attest, if set, makes an attestation statement; else there is none.
	Attest func(authData, clientDataHash []byte, k *Key) (format string, statement map[string]any)
}

// Key is a credential of an authenticator.
type Key struct {
	ID, UserHandle []byte
	Private        *ecdsa.PrivateKey
	Count          uint32 // the next signature's counter; 0 stays 0
}

type options struct {
	Challenge string
	RPID      string `json:"rpId"`
	RP        struct{ ID string }
	User      struct{ ID string }
	Allow     []struct{ ID string } `json:"allowCredentials"`
	Exclude   []struct{ ID string } `json:"excludeCredentials"`
}

func parse(raw []byte) (o options, err error) {
	if err = json.Unmarshal(raw, &o); err != nil {
		return o, fmt.Errorf("options of a ceremony: %w", err)
	}
	return o, nil
}

var b64 = base64.RawURLEncoding

func (a *Authenticator) clientData(kind, challenge string) []byte {
	if a.Type != "" {
		kind = a.Type
	}
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false})
	if err != nil {
		panic(err)
	}
	return raw
}

func (a *Authenticator) authData(rpID string, flags byte, count uint32, rest ...byte) []byte {
	if a.RPID != "" {
		rpID = a.RPID
	}
	hash := sha256.Sum256([]byte(rpID))
	out := append(hash[:], flags)
	out = binary.BigEndian.AppendUint32(out, count)
	return append(out, rest...)
}

// Create answers creation options with a new key.
func (a *Authenticator) Create(raw []byte) (*Key, string, error) {
	o, err := parse(raw)
	if err != nil {
		return nil, "", err
	}
	k := &Key{ID: make([]byte, 32)}
	rand.Read(k.ID)
	if k.UserHandle, err = b64.DecodeString(o.User.ID); err != nil {
		return nil, "", fmt.Errorf("user handle: %w", err)
	}
	if k.Private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, "", err
	}
	answer, err := a.Register(raw, k)
	return k, answer, err
}

// Register answers creation options with a key that is there already.
func (a *Authenticator) Register(raw []byte, k *Key) (string, error) {
	o, err := parse(raw)
	if err != nil {
		return "", err
	}
	public, err := COSE(k.Private)
	if err != nil {
		return "", err
	}
	rest := append([]byte{}, a.AAGUID[:]...)
	rest = binary.BigEndian.AppendUint16(rest, uint16(len(k.ID)))
	rest = append(append(rest, k.ID...), public...)
	authData := a.authData(o.RP.ID, a.Flags|attested, k.Count, rest...)
	client := a.clientData("webauthn.create", o.Challenge)
	hash := sha256.Sum256(client)
	format, statement := "none", map[string]any{}
	if a.Attest != nil {
		format, statement = a.Attest(authData, hash[:], k)
	}
	object, err := cbor.Marshal(map[string]any{"fmt": format, "attStmt": statement, "authData": authData})
	if err != nil {
		return "", err
	}
	return a.answer(k, map[string]any{"credProps": map[string]any{"rk": !a.NoRK}}, map[string]any{
		"clientDataJSON": b64.EncodeToString(client), "attestationObject": b64.EncodeToString(object), "transports": []string{"internal"},
	})
}

// Get answers request options with a signature of k.
func (a *Authenticator) Get(raw []byte, k *Key) (string, error) {
	o, err := parse(raw)
	if err != nil {
		return "", err
	}
	authData := a.authData(o.RPID, a.Flags, k.Count)
	client := a.clientData("webauthn.get", o.Challenge)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte{}, authData...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.Private, signed[:])
	if err != nil {
		return "", err
	}
	if k.Count > 0 {
		k.Count++
	}
	return a.answer(k, map[string]any{}, map[string]any{
		"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(authData),
		"signature": b64.EncodeToString(signature), "userHandle": b64.EncodeToString(k.UserHandle),
	})
}

func (a *Authenticator) answer(k *Key, extensions, response map[string]any) (string, error) {
	id := b64.EncodeToString(k.ID)
	out, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": extensions, "response": response})
	return string(out), err
}

// COSE writes a public key as a COSE_Key.
func COSE(private *ecdsa.PrivateKey) ([]byte, error) {
	point, err := private.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:65]})
}
