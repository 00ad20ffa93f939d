package main

import (
	"context"
	"errors"

	"github.com/varco-id/varco/plugins/sdk"
)

// fraud is a risk source behind an HTTP service.
type fraud struct {
	*base
	remote *remote
}

var _ sdk.RiskSource = (*fraud)(nil)

func newFraud(bad defect) *fraud {
	return &fraud{remote: newRemote(bad), base: newBase(bad, &sdk.Description{Name: "fraud", Texts: map[string]map[string]string{"en": {}}})}
}

// Assess implements sdk.RiskSource.
func (f *fraud) Assess(ctx context.Context, r *sdk.RiskRequest) (*sdk.RiskAssessment, error) {
	c, err := f.config(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	if f.bad == "risk.shapes" && r.Context.Subject == nil {
		return nil, errors.New("who is it?")
	}
	var answer struct {
		Score int `json:"score"`
	}
	answer.Score = -1
	err = f.remote.post(ctx, c.URL+"/score", map[string]string{"address": r.Context.Browser.Address, "operation": string(r.Operation)}, &answer)
	switch {
	case err != nil && f.bad == "deadlines.closed":
		return &sdk.RiskAssessment{Verdict: sdk.RiskAllow}, nil
	case err != nil && f.bad == "deadlines.status verdict":
		return &sdk.RiskAssessment{Verdict: sdk.RiskDeny, Reasons: []string{"no answer"}}, nil
	case err != nil:
		return nil, err
	case answer.Score < 0:
		return nil, sdk.Unavailable(errors.New("the service gives no score"))
	case answer.Score > 50 && f.bad != "risk.verdict":
		if f.bad == "risk.reasons" {
			return &sdk.RiskAssessment{Verdict: sdk.RiskDeny}, nil
		}
		return &sdk.RiskAssessment{Verdict: sdk.RiskDeny, Reasons: []string{"score over 50"}}, nil
	case f.bad == "risk.shapes verdict" && r.Operation == sdk.OperationRecover:
		return &sdk.RiskAssessment{}, nil
	}
	return &sdk.RiskAssessment{Verdict: sdk.RiskAllow}, nil
}
