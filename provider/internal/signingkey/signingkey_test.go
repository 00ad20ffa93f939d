package signingkey_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/signingkey"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
)

type env struct {
	*testing.T
	store  *sqlstore.Store
	box    sealing.Box
	offset atomic.Int64
}

func newEnv(t *testing.T) *env {
	t.Helper()
	t.Parallel()
	e := &env{T: t}
	var err error
	e.store, err = sqlstore.Open(t.Context(), sqlstore.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "varco.db"), AutoMigrate: true, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { _ = e.store.Close() })
	kek, err := sealing.NewRawKEK(make([]byte, sealing.KEKSize))
	must(t, err)
	e.box, err = sealing.Open(t.Context(), e.store, kek)
	must(t, err)
	return e
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (e *env) now() time.Time          { return time.Now().Add(time.Duration(e.offset.Load())) }
func (e *env) advance(d time.Duration) { e.offset.Add(int64(d)) }

// replica is a service of its own on the same store.
func (e *env) replica(algs ...string) *signingkey.Service {
	e.Helper()
	if algs == nil {
		algs = []string{signingkey.ES256}
	}
	s, err := signingkey.New(signingkey.Options{DB: e.store, Store: e.store, Box: e.box, Audit: e.store, Now: e.now, Algs: algs, Log: slog.New(slog.DiscardHandler)})
	must(e.T, err)
	return s
}

// published lists the kids in the key set, sorted.
func (e *env) published(s *signingkey.Service) []string {
	e.Helper()
	set, err := s.Keys(e.Context())
	must(e.T, err)
	var jwks jose.JSONWebKeySet
	must(e.T, json.Unmarshal(set.JWKS, &jwks))
	var kids []string
	for _, k := range jwks.Keys {
		if !k.IsPublic() || !k.Valid() {
			e.Errorf("key %s is not a public key", k.KeyID)
		}
		if set.Key(k.KeyID) == nil {
			e.Errorf("key %s is published and not believed", k.KeyID)
		}
		kids = append(kids, k.KeyID)
	}
	slices.Sort(kids)
	return kids
}

func (e *env) signs(s *signingkey.Service) string {
	e.Helper()
	k, err := s.Signer(e.Context(), signingkey.ES256)
	must(e.T, err)
	return k.KeyID
}

func TestFirstKeysSignAtOnce(t *testing.T) {
	e := newEnv(t)
	s := e.replica(signingkey.ES256, signingkey.RS256)
	if _, err := s.Signer(t.Context(), signingkey.ES256); !fault.Is(err, fault.Unavailable) {
		t.Errorf("before there is a key: %v", err)
	}
	must(t, s.Maintain(t.Context()))
	for _, alg := range []string{signingkey.ES256, signingkey.RS256} {
		k, err := s.Signer(t.Context(), alg)
		must(t, err)
		for _, typ := range []signingkey.Type{signingkey.TypeJWT, signingkey.TypeAccessToken} {
			token, err := k.Sign(typ, []byte(`{"a":1}`))
			must(t, err)
			jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
			must(t, err)
			set, err := s.Keys(t.Context())
			must(t, err)
			head := jws.Signatures[0].Protected
			if head.ExtraHeaders[jose.HeaderType] != string(typ) || head.KeyID != k.KeyID {
				t.Errorf("header %+v", head)
			}
			if got, err := jws.Verify(set.Key(k.KeyID)); err != nil || string(got) != `{"a":1}` {
				t.Errorf("%s: %s %v", alg, got, err)
			}
		}
		if _, err := k.Sign("other", nil); err == nil {
			t.Error("signed a type nobody knows")
		}
	}
	if n := len(e.published(s)); n != 2 {
		t.Errorf("%d keys", n)
	}
}

// A dump of the database holds no private key.
func TestPrivateKeysAreSealed(t *testing.T) {
	e := newEnv(t)
	must(t, e.replica(signingkey.ES256, signingkey.RS256).Maintain(t.Context()))
	rows, err := e.store.SigningKeys(t.Context(), e.store)
	must(t, err)
	for _, r := range rows {
		if bytes.Contains(r.Sealed, []byte(`"d"`)) || bytes.Contains(r.PublicJWK, []byte(`"d"`)) {
			t.Error("a private key lies open")
		}
		if _, err := e.box.Open(sealing.ClassSigningKey, r.Sealed, "signing_key", "other"); err == nil {
			t.Error("a sealed key opens in another's place")
		}
	}
}

// The life of a key: published before it signs, signs until its successor does, published until what it signed is over.
func TestScheduledRotation(t *testing.T) {
	const day = 24 * time.Hour
	e := newEnv(t)
	s := e.replica()
	maintain := func() { t.Helper(); must(t, s.Maintain(t.Context())) }
	maintain()
	first := e.signs(s)
	e.advance(88 * day)
	maintain()
	if got := e.published(s); len(got) != 1 {
		t.Fatalf("rotated early: %v", got)
	}
	e.advance(day + time.Hour)
	maintain()
	maintain() // once is enough
	if got := e.published(s); len(got) != 2 || !slices.Contains(got, first) {
		t.Fatalf("published %v", got)
	}
	if e.signs(s) != first {
		t.Error("the new key signs before relying parties can know it")
	}
	e.advance(day)
	second := e.signs(s) // by the clock alone: nothing was maintained
	if second == first {
		t.Error("the old key still signs")
	}
	if got := e.published(s); len(got) != 2 {
		t.Errorf("the old key went too early: %v", got)
	}
	e.advance(30*day + time.Hour)
	if got := e.published(s); len(got) != 1 || got[0] != second {
		t.Errorf("published %v", got)
	}
	maintain()
	rows, err := e.store.SigningKeys(t.Context(), e.store)
	must(t, err)
	if len(rows) != 1 {
		t.Errorf("%d rows are kept", len(rows))
	}
	e.wantEvents("key.created key.activated key.created key.retired key.removed")
}

func (e *env) wantEvents(want string) {
	e.Helper()
	rows, err := e.store.UnsealedAudit(e.Context(), e.store, 100)
	must(e.T, err)
	var kinds []string
	for _, r := range rows {
		var m struct{ Kind string }
		must(e.T, json.Unmarshal(r.Body, &m))
		kinds = append(kinds, m.Kind)
	}
	if got := strings.Join(kinds, " "); got != want {
		e.Errorf("events %s, want %s", got, want)
	}
}

// Replicas that start, or rotate, at the same moment agree on one key.
func TestReplicasAgree(t *testing.T) {
	e := newEnv(t)
	const n = 6
	replicas := make([]*signingkey.Service, n)
	for i := range replicas {
		replicas[i] = e.replica()
	}
	together := func(f func(*signingkey.Service) error) {
		t.Helper()
		var wg sync.WaitGroup
		errs := make([]error, n)
		for i, s := range replicas {
			wg.Go(func() { errs[i] = f(s) })
		}
		wg.Wait()
		for _, err := range errs {
			must(t, err)
		}
	}
	maintain := func(s *signingkey.Service) error { return s.Maintain(t.Context()) }
	together(maintain)
	for _, s := range replicas {
		if got := e.published(s); len(got) != 1 || e.signs(s) != e.signs(replicas[0]) {
			t.Fatalf("published %v", got)
		}
	}
	e.advance(90 * 24 * time.Hour)
	together(maintain)
	rows, err := e.store.SigningKeys(t.Context(), e.store)
	must(t, err)
	if len(rows) != 2 {
		t.Errorf("%d keys", len(rows))
	}
}

func TestRotationByCommand(t *testing.T) {
	e := newEnv(t)
	s, other := e.replica(), e.replica()
	must(t, s.Maintain(t.Context()))
	first := e.signs(other) // the other replica has the old set in memory
	must(t, s.Rotate(t.Context(), "operator", signingkey.ES256, false))
	if e.signs(s) != first || len(e.published(s)) != 2 {
		t.Error("a rotation on schedule signs before its time")
	}
	must(t, s.Rotate(t.Context(), "operator", signingkey.ES256, true))
	if e.signs(s) != first {
		t.Error("signs before the other replica can have published it")
	}
	e.advance(15 * time.Second)
	second := e.signs(s)
	if second == first || !slices.Contains(e.published(other), second) {
		t.Errorf("%s does not sign, or is not published by all", second)
	}
	e.advance(15 * time.Second)
	if e.signs(other) != second {
		t.Error("the replicas sign with different keys for longer than the TTL")
	}
	e.advance(25 * time.Hour) // the key that was to follow on schedule never takes over
	if e.signs(s) != second {
		t.Error("an overtaken key signs")
	}
}

func TestRevocation(t *testing.T) {
	e := newEnv(t)
	s := e.replica()
	must(t, s.Maintain(t.Context()))
	first := e.signs(s)
	if err := s.Revoke(t.Context(), "operator", first); !fault.Is(err, fault.Conflict) {
		t.Errorf("revoking the only key: %v", err)
	}
	if err := s.Revoke(t.Context(), "operator", "nothing"); !fault.Is(err, fault.NotFound) {
		t.Errorf("revoking what is not there: %v", err)
	}
	must(t, s.Rotate(t.Context(), "operator", signingkey.ES256, true))
	e.advance(15 * time.Second)
	must(t, s.Revoke(t.Context(), "operator", first))
	if got := e.published(s); slices.Contains(got, first) || len(got) != 1 {
		t.Errorf("published %v", got)
	}
}

func TestChangesAreTold(t *testing.T) {
	e := newEnv(t)
	told := 0
	s, err := signingkey.New(signingkey.Options{DB: e.store, Store: e.store, Box: e.box, Audit: e.store, Now: e.now, Algs: []string{"ES256"}, Changed: func() { told++ }})
	must(t, err)
	must(t, s.Maintain(t.Context()))
	must(t, s.Maintain(t.Context()))
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

func TestOutageKeepsWhatIsInMemoryForTheTTL(t *testing.T) {
	e := newEnv(t)
	s := e.replica()
	must(t, s.Maintain(t.Context()))
	e.signs(s)
	slow, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := s.Signer(slow, signingkey.ES256); err != nil {
		t.Errorf("within the TTL: %v", err)
	}
	e.advance(time.Minute)
	if _, err := s.Signer(slow, signingkey.ES256); !fault.Is(err, fault.Unavailable) {
		t.Errorf("beyond the TTL: %v", err)
	}
	e.signs(s) // it recovers
}

func TestRunMaintainsUntilTheEnd(t *testing.T) {
	e := newEnv(t)
	s := e.replica()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	for {
		if _, err := s.Signer(t.Context(), signingkey.ES256); err == nil {
			break
		}
		s.Invalidate()
		time.Sleep(time.Millisecond)
	}
	cancel()
	must(t, <-done)
}

func TestOptionsAreChecked(t *testing.T) {
	e := newEnv(t)
	good := signingkey.Options{DB: e.store, Store: e.store, Box: e.box, Audit: e.store}
	for i, change := range []func(*signingkey.Options){
		func(o *signingkey.Options) { o.Box = nil },
		func(o *signingkey.Options) { o.Algs = []string{"HS256"} },
		func(o *signingkey.Options) { o.Interval, o.Lead = time.Hour, time.Hour },
	} {
		o := good
		change(&o)
		if _, err := signingkey.New(o); err == nil {
			t.Error(fmt.Sprint(i), "was accepted")
		}
	}
	list, err := e.replica().List(t.Context())
	if err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}
