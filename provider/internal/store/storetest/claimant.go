package storetest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
)

var claimantRules = []rule{
	{"a name brings its subscriber, credentials and counters", claimant},
	{"a name that is nobody's brings counters alone", claimantUnknown},
	{"a handle brings who holds its credential", holder},
}

func claimant(t *testing.T, s store.Store) {
	ctx := t.Context()
	p := enrol(t, s, "anna")
	enrol(t, s, "other")
	later := credential("a", "anna")
	later.CreatedAt = later.CreatedAt.Add(time.Second)
	for _, c := range []subscriber.Credential{later, credential("z", "anna"), credential("b", "other")} {
		check(t, s.InsertCredential(ctx, s, c))
	}
	mine, others, address := throttle.SubjectKey("anna"), throttle.SubjectKey("other"), throttle.AddressKey("192.0.2.1")
	for i, key := range []string{mine, others, address, "b:1", "b:2", "b:3", "b:4", "b:5", "n:name"} {
		check(t, s.PutCounter(ctx, s, throttle.Counter{Key: key, Failures: i + 1, Blocks: i, FailedAt: noon, BlockedUntil: noon.Add(time.Minute)}))
	}

	who, creds, counters, err := s.Claimant(ctx, s, "name-anna", "n:name", address, "b:1", "b:2", "b:3", "b:4")
	check(t, err)
	same(t, who, &p)
	same(t, creds, must(s.CredentialsOf(ctx, s, "anna"))(t))
	same(t, byKey(counters), byKey(must(s.Counters(ctx, s, mine, "n:name", address, "b:1", "b:2", "b:3", "b:4"))(t)))

	who, creds, counters, err = s.Claimant(ctx, s, "name-other", "b:none")
	check(t, err)
	same(t, who.ID, "other")
	same(t, len(creds), 1)
	same(t, counters, must(s.Counters(ctx, s, others))(t))

	_, _, _, err = s.Claimant(ctx, s, "name-anna", "1", "2", "3", "4", "5", "6", "7")
	wantKind(t, err, fault.Invalid, "a key too many")
}

func claimantUnknown(t *testing.T, s store.Store) {
	ctx := t.Context()
	p := person("anna") // without a credential
	retired := nameOf(p, "old")
	retired.Retired = true
	check(t, s.InsertSubscriber(ctx, s, p, []subscriber.Name{nameOf(p, "new"), retired}, nil))
	for _, key := range []string{throttle.SubjectKey("anna"), throttle.SubjectKey(""), "n:name"} {
		check(t, s.PutCounter(ctx, s, throttle.Counter{Key: key, Failures: 1}))
	}
	who, creds, counters, err := s.Claimant(ctx, s, "new")
	check(t, err)
	same(t, who, &p)
	same(t, len(creds), 0)
	same(t, counters, must(s.Counters(ctx, s, throttle.SubjectKey("anna")))(t))
	for _, name := range []string{"old", "nobody", ""} {
		who, creds, counters, err := s.Claimant(ctx, s, name, "n:name", "a:none")
		check(t, err)
		if who != nil || creds != nil {
			t.Errorf("%q is somebody: %+v, %+v", name, who, creds)
		}
		same(t, counters, must(s.Counters(ctx, s, "n:name"))(t))
	}
	_, _, _, err = s.Claimant(ctx, s, "nul\x00")
	wantKind(t, err, fault.Invalid, "text that PostgreSQL refuses")
}

func holder(t *testing.T, s store.Store) {
	ctx := t.Context()
	p := enrol(t, s, "anna")
	enrol(t, s, "other")
	key, twin, other := credential("k", "anna"), credential("a", "anna"), credential("o", "other")
	key.Instance, key.Handle = "passkey", "handle-1"
	twin.Instance, twin.Handle = "security-key", "handle-1" // of another instance, and so another credential
	other.Instance, other.Handle = "passkey", "handle-2"
	for _, c := range []subscriber.Credential{key, twin, other, credential("z", "anna")} {
		check(t, s.InsertCredential(ctx, s, c))
	}
	mine, address := throttle.SubjectKey("anna"), throttle.AddressKey("192.0.2.1")
	for i, k := range []string{mine, throttle.SubjectKey("other"), throttle.SubjectKey(""), address, "n:handle"} {
		check(t, s.PutCounter(ctx, s, throttle.Counter{Key: k, Failures: i + 1, FailedAt: noon}))
	}

	who, creds, counters, err := s.Holder(ctx, s, "passkey", "handle-1", "n:handle", address)
	check(t, err)
	same(t, who, &p)
	same(t, creds, must(s.CredentialsOf(ctx, s, "anna"))(t))
	same(t, byKey(counters), byKey(must(s.Counters(ctx, s, mine, "n:handle", address))(t)))

	for _, at := range [][2]string{{"passkey", "handle-3"}, {"totp", "handle-1"}, {"passkey", ""}} {
		who, creds, counters, err := s.Holder(ctx, s, at[0], at[1], "n:handle")
		check(t, err)
		if who != nil || creds != nil {
			t.Errorf("%v is held by %+v, %+v", at, who, creds)
		}
		same(t, counters, must(s.Counters(ctx, s, "n:handle"))(t))
	}
	_, _, _, err = s.Holder(ctx, s, "passkey", "handle-1", "1", "2", "3", "4", "5", "6", "7")
	wantKind(t, err, fault.Invalid, "a key too many")
}

func byKey(counters []throttle.Counter) []throttle.Counter {
	return slices.SortedFunc(slices.Values(counters), func(a, b throttle.Counter) int { return cmp.Compare(a.Key, b.Key) })
}
