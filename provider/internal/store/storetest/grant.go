package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

func grantOf(id, subject, session string) grant.Grant {
	return grant.Grant{
		ID: id, Client: "bank", Subject: subject, Session: session, Flow: "flow", Scopes: []string{"openid", "offline_access"},
		Audience: []string{"https://api.bank.test"}, ACR: "urn:varco:sca", AMR: []string{"pwd"}, AuthTime: noon, Nonce: "n", Generation: 1,
		CreatedAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
}

// redemption is the right one of the flow of that id.
func redemption(id string) grant.Redemption {
	return grant.Redemption{
		Flow: id, CodeHash: codeHash(id), Client: "bank", RedirectURI: "https://bank.test/cb", Challenge: "challenge", Now: noon.Add(30 * time.Second),
		Grant: grant.Grant{ID: "grant-of-" + id, Generation: 1, CreatedAt: noon.Add(30 * time.Second), ExpiresAt: noon.Add(time.Hour)},
	}
}

// signedIn stores anna, and a finished login of hers.
func signedIn(t *testing.T, s store.Store, id string) {
	t.Helper()
	enrol(t, s, "anna")
	check(t, s.InTx(t.Context(), func(q tx.Q) error { return finish(t.Context(), s, q, id, "anna") }))
}

var grantRules = []rule{
	{"a code gives the grant of its flow, once", redeemOnce},
	{"what does not match does not burn the code", redeemMismatch},
	{"a code of an ended session or a blocked subscriber gives nothing", redeemDead},
	{"a redemption that is rolled back never was", redeemRolledBack},
	{"a code whose grant cannot be stored is not redeemed", redeemTaken},
	{"a replayed code revokes what it gave, a guess nothing", replay},
	{"a grant comes back as written", grantRoundTrip},
	{"a refresh token rotates while its grant lives", rotate},
	{"a grant lives with its session, subscriber and token", live},
	{"an access token is revoked by its jti", accessRevoked},
	{"what a subscriber granted to one relying party is revoked together", revokeOf},
	{"a key is used once", once},
}

func redeemOnce(t *testing.T, s store.Store) {
	ctx := t.Context()
	signedIn(t, s, "f1")
	r := redemption("f1")
	want := r.Grant
	o := done("f1", "anna", "session-f1").Outcome
	want.Client, want.Flow, want.Subject, want.Session, want.Scopes, want.Audience = "bank", "f1", o.Subject, o.Session, o.Scopes, o.Audience
	want.ACR, want.AMR, want.AuthTime, want.Nonce = o.ACR, o.AMR, o.AuthTime, o.Nonce
	same(t, must(s.Redeem(ctx, s, r))(t), &want)
	same(t, must(s.Grant(ctx, s, want.ID))(t), &want)
	same(t, must(s.Flow(ctx, s, "f1"))(t).RedeemedAt, r.Now.UTC())
	r.Grant.ID = "another"
	_, err := s.Redeem(ctx, s, r)
	wantKind(t, err, fault.NotFound, "a code that was redeemed")
	_, err = s.Grant(ctx, s, "another")
	wantKind(t, err, fault.NotFound, "the grant of the second redemption")
}

func redeemMismatch(t *testing.T, s store.Store) {
	ctx := t.Context()
	signedIn(t, s, "f1")
	check(t, s.InsertFlow(ctx, s, begun("unfinished")))
	for what, spoil := range map[string]func(*grant.Redemption){
		"another flow":        func(r *grant.Redemption) { r.Flow = "none" },
		"another code":        func(r *grant.Redemption) { r.CodeHash = codeHash("f2") },
		"no code":             func(r *grant.Redemption) { r.CodeHash = nil },
		"a flow without code": func(r *grant.Redemption) { r.Flow, r.CodeHash = "unfinished", nil },
		"another client":      func(r *grant.Redemption) { r.Client = "thief" },
		"another redirect":    func(r *grant.Redemption) { r.RedirectURI = "https://bank.test/cb/" },
		"no redirect":         func(r *grant.Redemption) { r.RedirectURI = "" },
		"another verifier":    func(r *grant.Redemption) { r.Challenge = "Challenge" },
		"no verifier":         func(r *grant.Redemption) { r.Challenge = "" },
		"too late":            func(r *grant.Redemption) { r.Now = noon.Add(time.Minute) },
	} {
		r := redemption("f1")
		spoil(&r)
		_, err := s.Redeem(ctx, s, r)
		wantKind(t, err, fault.NotFound, what)
		if hit, err := s.CodeReplayed(ctx, s, r.Flow, r.CodeHash, r.Now); hit || err != nil {
			t.Errorf("%s: taken for a replay: %v, %v", what, hit, err)
		}
	}
	_ = must(s.Redeem(ctx, s, redemption("f1")))(t)
}

func redeemDead(t *testing.T, s store.Store) {
	ctx := t.Context()
	signedIn(t, s, "f1")
	check(t, s.SetStatus(ctx, s, "anna", subscriber.Blocked, "stolen", noon, 1))
	_, err := s.Redeem(ctx, s, redemption("f1"))
	wantKind(t, err, fault.NotFound, "a blocked subscriber")
	check(t, s.SetStatus(ctx, s, "anna", subscriber.Active, "", noon, 2))
	check(t, s.EndSession(ctx, s, "session-f1", noon))
	_, err = s.Redeem(ctx, s, redemption("f1"))
	wantKind(t, err, fault.NotFound, "an ended session")
}

func redeemRolledBack(t *testing.T, s store.Store) {
	ctx := t.Context()
	signedIn(t, s, "f1")
	changedMind := errors.New("no")
	err := s.InTx(ctx, func(q tx.Q) error {
		_ = must(s.Redeem(ctx, q, redemption("f1")))(t)
		return changedMind
	})
	if !errors.Is(err, changedMind) {
		t.Fatal(err)
	}
	_, err = s.Grant(ctx, s, "grant-of-f1")
	wantKind(t, err, fault.NotFound, "the grant that was rolled back")
	_ = must(s.Redeem(ctx, s, redemption("f1")))(t)
}

func replay(t *testing.T, s store.Store) {
	ctx := t.Context()
	signedIn(t, s, "f1")
	at := noon.Add(time.Minute)
	same(t, must(s.CodeReplayed(ctx, s, "f1", codeHash("f1"), at))(t), false) // not redeemed yet
	_ = must(s.Redeem(ctx, s, redemption("f1")))(t)
	same(t, must(s.CodeReplayed(ctx, s, "f1", codeHash("guess"), at))(t), false)
	same(t, must(s.CodeReplayed(ctx, s, "f1", nil, at))(t), false)
	same(t, must(s.Grant(ctx, s, "grant-of-f1"))(t).RevokedAt, time.Time{})
	same(t, must(s.CodeReplayed(ctx, s, "f1", codeHash("f1"), at))(t), true)
	same(t, must(s.CodeReplayed(ctx, s, "f1", codeHash("f1"), at.Add(time.Hour)))(t), true)
	same(t, must(s.Grant(ctx, s, "grant-of-f1"))(t).RevokedAt, at)
}

func grantRoundTrip(t *testing.T, s store.Store) {
	ctx := t.Context()
	g := grantOf("g1", "", "")
	g.Offline = true
	check(t, s.InsertGrant(ctx, s, g))
	same(t, must(s.Grant(ctx, s, "g1"))(t), &g)
	bare := grant.Grant{ID: "g2"}
	check(t, s.InsertGrant(ctx, s, bare))
	same(t, must(s.Grant(ctx, s, "g2"))(t), &bare)
	_, err := s.Grant(ctx, s, "none")
	wantKind(t, err, fault.NotFound, "an unknown grant")
	wantKind(t, s.InsertGrant(ctx, s, g), fault.Conflict, "a grant id that is taken")
	undone(t, s, "a grant id that is taken", func(q tx.Q) error { return s.InsertGrant(ctx, q, g) })
	same(t, must(s.Grant(ctx, s, "g1"))(t), &g)
}

// redeemTaken: a code whose grant could not be stored was not redeemed.
func redeemTaken(t *testing.T, s store.Store) {
	ctx := t.Context()
	signedIn(t, s, "f1")
	check(t, s.InsertGrant(ctx, s, grant.Grant{ID: "grant-of-f1"}))
	_, err := s.Redeem(ctx, s, redemption("f1"))
	wantKind(t, err, fault.Conflict, "a grant id that is taken")
	r := redemption("f1")
	r.Grant.ID = "another"
	_ = must(s.Redeem(ctx, s, r))(t)
}

func rotate(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	check(t, s.InsertSession(ctx, s, sessionOf("s1", "anna")))
	check(t, s.InsertSession(ctx, s, sessionOf("s2", "anna")))
	offline := grantOf("offline", "anna", "s2")
	offline.Offline = true
	endless := grantOf("endless", "", "")
	endless.ExpiresAt = time.Time{}
	for _, g := range []grant.Grant{grantOf("g1", "anna", "s1"), grantOf("ended", "anna", "s2"), offline, endless, grantOf("revoked", "anna", "s1"), grantOf("orphan", "nobody", "s1")} {
		check(t, s.InsertGrant(ctx, s, g))
	}
	check(t, s.EndSession(ctx, s, "s2", noon))
	check(t, s.Revoke(ctx, s, "revoked", noon))

	want := grantOf("g1", "anna", "s1")
	want.Generation = 2
	same(t, must(s.Rotate(ctx, s, "g1", "bank", 1, noon))(t), &want)
	for _, id := range []string{"offline", "endless"} {
		_ = must(s.Rotate(ctx, s, id, "bank", 1, noon))(t)
	}
	for what, try := range map[string]func() (*grant.Grant, error){
		"an old generation":    func() (*grant.Grant, error) { return s.Rotate(ctx, s, "g1", "bank", 1, noon) },
		"a later generation":   func() (*grant.Grant, error) { return s.Rotate(ctx, s, "g1", "bank", 3, noon) },
		"another client":       func() (*grant.Grant, error) { return s.Rotate(ctx, s, "g1", "thief", 2, noon) },
		"an expired grant":     func() (*grant.Grant, error) { return s.Rotate(ctx, s, "g1", "bank", 2, noon.Add(time.Hour)) },
		"an unknown grant":     func() (*grant.Grant, error) { return s.Rotate(ctx, s, "none", "bank", 1, noon) },
		"a revoked grant":      func() (*grant.Grant, error) { return s.Rotate(ctx, s, "revoked", "bank", 1, noon) },
		"an ended session":     func() (*grant.Grant, error) { return s.Rotate(ctx, s, "ended", "bank", 1, noon) },
		"a removed subscriber": func() (*grant.Grant, error) { return s.Rotate(ctx, s, "orphan", "bank", 1, noon) },
	} {
		_, err := try()
		wantKind(t, err, fault.Conflict, what)
	}
	check(t, s.SetStatus(ctx, s, "anna", subscriber.Blocked, "", noon, 1))
	_, err := s.Rotate(ctx, s, "offline", "bank", 2, noon)
	wantKind(t, err, fault.Conflict, "a blocked subscriber")
}

func live(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	enrol(t, s, "blocked")
	check(t, s.SetStatus(ctx, s, "blocked", subscriber.Blocked, "", noon, 1))
	over := sessionOf("over", "anna")
	over.ExpiresAt = noon
	for _, v := range []string{"s1", "ended"} {
		check(t, s.InsertSession(ctx, s, sessionOf(v, "anna")))
	}
	check(t, s.InsertSession(ctx, s, over))
	check(t, s.EndSession(ctx, s, "ended", noon.Add(-time.Minute)))
	check(t, s.RevokeAccess(ctx, s, "bad-jti", noon.Add(time.Hour)))

	offline := func(g grant.Grant) grant.Grant { g.Offline = true; return g }
	expires := func(g grant.Grant, at time.Time) grant.Grant { g.ExpiresAt = at; return g }
	for _, c := range []struct {
		g         grant.Grant
		jti       string
		live      bool
		revokedAt time.Time
	}{
		{g: grantOf("good", "anna", "s1"), jti: "jti", live: true},
		{g: grantOf("machine", "", ""), jti: "jti", live: true},
		{g: expires(grantOf("endless", "anna", "s1"), time.Time{}), live: true},
		{g: offline(grantOf("offline", "anna", "ended")), live: true},
		{g: offline(grantOf("offline of a session that is gone", "anna", "gone")), live: true},
		{g: grantOf("token revoked", "anna", "s1"), jti: "bad-jti"},
		{g: expires(grantOf("expired", "anna", "s1"), noon)},
		{g: grantOf("session ended", "anna", "ended"), revokedAt: noon.Add(-time.Minute)},
		{g: grantOf("session over", "anna", "over")},
		{g: grantOf("session gone", "anna", "gone"), revokedAt: noon},
		{g: grantOf("subscriber blocked", "blocked", "s1")},
		{g: offline(grantOf("subscriber gone", "nobody", ""))},
	} {
		check(t, s.InsertGrant(ctx, s, c.g))
		want := c.g
		want.RevokedAt = c.revokedAt
		got, isLive, err := s.Live(ctx, s, c.g.ID, c.jti, noon)
		check(t, err)
		same(t, got, told(t, s, want))
		if isLive != c.live {
			t.Errorf("%s: live is %v", c.g.ID, isLive)
		}
		same(t, must(s.Grant(ctx, s, c.g.ID))(t), &want)
	}
	check(t, s.Revoke(ctx, s, "good", noon))
	check(t, s.Revoke(ctx, s, "good", noon.Add(time.Hour)))
	check(t, s.Revoke(ctx, s, "none", noon))
	got, isLive, err := s.Live(ctx, s, "good", "", noon)
	check(t, err)
	if isLive || !got.RevokedAt.Equal(noon) {
		t.Errorf("after revoking twice: live %v, revoked at %v", isLive, got.RevokedAt)
	}
	_, _, err = s.Live(ctx, s, "none", "", noon)
	wantKind(t, err, fault.NotFound, "an unknown grant")
}

// told is g with what the store keeps of its subscriber.
func told(t *testing.T, s store.Store, g grant.Grant) *grant.LiveGrant {
	t.Helper()
	p, err := s.SubscriberByID(t.Context(), s, g.Subject)
	if fault.Is(err, fault.NotFound) {
		return &grant.LiveGrant{Grant: g}
	}
	check(t, err)
	return &grant.LiveGrant{Grant: g, Claims: p.Claims, Locale: p.Locale, UpdatedAt: p.UpdatedAt}
}

func revokeOf(t *testing.T, s store.Store) {
	ctx := t.Context()
	for id, change := range map[string]func(*grant.Grant){
		"hit": func(*grant.Grant) {}, "hit-too": func(g *grant.Grant) { g.Offline = true },
		"other-client": func(g *grant.Grant) { g.Client = "other" }, "other-subject": func(g *grant.Grant) { g.Subject = "other" },
		"machine": func(g *grant.Grant) { g.Subject = "" },
	} {
		g := grantOf(id, "sub-1", "")
		change(&g)
		check(t, s.InsertGrant(ctx, s, g))
	}
	check(t, s.RevokeOf(ctx, s, "sub-1", grantOf("", "", "").Client, noon))
	check(t, s.RevokeOf(ctx, s, "", grantOf("", "", "").Client, noon)) // nobody granted it
	for id, revoked := range map[string]bool{"hit": true, "hit-too": true, "other-client": false, "other-subject": false, "machine": false} {
		if got := must(s.Grant(ctx, s, id))(t); got.RevokedAt.IsZero() == revoked {
			t.Errorf("%s: revoked at %v", id, got.RevokedAt)
		}
	}
}

func accessRevoked(t *testing.T, s store.Store) {
	ctx := t.Context()
	same(t, must(s.AccessRevoked(ctx, s, "jti"))(t), false)
	check(t, s.RevokeAccess(ctx, s, "jti", noon))
	check(t, s.RevokeAccess(ctx, s, "jti", noon))
	same(t, must(s.AccessRevoked(ctx, s, "jti"))(t), true)
	same(t, must(s.AccessRevoked(ctx, s, "other"))(t), false)
}

func once(t *testing.T, s store.Store) {
	ctx := t.Context()
	check(t, s.Once(ctx, s, "k", noon))
	check(t, s.InTx(ctx, func(q tx.Q) error {
		wantKind(t, s.Once(ctx, q, "k", noon), fault.Conflict, "a key that was used")
		return s.Once(ctx, q, "other", noon) // the transaction goes on
	}))
	wantKind(t, s.Once(ctx, s, "other", noon), fault.Conflict, "a key used in a transaction")
}
