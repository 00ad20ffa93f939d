package storetest

import (
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/tx"
)

func sessionOf(id, subject string) session.Session {
	return session.Session{
		ID: id, Subject: subject, Proofs: []session.Proof{{Method: "password", Factors: []string{"knowledge"}, AMR: []string{"pwd"}, At: noon}},
		AuthTime: noon, CreatedAt: noon, LastSeenAt: noon, ExpiresAt: noon.Add(8 * time.Hour), Browser: "Firefox", Address: "192.0.2.1", Version: 1,
	}
}

var sessionRules = []rule{
	{"a session comes back as written", sessionRoundTrip},
	{"a session is updated by compare-and-set", sessionUpdate},
	{"an ended session stays ended", sessionEnd},
	{"the sessions of a subscriber are those alive", sessionsOf},
}

func sessionRoundTrip(t *testing.T, s store.Store) {
	ctx := t.Context()
	want := sessionOf("s1", "anna")
	check(t, s.InsertSession(ctx, s, want))
	same(t, must(s.Session(ctx, s, "s1"))(t), &want)
	bare := session.Session{ID: "s2"}
	check(t, s.InsertSession(ctx, s, bare))
	same(t, must(s.Session(ctx, s, "s2"))(t), &bare)
	_, err := s.Session(ctx, s, "none")
	wantKind(t, err, fault.NotFound, "an unknown session")
	wantKind(t, s.InsertSession(ctx, s, want), fault.Conflict, "a session id that is taken")
	theirs := sessionOf("s1", "mallory")
	undone(t, s, "a session id that is taken", func(q tx.Q) error { return s.InsertSession(ctx, q, theirs) })
	same(t, must(s.Session(ctx, s, "s1"))(t), &want)
}

func sessionUpdate(t *testing.T, s store.Store) {
	ctx := t.Context()
	v := sessionOf("s1", "anna")
	check(t, s.InsertSession(ctx, s, v))
	v.Proofs, v.AuthTime, v.LastSeenAt = append(v.Proofs, session.Proof{Method: "totp", At: noon}), noon.Add(time.Minute), noon.Add(time.Hour)
	check(t, s.UpdateSession(ctx, s, v))
	want := v
	want.Version = 2
	same(t, must(s.Session(ctx, s, "s1"))(t), &want)
	wantKind(t, s.UpdateSession(ctx, s, v), fault.Conflict, "an old version")
}

func sessionEnd(t *testing.T, s store.Store) {
	ctx := t.Context()
	v := sessionOf("s1", "anna")
	check(t, s.InsertSession(ctx, s, v))
	check(t, s.EndSession(ctx, s, "s1", noon.Add(time.Hour)))
	check(t, s.EndSession(ctx, s, "s1", noon.Add(2*time.Hour)))
	check(t, s.EndSession(ctx, s, "none", noon))
	got := must(s.Session(ctx, s, "s1"))(t)
	if !got.EndedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("ended at %v, want the first time", got.EndedAt)
	}
	wantKind(t, s.UpdateSession(ctx, s, v), fault.Conflict, "a step that began before the end")
	wantKind(t, s.UpdateSession(ctx, s, *got), fault.Conflict, "an update of an ended session")
}

func sessionsOf(t *testing.T, s store.Store) {
	ctx := t.Context()
	old, recent, over, ended := sessionOf("old", "anna"), sessionOf("recent", "anna"), sessionOf("over", "anna"), sessionOf("ended", "anna")
	recent.LastSeenAt = noon.Add(time.Minute)
	over.ExpiresAt = noon
	for _, v := range []session.Session{old, recent, over, ended, sessionOf("other", "bruno")} {
		check(t, s.InsertSession(ctx, s, v))
	}
	check(t, s.EndSession(ctx, s, "ended", noon))
	same(t, must(s.SessionsOf(ctx, s, "anna", noon))(t), []session.Session{recent, old})
	check(t, s.EndSessionsOf(ctx, s, "anna", noon.Add(time.Hour)))
	same(t, len(must(s.SessionsOf(ctx, s, "anna", noon))(t)), 0)
	same(t, must(s.Session(ctx, s, "old"))(t).EndedAt, noon.Add(time.Hour))
	same(t, must(s.Session(ctx, s, "ended"))(t).EndedAt, noon)
	same(t, len(must(s.SessionsOf(ctx, s, "bruno", noon))(t)), 1)
}
