package recoverycodes

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"github.com/varco-id/varco/plugins/sdk"
)

// inputCode is the field for a code.
const inputCode = "code"

// few is how many codes are so few that the person is told.
const few = 3

// proof is what a flow remembers after a code was used, while the person reads how few are left. It is bound to the flow and the list.
type proof struct {
	Flow, Subject, Credential string
	Salt                      []byte
}

// loginView asks for a code. It is the same for everybody. The field is plain text: codes have letters, and the field for one-time codes
// brings up a keyboard of digits.
func loginView(problem string) sdk.View {
	return sdk.Screen(sdk.T("login.title"), sdk.Say(sdk.T("login.guidance")), codeField("field.code", problem))
}

func codeField(label, problem string) sdk.Node {
	return sdk.Field(sdk.TextField{Name: inputCode, Kind: sdk.FieldText, MaxLength: 64, Label: sdk.T(label), Hint: sdk.T("field.code.hint"), Error: sdk.T(problem)})
}

// Begin implements [sdk.Authenticator].
func (p *Plugin) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if _, err := p.config(r.Context.InstanceID); err != nil {
		return nil, err
	}
	if r.Context.Subject != nil && r.Context.Identified && len(r.Credentials) == 0 {
		return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}, StateVersion: stateVersion}, nil
	}
	answer := sdk.Ask(loginView(""))
	answer.StateVersion = stateVersion
	return answer, nil
}

// Continue implements [sdk.Authenticator]: one hash, whoever asks and whatever was typed.
func (p *Plugin) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	config, err := p.config(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	known, d, err := list(r)
	if err != nil {
		return nil, err
	}
	if known != nil && proved(r, known, d) {
		return success(r, known), nil
	}
	code, ok := typed(r.Inputs[inputCode])
	if !ok {
		return failed(sdk.ReasonInvalidInput, loginView("error.form")), nil
	}
	at := d.find(code)
	switch {
	case at < 0 || known == nil || r.Context.Subject == nil:
		return failed(sdk.ReasonBadCredential, loginView("error.wrong")), nil
	case d.Codes[at].Used != 0:
		return failed(sdk.ReasonReplayed, loginView("error.used")), nil
	}
	next, left := d.use(at, r.Context.Now)
	answer := success(r, known)
	if left <= few {
		warning := sdk.T("left.few", "left", strconv.Itoa(left))
		if left == 0 {
			warning = sdk.T("left.none")
		}
		answer = sdk.Ask(sdk.Screen(sdk.T("left.title"),
			sdk.Node{Paragraph: &sdk.Paragraph{Text: warning, Style: sdk.StyleWarning}}, sdk.Submit("continue", sdk.T("left.continue"))))
		answer.State = encode(proof{r.Context.FlowID, r.Context.Subject.ID, known.ID, d.Salt})
		answer.StateVersion = stateVersion
	}
	// Whoever comes second with this code finds another revision, reruns, and is told that it was used.
	answer.CredentialChanges = []sdk.CredentialChange{update(known, next)}
	// A list can be copied or found: its owner hears of each use.
	answer.Effects = []sdk.Effect{{
		IdempotencyKey: r.Context.IdempotencyKey + "/used", Channel: "email", Template: "message.used",
		Params: map[string]string{"brand": brand(config, r.Context), "left": strconv.Itoa(left)},
	}}
	return answer, nil
}

// proved says whether a code of this list was used in this flow.
func proved(r *sdk.StepRequest, known *sdk.Credential, d data) bool {
	var s proof
	return json.Unmarshal(r.State, &s) == nil && s.Flow != "" && s.Flow == r.Context.FlowID && r.Context.Subject != nil &&
		s.Subject == r.Context.Subject.ID && s.Credential == known.ID && bytes.Equal(s.Salt, d.Salt)
}

func success(r *sdk.StepRequest, c *sdk.Credential) *sdk.StepResponse {
	return &sdk.StepResponse{
		Success:      &sdk.Success{Subject: r.Context.Subject.ID, AMR: []string{"otp"}, CredentialID: c.ID},
		StateVersion: stateVersion,
	}
}

func brand(c Config, ctx sdk.StepContext) string {
	for _, name := range []string{c.Brand, ctx.Client.Name, ctx.RPID} {
		if name != "" {
			return name
		}
	}
	return ""
}

// Cancel implements [sdk.Authenticator]; there is nothing to undo.
func (*Plugin) Cancel(context.Context, *sdk.StepRequest) error { return nil }

// failed counts what may have been a guess.
func failed(reason sdk.Reason, view sdk.View) *sdk.StepResponse {
	return &sdk.StepResponse{
		Failure:      &sdk.Failure{Reason: reason, Counts: reason != sdk.ReasonInvalidInput, Retryable: true, View: &view},
		StateVersion: stateVersion,
	}
}
