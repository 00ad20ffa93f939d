package password

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/varco-id/varco/plugins/sdk"
)

// The fields of the page to choose or change a password.
const (
	inputCurrent = "current"
	inputNew     = "new_password"
)

// enrolState remembers that the current password was given, so that a refused new one does not ask for it again.
// It names what was proved: if the password is changed elsewhere meanwhile, the proof is void.
type enrolState struct {
	Credential string `json:"credential,omitempty"`
	Revision   uint64 `json:"revision,omitempty"`
}

func (s enrolState) proves(c *stored) bool {
	return s.Credential == c.ID && s.Revision == c.Revision && c.ID != ""
}

func (s enrolState) encode() []byte {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // two plain fields always marshal
	}
	return raw
}

// BeginEnroll implements [sdk.Enrollment].
func (p *Plugin) BeginEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	in, err := p.instance(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	known, err := credential(r)
	if err != nil {
		return nil, err
	}
	form := enrolForm{config: in.config, changes: known != nil, askCurrent: known != nil && asksCurrent(r)}
	return &sdk.StepResponse{
		Challenge:    &sdk.Challenge{View: form.view()},
		State:        enrolState{}.encode(),
		StateVersion: stateVersion,
	}, nil
}

// asksCurrent: whoever recovers the account has proved something else instead.
func asksCurrent(r *sdk.StepRequest) bool { return r.Context.Intent != sdk.IntentRecovery }

// ContinueEnroll implements [sdk.Enrollment]. The current password is checked before anything is said of the new one.
func (p *Plugin) ContinueEnroll(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	in, err := p.instance(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	var state enrolState
	if len(r.State) > 0 {
		if err := json.Unmarshal(r.State, &state); err != nil {
			return failed(&sdk.Failure{Reason: sdk.ReasonExpired}, nil), nil // of another flow: begin again
		}
	}
	known, err := credential(r)
	if err != nil {
		return nil, err
	}
	form := enrolForm{config: in.config, changes: known != nil}
	form.askCurrent = known != nil && asksCurrent(r) && !state.proves(known)
	current, next := normalise(r.Inputs[inputCurrent]), normalise(r.Inputs[inputNew])

	if form.askCurrent {
		switch {
		case current == "":
			form.currentError = sdk.T("error.current_required")
			return form.refuse(sdk.ReasonInvalidInput, state), nil
		case len(current) > maxInput:
			form.currentError = sdk.T("error.current_wrong")
			return form.refuse(sdk.ReasonBadCredential, state), nil
		}
		same, err := p.hasher.matches(ctx, current, known.hash)
		if err != nil {
			return nil, err
		}
		if !same {
			form.currentError = sdk.T("error.current_wrong")
			return form.refuse(sdk.ReasonBadCredential, state), nil
		}
		state = enrolState{Credential: known.ID, Revision: known.Revision}
		form.askCurrent = false
	}

	form.newError, err = p.refusal(in, next, ownWords(in.config, r.Context))
	if err != nil {
		return nil, err
	}
	if form.newError.Key == "" && known != nil {
		same, err := p.hasher.matches(ctx, next, known.hash)
		if err != nil {
			return nil, err
		}
		if same {
			form.newError = sdk.T("error.same")
		}
	}
	if form.newError.Key != "" {
		return form.refuse(sdk.ReasonInvalidInput, state), nil
	}

	fresh, err := p.hasher.create(ctx, next, in.config.Argon2)
	if err != nil {
		return nil, err
	}
	answer := &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"pwd"}}, StateVersion: stateVersion}
	if known != nil {
		answer.Success.CredentialID = known.ID
		answer.CredentialChanges = []sdk.CredentialChange{known.replace(fresh)}
	} else {
		answer.CredentialChanges = []sdk.CredentialChange{{Kind: sdk.ChangeCreate, Data: encode(fresh), Version: stateVersion}}
	}
	return answer, nil
}

// enrolForm is the page to choose or change a password.
type enrolForm struct {
	config       Config
	changes      bool
	askCurrent   bool
	currentError sdk.Text
	newError     sdk.Text
}

// view has one field for the new password and none to repeat it: the host lets the person see what they type.
func (f enrolForm) view() sdk.View {
	title := "enrol.title"
	if f.changes {
		title = "change.title"
	}
	nodes := []sdk.Node{sdk.Say(sdk.T("enrol.guidance"))}
	if f.askCurrent {
		nodes = append(nodes, sdk.Field(sdk.TextField{
			Name: inputCurrent, Kind: sdk.FieldPassword, MaxLength: maxInput,
			Label: sdk.T("field.current"), Error: f.currentError,
		}))
	}
	nodes = append(nodes,
		sdk.Field(sdk.TextField{
			Name: inputNew, Kind: sdk.FieldNewPassword, Strength: true,
			MinLength: f.config.MinLength, MaxLength: f.config.MaxLength,
			Label: sdk.T("field.new"), Hint: sdk.T("field.new.hint", "min", strconv.Itoa(f.config.MinLength)), Error: f.newError,
		}),
		sdk.Submit("save", sdk.T("enrol.save")),
	)
	return sdk.Screen(sdk.T(title), nodes...)
}

func (f enrolForm) refuse(reason sdk.Reason, state enrolState) *sdk.StepResponse {
	view := f.view()
	return failed(&sdk.Failure{
		Reason: reason, Counts: reason == sdk.ReasonBadCredential, Retryable: true, View: &view,
	}, state.encode())
}
