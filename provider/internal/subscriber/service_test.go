package subscriber_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

// importer makes credentials of what it gets, refuses "bad" and fails on "down".
type importer struct{}

func (importer) Import(_ context.Context, instance string, in []sdk.ImportInput) ([]sdk.ImportResult, string, error) {
	switch string(in[0].JSON) {
	case `"bad"`:
		return []sdk.ImportResult{{Error: "it is bad"}}, "", nil
	case `"down"`:
		return nil, "", fault.New(fault.Unavailable, "down")
	}
	return []sdk.ImportResult{{Change: sdk.CredentialChange{Kind: sdk.ChangeCreate, Data: in[0].JSON, Label: "mine", Version: 3}}}, "type-of-" + instance, nil
}

// service is on a real store and a real box; forgiven counts the calls.
type service struct {
	*subscriber.Service
	store    *sqlstore.Store
	box      *sealing.Keyring
	forgiven int
}

func newService(t *testing.T) *service {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "varco.db"), AutoMigrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	kek, err := sealing.NewRawKEK(bytes.Repeat([]byte{1}, sealing.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	box, err := sealing.Open(t.Context(), store, kek)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{store: store, box: box}
	s.Service = &subscriber.Service{DB: store, Rows: store, Audit: store, Box: box, Plugins: importer{},
		Forgive: func(context.Context, tx.Q, string) error { s.forgiven++; return nil },
		Now:     func() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }}
	return s
}

// told lists the kinds of the audit events written so far.
func (s *service) told(t *testing.T) (kinds []audit.Kind) {
	t.Helper()
	rows, err := s.store.UnsealedAudit(t.Context(), s.store, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		e, err := audit.Decode(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if e.Actor != "operator:anna" || e.Subject == "" {
			t.Errorf("event %+v names no operator or no subject", e)
		}
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

const actor = "operator:anna"

func TestLifeOfASubscriber(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t), t.Context()
	added, err := s.Add(ctx, actor, subscriber.New{Username: "Anna.Rossi", Aliases: []string{"annar"}, Locale: "it-it",
		Claims: map[string]any{"name": "Anna Rossi"}, Credentials: []subscriber.NewCredential{{Instance: "password", JSON: json.RawMessage(`"secret"`)}}})
	if err != nil {
		t.Fatal(err)
	}
	if added.Locale != "it-IT" || added.Status != subscriber.Active || len(added.ID) != 26 {
		t.Errorf("added %+v", added)
	}
	for _, name := range []string{added.ID, "anna.rossi", "ANNAR", " AnnaR "} {
		if found, err := s.Find(ctx, name); err != nil || found.ID != added.ID {
			t.Errorf("find %q: %v, %v", name, found, err)
		}
	}
	d, err := s.Show(ctx, "annar")
	if err != nil || len(d.Names) != 2 || len(d.Credentials) != 1 {
		t.Fatalf("show: %+v, %v", d, err)
	}
	if c := d.Credentials[0]; c.Sealed != nil || c.Type != "type-of-password" || c.Label != "mine" || c.Version != 3 {
		t.Errorf("credential %+v", c)
	}
	// The secret is sealed, for this credential of this person alone.
	rows, err := s.store.CredentialsOf(ctx, s.store, added.ID)
	if err != nil {
		t.Fatal(err)
	}
	c := rows[0]
	if bytes.Contains(c.Sealed, []byte("secret")) {
		t.Error("the credential is stored in clear")
	}
	if data, err := s.box.Open(sealing.ClassCredential, c.Sealed, "credential", c.ID, c.Instance, c.Subject); err != nil || string(data) != `"secret"` {
		t.Errorf("it opens as %q, %v", data, err)
	}
	if _, err := s.box.Open(sealing.ClassCredential, c.Sealed, "credential", c.ID, c.Instance, "another"); err == nil {
		t.Error("it opens for another person")
	}

	blocked, err := s.Block(ctx, actor, "anna.rossi", "phone stolen")
	if err != nil || blocked.Status != subscriber.Blocked || blocked.BlockedReason != "phone stolen" || s.forgiven != 0 {
		t.Errorf("blocked %+v, %v", blocked, err)
	}
	back, err := s.Unblock(ctx, actor, "anna.rossi", "seen at the branch")
	if err != nil || back.Status != subscriber.Active || back.BlockedReason != "" || s.forgiven != 1 {
		t.Errorf("unblocked %+v, %v, forgiven %d times", back, err, s.forgiven)
	}
	if list, err := s.List(ctx, "", 10); err != nil || len(list) != 1 {
		t.Errorf("list: %v, %v", list, err)
	}
	if list, err := s.List(ctx, added.ID, 10); err != nil || len(list) != 0 {
		t.Errorf("list after the last: %v, %v", list, err)
	}
	if _, err := s.Remove(ctx, actor, "annar"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(ctx, added.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("find a removed one: %v", err)
	}
	want := []audit.Kind{audit.SubscriberAdded, audit.CredentialBound, audit.SubscriberBlocked, audit.SubscriberUnblocked, audit.SubscriberRemoved}
	if got := s.told(t); len(got) != len(want) || got[0] != want[0] || got[4] != want[4] {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t), t.Context()
	if _, err := s.Add(ctx, actor, subscriber.New{Username: "anna"}); err != nil {
		t.Fatal(err)
	}
	credential := func(json string) []subscriber.NewCredential {
		return []subscriber.NewCredential{{Instance: "password", JSON: []byte(json)}}
	}
	for name, tc := range map[string]struct {
		n    subscriber.New
		kind fault.Kind
		text string
	}{
		"no name":       {subscriber.New{}, fault.Invalid, "cannot be a name"},
		"spaces":        {subscriber.New{Username: "two words"}, fault.Invalid, `"two words" cannot be a name`},
		"too long":      {subscriber.New{Username: strings.Repeat("a", 300)}, fault.Invalid, "cannot be a name"},
		"taken":         {subscriber.New{Username: "ANNA"}, fault.Conflict, "one of the names is taken"},
		"taken alias":   {subscriber.New{Username: "maria", Aliases: []string{"Anna"}}, fault.Conflict, "one of the names is taken"},
		"twice":         {subscriber.New{Username: "maria", Aliases: []string{"MARIA"}}, fault.Invalid, "is there twice"},
		"many aliases":  {subscriber.New{Username: "maria", Aliases: make([]string, 17)}, fault.Invalid, "at most 16 aliases"},
		"locale":        {subscriber.New{Username: "maria", Locale: "not a locale"}, fault.Invalid, "BCP 47"},
		"sub":           {subscriber.New{Username: "maria", Claims: map[string]any{"sub": "x"}}, fault.Invalid, "sub is not a claim"},
		"large claims":  {subscriber.New{Username: "maria", Claims: map[string]any{"x": strings.Repeat("y", subscriber.MaxClaims)}}, fault.Invalid, "larger than"},
		"no JSON":       {subscriber.New{Username: "maria", Claims: map[string]any{"x": func() {}}}, fault.Invalid, "not JSON"},
		"bad secret":    {subscriber.New{Username: "maria", Credentials: credential(`"bad"`)}, fault.Invalid, "password: it is bad"},
		"plugin down":   {subscriber.New{Username: "maria", Credentials: credential(`"down"`)}, fault.Unavailable, "plugin password could not take the credential"},
		"invisible one": {subscriber.New{Username: "anna\u200b"}, fault.Invalid, "cannot be a name"},
	} {
		if _, err := s.Add(ctx, actor, tc.n); !fault.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: %v, want %v with %q", name, err, tc.kind, tc.text)
		}
	}
	if list, err := s.List(ctx, "", 10); err != nil || len(list) != 1 {
		t.Errorf("something of the refused ones stayed: %v, %v", list, err)
	}
	if got := s.told(t); len(got) != 1 {
		t.Errorf("what did not happen is on the record: %v", got)
	}
	for _, limit := range []int{0, -1, subscriber.MaxPage + 1} {
		if _, err := s.List(ctx, "", limit); !fault.Is(err, fault.Invalid) {
			t.Errorf("a page of %d: %v", limit, err)
		}
	}
	for _, name := range []string{"nobody", "", "two words"} {
		if _, err := s.Block(ctx, actor, name, "x"); !fault.Is(err, fault.NotFound) {
			t.Errorf("block %q: %v", name, err)
		}
	}
}

// TestUnblockIsWhole: when the failures cannot be forgotten, the subscriber stays blocked.
func TestUnblockIsWhole(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t), t.Context()
	if _, err := s.Add(ctx, actor, subscriber.New{Username: "anna"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Block(ctx, actor, "anna", "x"); err != nil {
		t.Fatal(err)
	}
	s.Forgive = func(context.Context, tx.Q, string) error { return errors.New("no") }
	if _, err := s.Unblock(ctx, actor, "anna", "x"); err == nil {
		t.Error("it went on")
	}
	if found, err := s.Find(ctx, "anna"); err != nil || found.Status != subscriber.Blocked {
		t.Errorf("status %v, %v", found.Status, err)
	}
}
