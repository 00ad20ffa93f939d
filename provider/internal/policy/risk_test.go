package policy

import (
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
)

func TestStricter(t *testing.T) {
	t.Parallel()
	order := []sdk.RiskVerdict{sdk.RiskAllow, sdk.RiskStepUp, sdk.RiskDeny}
	for i, a := range order {
		for j, b := range order {
			if got := Stricter(a, b); got != order[max(i, j)] {
				t.Errorf("of %s and %s, %s is not the stricter", a, b, got)
			}
		}
		if got := Stricter(a, "fine"); a == sdk.RiskDeny && got != sdk.RiskDeny {
			t.Errorf("a word nobody knows outweighs %s: %s", a, got)
		}
	}
	if Stricter("fine", "good") != sdk.RiskDeny || Stricter("", "") != sdk.RiskDeny {
		t.Error("words nobody knows let somebody pass")
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	r := RiskRule{Operations: map[sdk.Operation]sdk.RiskVerdict{sdk.OperationSend: sdk.RiskDeny, sdk.OperationBind: sdk.RiskDeny}}
	forOne := RiskRule{Operations: r.Operations, Clients: []string{"bank"}, Channels: []string{"email"}}
	for name, c := range map[string]struct {
		rule            RiskRule
		op              sdk.Operation
		client, channel string
		want            bool
	}{
		"an operation it is asked about":     {r, sdk.OperationBind, "bank", "", true},
		"one it is not asked about":          {r, sdk.OperationSignIn, "bank", "", false},
		"a text message":                     {r, sdk.OperationSend, "bank", "sms", true},
		"a call":                             {r, sdk.OperationSend, "bank", "voice", true},
		"mail is not about a number":         {r, sdk.OperationSend, "bank", "email", false},
		"the channels that are named":        {forOne, sdk.OperationSend, "bank", "email", true},
		"channels that are not named":        {forOne, sdk.OperationSend, "bank", "sms", false},
		"a relying party that is not named":  {forOne, sdk.OperationBind, "shop", "", false},
		"channels count for nothing but one": {forOne, sdk.OperationBind, "bank", "", true},
	} {
		if got := c.rule.Covers(c.op, c.client, c.channel); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
