package storetest

import (
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/signingkey"
	"github.com/varco-id/varco/provider/internal/store"
)

var signingKeyRules = []rule{
	{"signing keys come back as written", signingKeyRoundTrip},
	{"one key makes a generation", signingKeyGeneration},
	{"a signing key retires and goes", signingKeyRetires},
}

func signingKey(id, alg string) signingkey.Row {
	return signingkey.Row{KeyID: id, Alg: alg, PublicJWK: []byte(`{"kty":"EC"}`), Sealed: []byte{0, 7}, CreatedAt: noon, ActiveAt: noon.Add(time.Hour)}
}

func signingKeyRoundTrip(t *testing.T, s store.Store) {
	ctx := t.Context()
	a, b, r := signingKey("z", "ES256"), signingKey("b", "ES256"), signingKey("r", "RS256")
	for generation, k := range map[int64]signingkey.Row{1: a, 2: b, 3: r} {
		check(t, s.InsertSigningKey(ctx, s, k, generation))
	}
	same(t, must(s.SigningKeys(ctx, s))(t), []signingkey.Row{a, b, r})
}

func signingKeyGeneration(t *testing.T, s store.Store) {
	ctx := t.Context()
	check(t, s.InsertSigningKey(ctx, s, signingKey("a", "ES256"), 1))
	wantKind(t, s.InsertSigningKey(ctx, s, signingKey("b", "ES256"), 1), fault.Conflict, "a generation that is taken")
	wantKind(t, s.InsertSigningKey(ctx, s, signingKey("a", "ES256"), 2), fault.Conflict, "a key id that is taken")
	check(t, s.InsertSigningKey(ctx, s, signingKey("b", "RS256"), 1))
}

func signingKeyRetires(t *testing.T, s store.Store) {
	ctx := t.Context()
	k := signingKey("a", "ES256")
	check(t, s.InsertSigningKey(ctx, s, k, 1))
	k.RetiredAt, k.ExpiresAt = noon.Add(2*time.Hour), noon.Add(3*time.Hour)
	check(t, s.RetireSigningKey(ctx, s, "a", k.RetiredAt, k.ExpiresAt))
	same(t, must(s.SigningKeys(ctx, s))(t), []signingkey.Row{k})
	wantKind(t, s.RetireSigningKey(ctx, s, "none", noon, noon), fault.NotFound, "retiring an unknown key")
	check(t, s.DeleteSigningKey(ctx, s, "a"))
	wantKind(t, s.DeleteSigningKey(ctx, s, "a"), fault.NotFound, "deleting a deleted key")
}
