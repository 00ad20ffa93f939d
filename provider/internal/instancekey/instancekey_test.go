package instancekey_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/instancekey"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
)

var want = []sdk.InstanceKey{{Name: "operation", Kind: instancekey.ES256}, {Name: "session", Kind: instancekey.HMAC}}

// clock stands still until it is moved.
type clock struct{ now time.Time }

func service(t *testing.T, store *sqlstore.Store, c *clock) *instancekey.Service {
	t.Helper()
	kek, err := sealing.NewRawKEK(bytes.Repeat([]byte{7}, 32))
	must(t, err)
	box, err := sealing.Open(t.Context(), store, kek)
	must(t, err)
	return &instancekey.Service{DB: store, Store: store, Box: box, Audit: store, Now: func() time.Time { return c.now }}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func noon() *clock { return &clock{time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

// kids are the ids of a set's keys, newest first.
func kids(t *testing.T, set []byte) []string {
	t.Helper()
	var s jose.JSONWebKeySet
	must(t, json.Unmarshal(set, &s))
	out := make([]string, len(s.Keys))
	for i, k := range s.Keys {
		out[i] = k.KeyID
	}
	return out
}

func TestKeysAreMadeOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.DSN(t)
	const replicas = 6
	sets := make([]map[string][]byte, replicas)
	var all sync.WaitGroup
	for i := range replicas {
		s := service(t, pgtest.OpenURL(t, url), noon())
		all.Go(func() {
			var err error
			if sets[i], err = s.Keys(t.Context(), "phone", want); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, s := range sets[1:] {
		if fmt.Sprint(s) != fmt.Sprint(sets[0]) {
			t.Fatal("replicas hand over different keys")
		}
	}
	var ec, mac jose.JSONWebKeySet
	must(t, json.Unmarshal(sets[0]["operation"], &ec))
	must(t, json.Unmarshal(sets[0]["session"], &mac))
	key, ok := ec.Keys[0].Key.(*ecdsa.PrivateKey)
	if len(ec.Keys) != 1 || !ok || key.Params().Name != "P-256" || ec.Keys[0].Algorithm != "ES256" || ec.Keys[0].KeyID == "" {
		t.Errorf("ES256: %+v", ec)
	}
	if secret, ok := mac.Keys[0].Key.([]byte); len(mac.Keys) != 1 || !ok || len(secret) != 32 || mac.Keys[0].Algorithm != "HS256" {
		t.Errorf("hmac-sha256: %+v", mac)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	c := noon()
	s := service(t, pgtest.Open(t), c)
	var told []string
	s.Changed = func(instance string) { told = append(told, instance) }
	keys := func() map[string][]byte {
		t.Helper()
		k, err := s.Keys(t.Context(), "phone", want)
		must(t, err)
		return k
	}
	first := keys()
	must(t, s.Rotate(t.Context(), "operator", "phone", "operation"))
	rotated := keys()
	before, after := kids(t, first["operation"]), kids(t, rotated["operation"])
	if len(after) != 2 || after[1] != before[0] || after[0] == before[0] {
		t.Fatalf("rotated from %v to %v", before, after)
	}
	if !bytes.Equal(rotated["session"], first["session"]) {
		t.Error("another key was rotated along")
	}
	c.now = c.now.Add(90 * 24 * time.Hour)
	if left := kids(t, keys()["operation"]); len(left) != 1 || left[0] != after[0] {
		t.Errorf("after 90 days: %v", left)
	}
	must(t, s.Rotate(t.Context(), "operator", "phone", ""))
	if all := keys(); len(kids(t, all["operation"])) != 2 || len(kids(t, all["session"])) != 2 {
		t.Errorf("all rotated: %v", all)
	}
	rows, err := s.List(t.Context())
	must(t, err)
	if len(rows) != 4 { // the expired one went with the next rotation
		t.Errorf("%d keys are stored", len(rows))
	}
	if len(told) != 2 || told[0] != "phone" {
		t.Errorf("told: %v", told)
	}
	for name, err := range map[string]error{
		"another instance":   s.Rotate(t.Context(), "operator", "other", ""),
		"another key":        s.Rotate(t.Context(), "operator", "phone", "other"),
		"a key that is gone": s.Revoke(t.Context(), "operator", before[0]),
	} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A key that may have leaked is taken away at once; the one in use only after its successor was made.
func TestRevocation(t *testing.T) {
	t.Parallel()
	s := service(t, pgtest.Open(t), noon())
	first, err := s.Keys(t.Context(), "phone", want)
	must(t, err)
	leaked := kids(t, first["operation"])[0]
	if err := s.Revoke(t.Context(), "operator", leaked); !fault.Is(err, fault.Conflict) {
		t.Errorf("the key in use: %v", err)
	}
	must(t, s.Rotate(t.Context(), "operator", "phone", "operation"))
	must(t, s.Revoke(t.Context(), "operator", leaked))
	now, err := s.Keys(t.Context(), "phone", want)
	must(t, err)
	if left := kids(t, now["operation"]); len(left) != 1 || left[0] == leaked {
		t.Errorf("after a revocation: %v", left)
	}
}

// A plugin that asks for another kind of key gets a new one, and never the old one under another name for it.
func TestKindChanges(t *testing.T) {
	t.Parallel()
	s := service(t, pgtest.Open(t), noon())
	first, err := s.Keys(t.Context(), "phone", want)
	must(t, err)
	now, err := s.Keys(t.Context(), "phone", []sdk.InstanceKey{{Name: "operation", Kind: instancekey.HMAC}})
	must(t, err)
	if got := kids(t, now["operation"]); len(got) != 1 || got[0] == kids(t, first["operation"])[0] {
		t.Errorf("another kind: %v", got)
	}
	if _, err := s.Keys(t.Context(), "phone", []sdk.InstanceKey{{Name: "x", Kind: "RS256"}}); err == nil {
		t.Error("a kind that is not known")
	}
}

// A key sealed for one instance is not handed to another, whatever the table says.
func TestMovedKeyDoesNotOpen(t *testing.T) {
	t.Parallel()
	store := pgtest.Open(t)
	s := service(t, store, noon())
	_, err := s.Keys(t.Context(), "phone", want)
	must(t, err)
	_, err = store.SQL().ExecContext(context.WithoutCancel(t.Context()), "UPDATE instance_key SET instance = 'other'")
	must(t, err)
	if _, err := s.Keys(t.Context(), "other", want); err == nil {
		t.Error("another instance got the key")
	}
}
