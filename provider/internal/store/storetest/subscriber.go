package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

// person returns a subscriber whose sub is the name.
func person(name string) subscriber.Subscriber {
	return subscriber.Subscriber{
		ID: name, Status: subscriber.Active, Locale: "it-IT", Claims: json.RawMessage(`{"name":"Ànna \"N.\"","email_verified":true}`),
		Version: 1, CreatedAt: noon, UpdatedAt: noon.Add(time.Second),
	}
}

func nameOf(p subscriber.Subscriber, folded string) subscriber.Name {
	return subscriber.Name{Folded: folded, Shown: "Shown " + folded, Subject: p.ID, Kind: subscriber.NameUsername}
}

// enrol stores an active subscriber and returns it.
func enrol(t *testing.T, s store.Store, name string) subscriber.Subscriber {
	t.Helper()
	p := person(name)
	check(t, s.InsertSubscriber(t.Context(), s, p, []subscriber.Name{nameOf(p, "name-"+name)}, nil))
	return p
}

var subscriberRules = []rule{
	{"a subscriber comes back as written", subscriberRoundTrip},
	{"a name that is taken stores nothing at all", subscriberNameTaken},
	{"a retired name signs nobody in", subscriberRetiredName},
	{"a status is set by compare-and-set", subscriberStatus},
	{"subscribers page by id", subscriberPages},
	{"a removed subscriber leaves only retired names", subscriberRemoved},
	{"text that PostgreSQL refuses is invalid", subscriberBadText},
}

func subscriberRoundTrip(t *testing.T, s store.Store) {
	ctx := t.Context()
	want := person("anna")
	names := []subscriber.Name{nameOf(want, "anna"), {Folded: "b'nina", Shown: "B'Nina 😀", Subject: "anna", Kind: subscriber.NameAlias}}
	check(t, s.InsertSubscriber(ctx, s, want, names, []subscriber.Credential{credential("c1", "anna")}))
	same(t, must(s.SubscriberByID(ctx, s, "anna"))(t), &want)
	same(t, must(s.SubscriberByName(ctx, s, "b'nina"))(t), &want)
	same(t, must(s.NamesOf(ctx, s, "anna"))(t), names)
	same(t, len(must(s.CredentialsOf(ctx, s, "anna"))(t)), 1)

	bare := subscriber.Subscriber{ID: "bare", Status: subscriber.Active}
	check(t, s.InsertSubscriber(ctx, s, bare, nil, nil))
	same(t, must(s.SubscriberByID(ctx, s, "bare"))(t), &bare)

	_, err := s.SubscriberByID(ctx, s, "nobody")
	wantKind(t, err, fault.NotFound, "an unknown sub")
	_, err = s.SubscriberByName(ctx, s, "nobody")
	wantKind(t, err, fault.NotFound, "an unknown name")
	wantKind(t, s.InsertSubscriber(ctx, s, want, nil, nil), fault.Conflict, "the same sub again")
}

func subscriberNameTaken(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	other := person("other")
	err := s.InsertSubscriber(ctx, s, other, []subscriber.Name{nameOf(other, "free"), nameOf(other, "name-anna")}, nil)
	wantKind(t, err, fault.Conflict, "a name that is taken")
	_, err = s.SubscriberByID(ctx, s, "other")
	wantKind(t, err, fault.NotFound, "the subscriber whose name was taken")
	_, err = s.SubscriberByName(ctx, s, "free")
	wantKind(t, err, fault.NotFound, "the name that was free")
}

func subscriberRetiredName(t *testing.T, s store.Store) {
	ctx := t.Context()
	p := person("anna")
	retired := nameOf(p, "old")
	retired.Kind, retired.Retired = subscriber.NameLegacy, true
	check(t, s.InsertSubscriber(ctx, s, p, []subscriber.Name{retired}, nil))
	_, err := s.SubscriberByName(ctx, s, "old")
	wantKind(t, err, fault.NotFound, "a retired name")
	same(t, must(s.NamesOf(ctx, s, "anna"))(t), []subscriber.Name{retired})
}

func subscriberStatus(t *testing.T, s store.Store) {
	ctx := t.Context()
	p := enrol(t, s, "anna")
	at := noon.Add(time.Hour)
	check(t, s.SetStatus(ctx, s, "anna", subscriber.Blocked, "lost phone", at, p.Version))
	got := must(s.SubscriberByID(ctx, s, "anna"))(t)
	if got.Status != subscriber.Blocked || got.BlockedReason != "lost phone" || got.Version != p.Version+1 || !got.UpdatedAt.Equal(at) {
		t.Errorf("after blocking: %+v", got)
	}
	wantKind(t, s.SetStatus(ctx, s, "anna", subscriber.Active, "", at, p.Version), fault.Conflict, "an old version")
	wantKind(t, s.SetStatus(ctx, s, "nobody", subscriber.Active, "", at, 1), fault.NotFound, "an unknown sub")
}

func subscriberPages(t *testing.T, s store.Store) {
	ctx := t.Context()
	for i := range 5 {
		enrol(t, s, fmt.Sprintf("p%d", i))
	}
	var seen []string
	for after := ""; ; {
		page := must(s.ListSubscribers(ctx, s, after, 2))(t)
		if len(page) == 0 {
			break
		}
		for _, p := range page {
			seen = append(seen, p.ID)
		}
		after = page[len(page)-1].ID
	}
	same(t, seen, []string{"p0", "p1", "p2", "p3", "p4"})
}

func subscriberRemoved(t *testing.T, s store.Store) {
	ctx := t.Context()
	p := enrol(t, s, "anna")
	check(t, s.InsertCredential(ctx, s, credential("c1", "anna")))
	check(t, s.InsertSession(ctx, s, sessionOf("s1", "anna")))
	check(t, s.InsertGrant(ctx, s, grantOf("g1", "anna", "s1")))
	check(t, s.RemoveSubscriber(ctx, s, "anna"))

	_, err := s.SubscriberByID(ctx, s, "anna")
	wantKind(t, err, fault.NotFound, "a removed subscriber")
	same(t, len(must(s.CredentialsOf(ctx, s, "anna"))(t)), 0)
	same(t, len(must(s.SessionsOf(ctx, s, "anna", noon))(t)), 0)
	if _, live, err := s.Live(ctx, s, "g1", "", noon); live || err != nil {
		t.Errorf("the grant of a removed subscriber: live %v, %v", live, err)
	}
	same(t, must(s.NamesOf(ctx, s, "anna"))(t), []subscriber.Name{{Folded: "name-anna", Subject: "anna", Kind: subscriber.NameUsername, Retired: true}})
	wantKind(t, s.RemoveSubscriber(ctx, s, "anna"), fault.NotFound, "removing once more")
	heir := person("heir")
	wantKind(t, s.InsertSubscriber(ctx, s, heir, []subscriber.Name{nameOf(p, "name-anna")}, nil), fault.Conflict, "taking a removed subscriber's name")
}

func subscriberBadText(t *testing.T, s store.Store) {
	ctx := t.Context()
	for _, text := range []string{"nul\x00", "broken \xff utf-8"} {
		p := person("anna")
		p.Locale = text
		wantKind(t, s.InsertSubscriber(ctx, s, p, nil, nil), fault.Invalid, "storing "+text)
		_, err := s.SubscriberByName(ctx, s, text)
		wantKind(t, err, fault.Invalid, "looking for "+text)
		err = s.InTx(ctx, func(q tx.Q) error { return s.InsertSubscriber(ctx, q, p, nil, nil) })
		wantKind(t, err, fault.Invalid, "storing in a transaction "+text)
	}
}
