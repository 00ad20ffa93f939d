package storetest

import (
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/consent"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store"
)

var consentRules = []rule{{"a consent is put, replaced, listed and withdrawn", consentLife}}

func consentLife(t *testing.T, s store.Store) {
	ctx := t.Context()
	_, err := s.Consent(ctx, s, "anna", "bank")
	wantKind(t, err, fault.NotFound, "no consent")
	first := consent.Consent{Subject: "anna", Client: "bank", Scopes: []string{"openid"}, GrantedAt: noon}
	check(t, s.PutConsent(ctx, s, first))
	same(t, must(s.Consent(ctx, s, "anna", "bank"))(t), &first)
	wider := consent.Consent{Subject: "anna", Client: "bank", Scopes: []string{"openid", "email"}, GrantedAt: noon.Add(time.Hour)}
	other := consent.Consent{Subject: "anna", Client: "another", GrantedAt: noon}
	check(t, s.PutConsent(ctx, s, wider))
	check(t, s.PutConsent(ctx, s, other))
	same(t, must(s.ConsentsOf(ctx, s, "anna"))(t), []consent.Consent{other, wider})
	check(t, s.DeleteConsent(ctx, s, "anna", "bank"))
	wantKind(t, s.DeleteConsent(ctx, s, "anna", "bank"), fault.NotFound, "a consent withdrawn before")
	same(t, must(s.ConsentsOf(ctx, s, "anna"))(t), []consent.Consent{other})
}
