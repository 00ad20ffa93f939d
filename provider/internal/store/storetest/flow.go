package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// begun returns a flow that has just begun.
func begun(id string) login.Flow {
	age := int64(0)
	return login.Flow{
		ID: id,
		Request: login.Request{
			Client: "bank", RedirectURI: "https://bank.test/cb", State: "st&te\x00", Nonce: "n", Scopes: []string{"openid", "email"}, Challenge: "challenge",
			ACRValues: []string{"urn:varco:sca"}, ACREssential: true, Prompt: []string{"login"}, MaxAge: &age, LoginHint: "ànna", UILocales: []string{"it"},
		},
		BrowserHash: []byte{1, 2, 3}, Sealed: []byte("state"), Version: 1, CreatedAt: noon, ExpiresAt: noon.Add(10 * time.Minute),
	}
}

func codeHash(id string) []byte {
	h := sha256.Sum256([]byte("code of " + id))
	return h[:]
}

// done returns what the last step writes over begun(id): a flow of that subscriber and session with a code.
func done(id, subject, session string) login.Flow {
	f := begun(id)
	f.Subject, f.Sealed, f.DoneAt = subject, nil, noon.Add(time.Second)
	f.Outcome = login.Outcome{
		Subject: subject, Session: session, Scopes: []string{"openid"}, Audience: []string{"https://api.bank.test"}, ACR: "urn:varco:sca",
		AMR: []string{"pwd", "otp", "mfa"}, AuthTime: noon, Nonce: "n",
	}
	f.CodeHash, f.CodeExpiresAt = codeHash(id), noon.Add(time.Minute)
	return f
}

var flowRules = []rule{
	{"a flow comes back as written", flowRoundTrip},
	{"a step writes what it may and no more", flowCommit},
	{"a step commits by compare-and-set", flowVersion},
	{"a step commits only if its guard holds", flowGuard},
	{"a guard waits for a failure that is being counted", flowGuardWaits},
	{"expired flows are pruned, at most so many", flowsPruned},
}

func flowRoundTrip(t *testing.T, s store.Store) {
	ctx := t.Context()
	f := begun("f1")
	check(t, s.InsertFlow(ctx, s, f))
	same(t, must(s.Flow(ctx, s, "f1"))(t), &f)
	bare := login.Flow{ID: "f2"}
	check(t, s.InsertFlow(ctx, s, bare))
	same(t, must(s.Flow(ctx, s, "f2"))(t), &bare)
	_, err := s.Flow(ctx, s, "none")
	wantKind(t, err, fault.NotFound, "an unknown flow")
	wantKind(t, s.InsertFlow(ctx, s, f), fault.Conflict, "a flow id that is taken")
}

func flowCommit(t *testing.T, s store.Store) {
	ctx := t.Context()
	check(t, s.InsertFlow(ctx, s, begun("f1")))
	f := done("f1", "anna", "s1")
	f.ExpiresAt = noon.Add(time.Hour)
	want := f
	want.Version = 2
	f.Request, f.BrowserHash, f.CreatedAt, f.RedeemedAt = login.Request{Client: "another"}, []byte{9}, noon.Add(time.Hour), noon
	check(t, s.CommitFlow(ctx, s, f, login.Guard{}))
	same(t, must(s.Flow(ctx, s, "f1"))(t), &want)
}

func flowVersion(t *testing.T, s store.Store) {
	ctx := t.Context()
	f := begun("f1")
	check(t, s.InsertFlow(ctx, s, f))
	check(t, s.CommitFlow(ctx, s, f, login.Guard{}))
	wantKind(t, s.CommitFlow(ctx, s, f, login.Guard{}), fault.Conflict, "an old version")
	wantKind(t, s.CommitFlow(ctx, s, f, login.Guard{Key: "k"}), fault.Conflict, "an old version under a guard that holds")
	f.Version = 2
	check(t, s.CommitFlow(ctx, s, f, login.Guard{}))
	f.ID = "none"
	wantKind(t, s.CommitFlow(ctx, s, f, login.Guard{}), fault.Conflict, "an unknown flow")
}

func flowGuard(t *testing.T, s store.Store) {
	ctx := t.Context()
	commit := func(version int64, g login.Guard) error {
		f := begun("f1")
		f.Version = version
		return s.InTx(ctx, func(q tx.Q) error { return s.CommitFlow(ctx, q, f, g) })
	}
	check(t, s.InsertFlow(ctx, s, begun("f1")))
	wantKind(t, commit(1, login.Guard{Key: "k", Version: 1}), fault.Conflict, "a counter that is not there")
	check(t, commit(1, login.Guard{Key: "k"}))
	check(t, commit(2, login.Guard{Key: "k"}))

	same(t, counter(t, s, "k"), throttle.Counter{Key: "k", FailedAt: begun("f1").CreatedAt, Stored: true}) // a guard counts nothing
	check(t, s.PutCounter(ctx, s, throttle.Counter{Key: "k", Failures: 1}))                                // and is not in the way of the first failure
	wantKind(t, commit(3, login.Guard{Key: "k"}), fault.Conflict, "a counter that is there by now")
	wantKind(t, commit(3, login.Guard{Key: "k", Stored: true}), fault.Conflict, "a counter that moved")
	wantKind(t, commit(2, login.Guard{Key: "k", Version: 1, Stored: true}), fault.Conflict, "a flow that moved")
	check(t, commit(3, login.Guard{Key: "k", Version: 1, Stored: true}))
	check(t, s.PutCounter(ctx, s, throttle.Counter{Key: "k", Failures: 2, Version: 1}))
	wantKind(t, commit(4, login.Guard{Key: "k", Version: 1}), fault.Conflict, "a counter that moved on")
	check(t, commit(4, login.Guard{Key: "k", Version: 2}))
	same(t, must(s.Flow(ctx, s, "f1"))(t).Version, int64(5))
}

// flowGuardWaits is the attack by parallel guesses: the right guess commits while wrong ones are between their count and their
// commit. It must not win against the count it saw before them.
func flowGuardWaits(t *testing.T, s store.Store) {
	for _, first := range []bool{true, false} {
		ctx, key := t.Context(), "k"
		seen := throttle.Counter{Key: key, Failures: 1}
		if !first {
			check(t, s.PutCounter(ctx, s, throttle.Counter{Key: "k2", Failures: 1}))
			key = "k2"
			seen = counter(t, s, key)
		}
		f := begun("flow-" + key)
		check(t, s.InsertFlow(ctx, s, f))
		right := make(chan error, 1)
		check(t, s.InTx(ctx, func(q tx.Q) error {
			wrong := seen
			wrong.Failures++
			if err := s.PutCounter(ctx, q, wrong); err != nil {
				return err
			}
			go func() {
				right <- s.InTx(ctx, func(q tx.Q) error {
					return s.CommitFlow(ctx, q, f, login.Guard{Key: key, Version: seen.Version})
				})
			}()
			select {
			case err := <-right:
				return errors.Join(errors.New("the right guess did not wait"), err)
			case <-time.After(100 * time.Millisecond): // long enough for it to be waiting; if it is not yet, the rule is only easier to keep
				return nil
			}
		}))
		wantKind(t, <-right, fault.Conflict, "a guess made before a failure was counted")
	}
}

func flowsPruned(t *testing.T, s store.Store) {
	ctx := t.Context()
	for i, id := range []string{"a", "b", "c", "d"} {
		f := begun(id)
		f.ExpiresAt = noon.Add(time.Duration(i) * time.Minute)
		check(t, s.InsertFlow(ctx, s, f))
	}
	before := noon.Add(3 * time.Minute)
	same(t, must(s.PruneFlows(ctx, s, before, 2))(t), int64(2))
	same(t, must(s.PruneFlows(ctx, s, before, 2))(t), int64(1))
	same(t, must(s.PruneFlows(ctx, s, before, 2))(t), int64(0))
	_ = must(s.Flow(ctx, s, "d"))(t)
}

// finish stores a finished login of an enrolled subscriber with a session of its own, all named after id.
func finish(ctx context.Context, s store.Store, q tx.Q, id, subject string) error {
	session := sessionOf("session-"+id, subject)
	if err := s.InsertSession(ctx, q, session); err != nil {
		return err
	}
	if err := s.InsertFlow(ctx, q, begun(id)); err != nil {
		return err
	}
	return s.CommitFlow(ctx, q, done(id, subject, session.ID), login.Guard{})
}
