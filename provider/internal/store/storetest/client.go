package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/store"
)

func client(id string) relyingparty.Client {
	return relyingparty.Client{
		Settings: relyingparty.Settings{
			ClientID: id, Name: "Banca Démo", RedirectURIs: []string{"https://bank.test/cb"}, JWKS: json.RawMessage(`{"keys":[]}`),
			TokenEndpointAuthMethod: relyingparty.AuthBasic, AccessTokenLifetime: relyingparty.Duration(5 * time.Minute), PKCEOptional: true,
		},
		SecretHash: []byte{1, 2}, Version: 1, CreatedAt: noon, UpdatedAt: noon,
	}
}

var clientRules = []rule{
	{"a registration comes back as written", clientRoundTrip},
	{"a registration is updated by compare-and-set", clientUpdate},
	{"a registration is deleted once", clientDelete},
}

func clientRoundTrip(t *testing.T, s store.Store) {
	ctx := t.Context()
	a, b := client("a"), client("b")
	b.Declared, b.SecretHash, b.OldSecretHash, b.OldSecretUntil = true, nil, []byte{9}, noon.Add(time.Hour)
	check(t, s.InsertClient(ctx, s, b))
	check(t, s.InsertClient(ctx, s, a))
	same(t, must(s.Client(ctx, s, "a"))(t), &a)
	same(t, must(s.Clients(ctx, s))(t), []relyingparty.Client{a, b})
	_, err := s.Client(ctx, s, "none")
	wantKind(t, err, fault.NotFound, "an unknown client_id")
	wantKind(t, s.InsertClient(ctx, s, a), fault.Conflict, "a client_id that is taken")
}

func clientUpdate(t *testing.T, s store.Store) {
	ctx := t.Context()
	c := client("a")
	check(t, s.InsertClient(ctx, s, c))
	c.Name, c.SecretHash, c.OldSecretHash, c.OldSecretUntil, c.Declared, c.UpdatedAt = "New", []byte{3}, c.SecretHash, noon.Add(time.Hour), true, noon.Add(time.Minute)
	check(t, s.UpdateClient(ctx, s, c))
	want := c
	want.Version = 2
	same(t, must(s.Client(ctx, s, "a"))(t), &want)
	wantKind(t, s.UpdateClient(ctx, s, c), fault.Conflict, "an old version")
	c.ClientID = "none"
	wantKind(t, s.UpdateClient(ctx, s, c), fault.NotFound, "an unknown client_id")
}

func clientDelete(t *testing.T, s store.Store) {
	ctx := t.Context()
	check(t, s.InsertClient(ctx, s, client("a")))
	check(t, s.DeleteClient(ctx, s, "a"))
	wantKind(t, s.DeleteClient(ctx, s, "a"), fault.NotFound, "a deleted client")
}
