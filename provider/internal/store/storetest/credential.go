package storetest

import (
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

func credential(id, subject string) subscriber.Credential {
	return subscriber.Credential{
		ID: id, Subject: subject, Instance: "totp", Type: "secret", Label: "My phone", Sealed: []byte{0, 1, 0xff, 0}, Version: 3, Revision: 1, CreatedAt: noon,
	}
}

var credentialRules = []rule{
	{"credentials come back as written, oldest first", credentialRoundTrip},
	{"a credential is updated by compare-and-set", credentialUpdate},
	{"a credential is deleted by compare-and-set", credentialDelete},
	{"a handle is unique in its instance", credentialHandle},
	{"a credential needs its subscriber", credentialOrphan},
}

func credentialRoundTrip(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	second, first := credential("c1", "anna"), credential("c2", "anna")
	second.CreatedAt = noon.Add(time.Minute)
	second.LastUsedAt = noon.Add(time.Hour)
	first.Sealed = nil
	check(t, s.InsertCredential(ctx, s, second))
	check(t, s.InsertCredential(ctx, s, first))
	same(t, must(s.CredentialsOf(ctx, s, "anna"))(t), []subscriber.Credential{first, second})
	same(t, len(must(s.CredentialsOf(ctx, s, "nobody"))(t)), 0)
	wantKind(t, s.InsertCredential(ctx, s, first), fault.Conflict, "the same credential again")
}

func credentialUpdate(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	c := credential("c1", "anna")
	check(t, s.InsertCredential(ctx, s, c))
	c.Sealed, c.Version, c.Label, c.Handle, c.LastUsedAt = []byte("new"), 4, "Other", "h", noon.Add(time.Hour)
	check(t, s.UpdateCredential(ctx, s, c))
	want := c
	want.Revision = 2
	same(t, must(s.CredentialsOf(ctx, s, "anna"))(t), []subscriber.Credential{want})
	wantKind(t, s.UpdateCredential(ctx, s, c), fault.Conflict, "an old revision")
	stranger := want
	stranger.Subject = "somebody else"
	wantKind(t, s.UpdateCredential(ctx, s, stranger), fault.NotFound, "another's credential")
	missing := want
	missing.ID = "none"
	wantKind(t, s.UpdateCredential(ctx, s, missing), fault.NotFound, "an unknown credential")
}

func credentialDelete(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	check(t, s.InsertCredential(ctx, s, credential("c1", "anna")))
	wantKind(t, s.DeleteCredential(ctx, s, "c1", "anna", 7), fault.Conflict, "another revision")
	wantKind(t, s.DeleteCredential(ctx, s, "c1", "somebody else", 1), fault.NotFound, "another's credential")
	check(t, s.DeleteCredential(ctx, s, "c1", "anna", 1))
	wantKind(t, s.DeleteCredential(ctx, s, "c1", "anna", 1), fault.NotFound, "a deleted credential")
}

func credentialHandle(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	c := credential("c1", "anna")
	c.Handle = "device-1"
	check(t, s.InsertCredential(ctx, s, c))
	same(t, must(s.CredentialByHandle(ctx, s, "totp", "device-1"))(t), &c)
	_, err := s.CredentialByHandle(ctx, s, "passkey", "device-1")
	wantKind(t, err, fault.NotFound, "the handle in another instance")

	twin := credential("c2", "anna")
	twin.Handle = "device-1"
	wantKind(t, s.InsertCredential(ctx, s, twin), fault.Conflict, "a handle that is taken")
	twin.Instance = "passkey"
	check(t, s.InsertCredential(ctx, s, twin))
	for _, id := range []string{"c3", "c4"} { // no handle is no handle, however many have none
		check(t, s.InsertCredential(ctx, s, credential(id, "anna")))
	}
	_, err = s.CredentialByHandle(ctx, s, "totp", "")
	wantKind(t, err, fault.NotFound, "the empty handle")
	c3 := credential("c3", "anna")
	c3.Handle = "device-1"
	wantKind(t, s.UpdateCredential(ctx, s, c3), fault.Conflict, "changing to a handle that is taken")
}

func credentialOrphan(t *testing.T, s store.Store) {
	wantKind(t, s.InsertCredential(t.Context(), s, credential("c1", "nobody")), fault.NotFound, "a credential of nobody")
}
