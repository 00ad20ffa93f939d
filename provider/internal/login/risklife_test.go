package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"testing"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

func TestRiskOfRecovering(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		say     func(*sdk.RiskRequest) (*sdk.RiskAssessment, error)
		allowed bool
	}{
		"allowed":       {verdict(sdk.RiskAllow), true},
		"in doubt":      {verdict(sdk.RiskStepUp), false}, // there is nothing to add: the bank decides
		"denied":        {verdict(sdk.RiskDeny, "stolen phone"), false},
		"nobody judges": {silent(host.Unavailable), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, b *bank) {
				b.customer("Anna", "password", "totp", "email-otp")
				e := b.watched(c.say, sdk.OperationRecover, sdk.OperationBind, sdk.OperationSignIn)
				w := b.browser()
				p := w.give(w.recover("password"), "Anna", "code", b.totp())
				if e.operations() != "" {
					t.Fatalf("asked about %s before enough was proven", e.operations())
				}
				p = w.give(p, "", "code", mailedCode)
				if e.operations() != "recover" || e.asked[0].Context.Intent != sdk.IntentRecovery || e.asked[0].Context.MethodID != "password" {
					t.Fatalf("asked about %s: %+v", e.operations(), e.asked)
				}
				if !c.allowed {
					if p.Refusal == nil || p.Refusal.Code != RefusalDeclined || b.plugins.calls["begin_enroll"] > 0 {
						t.Fatalf("got %+v", p)
					}
					return
				}
				if p = w.give(p, "", "new_password", newPassword); p.Answer == nil || p.Answer.Session != "" {
					t.Fatalf("got %+v", p)
				}
			})
		})
	}
}

// An address that codes go to is worth what an authenticator is: whoever is refused has not changed it.
func TestRiskOfAnAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		say     func(*sdk.RiskRequest) (*sdk.RiskAssessment, error)
		ops     []sdk.Operation
		asked   string
		refused bool
	}{
		"allowed":                   {verdict(sdk.RiskAllow), []sdk.Operation{sdk.OperationBind, sdk.OperationSend}, "bind send", false},
		"the change is denied":      {verdict(sdk.RiskDeny), []sdk.Operation{sdk.OperationBind, sdk.OperationSend}, "bind", true},
		"signing in is denied":      {verdict(sdk.RiskDeny), []sdk.Operation{sdk.OperationSignIn}, "sign_in", true},
		"the new number is denied":  {verdict(sdk.RiskDeny, "swapped"), []sdk.Operation{sdk.OperationSend}, "send", true},
		"a session answers nothing": {verdict(sdk.RiskStepUp), []sdk.Operation{sdk.OperationBind}, "bind", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := lifeBank(t, sqliteBank(t))
			sub := b.customer("Anna", "password", "totp")
			w := b.browser()
			w.strong("Anna")
			e := b.watched(c.say, c.ops...)
			p := w.account(change(subscriber.Mobile))
			if name == "a session answers nothing" {
				if p.Step == nil || p.Step.Method != "password" {
					t.Fatalf("got %+v", p)
				}
				b.pass(31 * time.Second)
				p = w.code(w.password(p, "", annaPassword), b.totp())
			}
			const number = "+393339999999"
			if p.Step != nil {
				p = w.give(p, "", "address", number)
			}
			if p.Refusal == nil {
				p = w.give(p, "", "code", b.sent(number))
			}
			if refused := p.Refusal != nil && p.Refusal.Code == RefusalDeclined; refused != c.refused || e.operations() != c.asked {
				t.Fatalf("got %+v, asked about %s", p, e.operations())
			}
			if got := b.claims(sub).Phone; (got == number) == c.refused {
				t.Errorf("the number is %s", got)
			}
		})
	}
}
