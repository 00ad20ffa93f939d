package provider

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/tx"
)

// minSecret is the least length of a client secret: only what a machine made may be kept as one SHA-256.
const minSecret = 32

// declareClients makes the registrations be as the configuration says, secrets included. Replicas that start at once may
// all do it: who loses finds nothing left to do.
func (c *Config) declareClients(ctx context.Context, d *domains, store *sqlstore.Store) error {
	settings := make([]RelyingParty, len(c.Clients))
	secrets := map[string][]byte{}
	for i, cl := range c.Clients {
		settings[i] = cl.RelyingParty
		if cl.SecretFile == "" && cl.SecretEnv == "" {
			continue
		}
		secret, err := c.read(Secret{File: cl.SecretFile, Env: cl.SecretEnv})
		if err != nil {
			return fault.Wrap(fault.Invalid, err, "the secret of client "+cl.ClientID)
		}
		if len(secret) < minSecret {
			return fault.New(fault.Invalid, "the secret of client "+cl.ClientID+" is shorter than 32 characters: make one with `openssl rand -base64 32`")
		}
		hash := sha256.Sum256(secret)
		secrets[cl.ClientID] = hash[:]
	}
	const actor = "configuration"
	_, err := d.clients.Apply(ctx, actor, settings, true)
	if fault.Is(err, fault.Conflict) { // another replica did the same a moment ago
		_, err = d.clients.Apply(ctx, actor, settings, true)
	}
	if err != nil {
		return err
	}
	for id, hash := range secrets {
		if err := useSecret(ctx, d.clients, store, actor, id, hash); err != nil {
			return fault.Wrap(fault.KindOf(err), err, "set the secret of client "+id)
		}
	}
	return nil
}

// useSecret puts a declared secret in force; the one before it stays good for the overlap of every rotation.
func useSecret(ctx context.Context, clients *relyingparty.Service, store *sqlstore.Store, actor, id string, hash []byte) error {
	changed := false
	err := store.InTx(ctx, func(q tx.Q) error {
		changed = false
		c, err := store.Client(ctx, q, id)
		if err != nil || subtle.ConstantTimeCompare(c.SecretHash, hash) == 1 {
			return err
		}
		now := time.Now()
		c.OldSecretHash, c.OldSecretUntil = c.SecretHash, now.Add(relyingparty.DefaultOverlap)
		c.SecretHash, c.UpdatedAt = hash, now
		if err := store.UpdateClient(ctx, q, *c); err != nil {
			return err
		}
		changed = true
		return audit.Write(ctx, q, store, audit.Event{At: now, Kind: audit.ClientSecretRotated, Client: id, Actor: actor})
	})
	if err == nil && changed && clients.Changed != nil {
		clients.Changed(id)
	}
	return err
}
