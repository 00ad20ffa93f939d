package conformance

import (
	"context"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
)

var riskRules = []Rule{
	{ID: "risk.verdict", check: checkVerdicts, Where: whereRisk,
		Says: "the questions of conformance.yaml have their verdicts",
		Fix:  "correct conformance.yaml (risk), or the source"},
	{ID: "risk.shapes", check: checkRiskShapes, Where: "risk.proto, enum Operation",
		Says: "every operation, and a context with nothing in it, gets a verdict or a status of the contract",
		Fix:  "treat every member of the context as optional"},
	{ID: "risk.reasons", check: checkReasons, Where: "risk.proto, AssessResponse.reasons",
		Says: "a verdict that is not allow has a reason",
		Fix:  "name the reason: it is audited, and it is all that an investigator will have"},
}

var (
	verdicts   = []sdk.RiskVerdict{sdk.RiskAllow, sdk.RiskStepUp, sdk.RiskDeny}
	operations = []sdk.Operation{sdk.OperationSignIn, sdk.OperationSend, sdk.OperationBind, sdk.OperationTransaction, sdk.OperationRecover}
)

func (k *kit) assess(ctx context.Context, p *process, r *sdk.RiskRequest) (*sdk.RiskAssessment, error) {
	ctx, cancel := context.WithTimeout(ctx, assessLimit)
	defer cancel()
	a, err := p.Assess(ctx, r)
	if err != nil {
		k.fault("Assess", err)
	}
	return a, err
}

func (k *kit) riskRequest(s *RiskScript) *sdk.RiskRequest {
	who := k.newPerson("person")
	r := &sdk.RiskRequest{Operation: sdk.Operation(s.Operation), Channel: s.Channel, To: s.To, AMR: []string{"pwd"}}
	r.Context = sdk.StepContext{InstanceID: instanceID, ConfigRevision: "1", FlowID: "flow-risk", IdempotencyKey: "flow-risk/0", Intent: sdk.IntentLogin,
		Subject: &who.subject, Now: who.now, Locale: "en", Client: sdk.ClientInfo{ID: "bank", Name: "Bank"},
		Browser: sdk.BrowserInfo{Address: s.Address, UserAgent: "conformance", Known: s.Known}, ExpiresAt: who.now.Add(checkLimit),
		RPID: rpID, Origins: []string{origin}}
	if r.Context.Browser.Address == "" {
		r.Context.Browser.Address = "192.0.2.1"
	}
	return r
}

// questions runs f for each question of the script.
func (v *verdict) questions(f func(s *RiskScript, a *sdk.RiskAssessment, err error)) {
	v.needs(sdk.ServiceRiskSource)
	for i := range v.script.Risk {
		s := &v.script.Risk[i]
		a, err := v.assess(v.ctx, v.primary(), v.riskRequest(s))
		v.made()
		f(s, a, err)
	}
	v.why = errNoScript.Error() + ": risk"
}

func checkVerdicts(v *verdict) {
	v.questions(func(s *RiskScript, a *sdk.RiskAssessment, err error) {
		switch {
		case err != nil:
			v.fail("%s: %v", s.Operation, err)
		case string(a.Verdict) != s.Want:
			v.fail("%s from %s: %s, want %s", s.Operation, s.Address, a.Verdict, s.Want)
		}
	})
}

func checkReasons(v *verdict) {
	v.questions(func(s *RiskScript, a *sdk.RiskAssessment, err error) {
		if err == nil && a.Verdict != sdk.RiskAllow && len(a.Reasons) == 0 {
			v.fail("%s: %s without a reason", s.Operation, a.Verdict)
		}
	})
}

func checkRiskShapes(v *verdict) {
	v.needs(sdk.ServiceRiskSource)
	try := func(what string, r *sdk.RiskRequest) {
		a, err := v.assess(v.ctx, v.primary(), r)
		v.made()
		if err != nil {
			v.sound(what, err)
		} else if !slices.Contains(verdicts, a.Verdict) {
			v.fail("%s: the verdict %q", what, a.Verdict)
		}
	}
	for _, o := range operations {
		try("the operation "+string(o), v.riskRequest(&RiskScript{Operation: string(o), Channel: "sms", To: "+390000000001"}))
		empty := &sdk.RiskRequest{Operation: o}
		empty.Context.InstanceID = instanceID
		try("the operation "+string(o)+" with nothing in the context", empty)
	}
	for name, text := range shapes() {
		r := v.riskRequest(&RiskScript{Operation: string(sdk.OperationSend), Address: text, Channel: "sms", To: text})
		r.Context.Browser.UserAgent = text
		try("a context of the shape "+name, r)
	}
}
