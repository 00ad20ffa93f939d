package recoverycodes

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/varco-id/varco/plugins/sdk"
)

// draft is a list that is not in force yet.
type draft struct {
	Codes []string `json:"codes"`
}

// BeginEnroll implements [sdk.Enrollment]. The codes lie in the flow's state until one of them is typed: a list that nobody kept must not
// take the place of one that somebody did.
func (p *Plugin) BeginEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	config, err := p.config(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	d := draft{Codes: newCodes(config.Count)}
	answer := sdk.Ask(enrolView(d, len(r.Credentials) > 0, ""))
	answer.State, answer.StateVersion = encode(d), stateVersion
	return answer, nil
}

// ContinueEnroll implements [sdk.Enrollment]. A wrong code is a mishap of the person who copies the list, not a guess: it does not count.
func (p *Plugin) ContinueEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if _, err := p.config(r.Context.InstanceID); err != nil {
		return nil, err
	}
	var d draft
	if json.Unmarshal(r.State, &d) != nil || len(d.Codes) == 0 { // of another flow: begin again
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonExpired}, StateVersion: stateVersion}, nil
	}
	code, ok := typed(r.Inputs[inputCode])
	if !ok || !slices.Contains(d.Codes, code) {
		reason, problem := sdk.ReasonBadCredential, "error.enrol"
		if !ok {
			reason, problem = sdk.ReasonInvalidInput, "error.form"
		}
		answer := failed(reason, enrolView(d, len(r.Credentials) > 0, problem))
		answer.Failure.Counts, answer.State = false, r.State
		return answer, nil
	}
	fresh := newData(d.Codes)
	answer := &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"otp"}}, StateVersion: stateVersion}
	if len(r.Credentials) > 0 { // the list before ends in the same commit
		answer.Success.CredentialID = r.Credentials[0].ID
		answer.CredentialChanges = []sdk.CredentialChange{update(&r.Credentials[0], fresh)}
	} else {
		answer.CredentialChanges = []sdk.CredentialChange{{Kind: sdk.ChangeCreate, Data: encode(fresh), Version: stateVersion}}
	}
	return answer, nil
}

func enrolView(d draft, again bool, problem string) sdk.View {
	nodes := []sdk.Node{sdk.Say(sdk.T("enrol.guidance"))}
	if again {
		nodes = append(nodes, sdk.Node{Paragraph: &sdk.Paragraph{Text: sdk.T("enrol.replaces"), Style: sdk.StyleWarning}})
	}
	for i, c := range d.Codes {
		nodes = append(nodes, sdk.Say(sdk.T("enrol.code", "number", strconv.Itoa(i+1), "code", written(c))))
	}
	return sdk.Screen(sdk.T("enrol.title"), append(nodes,
		sdk.Say(sdk.T("enrol.confirm")), codeField("field.confirm", problem), sdk.Submit("save", sdk.T("enrol.save")))...)
}

// importForm is what an operator gives for one subscriber: codes that were printed elsewhere.
type importForm struct {
	Codes []string `json:"codes"`
}

// ImportCredentials implements [sdk.Enrollment].
func (p *Plugin) ImportCredentials(_ context.Context, instanceID string, inputs []sdk.ImportInput) ([]sdk.ImportResult, error) {
	if _, err := p.config(instanceID); err != nil {
		return nil, err
	}
	results := make([]sdk.ImportResult, len(inputs))
	for i, input := range inputs {
		codes, problem := importCodes(input.JSON)
		if problem != "" {
			results[i].Error = problem
			continue
		}
		results[i].Change = sdk.CredentialChange{Kind: sdk.ChangeCreate, Data: encode(newData(codes)), Version: stateVersion}
	}
	return results, nil
}

func importCodes(raw []byte) (codes []string, problem string) {
	const form = `give {"codes": ["ABCD-EFGH-JKMN-PQRS", …]}, 1 to 20 different codes of 16 symbols (0 to 9, A to Z without I, L, O, U)`
	var in importForm
	if len(sdk.DecodeConfig(raw, &in)) > 0 || len(in.Codes) == 0 || len(in.Codes) > 20 {
		return nil, form
	}
	for _, c := range in.Codes {
		code, ok := typed(c)
		if !ok || slices.Contains(codes, code) {
			return nil, form
		}
		codes = append(codes, code)
	}
	return codes, ""
}

// Revoke implements [sdk.Enrollment]; nothing of a list lies outside the host but paper.
func (p *Plugin) Revoke(_ context.Context, instanceID string, _ sdk.Credential) error {
	_, err := p.config(instanceID)
	return err
}
