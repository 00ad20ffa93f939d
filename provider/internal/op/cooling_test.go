package op_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/subscriber"
)

// After a recovery every token says so, at whichever end a relying party looks, and a token that was issued before is found out at
// introspection. When the time is over nothing is said any more.
func TestCoolingOffIsTold(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	before := e.login(p)
	told := func(m map[string]any) bool {
		t.Helper()
		reason, until := m["varco_cooling_off_reason"], m["varco_cooling_off_until"]
		if (reason == nil) != (until == nil) {
			t.Errorf("one claim without the other: %v", m)
		}
		if reason == nil {
			return false
		}
		if reason != "recovery" {
			t.Errorf("the reason is %v", reason)
		}
		if at := time.Unix(int64(until.(float64)), 0); at.Before(e.clock.Now().Add(23*time.Hour)) || at.After(e.clock.Now().Add(24*time.Hour)) {
			t.Errorf("until %v", at)
		}
		return true
	}
	payload := func(token string) map[string]any {
		t.Helper()
		raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		must(t, err)
		return object(t, raw)
	}
	if told(e.introspect(p, before.Access)) || told(payload(before.ID)) || told(payload(before.Access)) {
		t.Error("told of nothing")
	}

	s, err := e.store.SubscriberByID(t.Context(), e.store, e.subject)
	must(t, err)
	s.Cooling = subscriber.Cooling{Until: e.clock.Now().Add(24 * time.Hour), Reason: subscriber.CoolingRecovery}
	must(t, e.store.Amend(t.Context(), e.store, *s))
	if !told(e.introspect(p, before.Access)) || !told(object(t, e.userinfo(before.Access).Body.Bytes())) {
		t.Error("a token from before does not tell")
	}
	refreshed := e.tokens(e.post("/token", p.refresh(before.Refresh), p.auth))
	after := e.login(p)
	for name, token := range map[string]string{"refreshed id_token": refreshed.ID, "refreshed access token": refreshed.Access,
		"id_token": after.ID, "access token": after.Access} {
		if !told(payload(token)) {
			t.Errorf("the %s does not tell", name)
		}
	}
	if !told(e.introspect(p, after.Refresh)) {
		t.Error("a refresh token does not tell")
	}

	s.Version++
	s.Cooling.Until = e.clock.Now()
	must(t, e.store.Amend(t.Context(), e.store, *s))
	if told(e.introspect(p, after.Access)) || told(object(t, e.userinfo(after.Access).Body.Bytes())) || told(payload(e.login(p).ID)) {
		t.Error("told of what is over")
	}
}
