package totp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/sdk"
)

const (
	inputLabel = "label"
	maxLabel   = 64 // characters
)

// BeginEnroll implements [sdk.Enrollment]. The seed lives in the flow's state alone until a code proves that the app
// has it: a page that is left open or closed binds nothing.
func (p *Plugin) BeginEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	config, err := p.config(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	app := newApp(config)
	view, err := enrolView(config, r.Context, app, "", "", "")
	if err != nil {
		return nil, err
	}
	answer := sdk.Ask(view)
	answer.State, answer.StateVersion = encode(app), stateVersion
	return answer, nil
}

// ContinueEnroll implements [sdk.Enrollment]. A wrong code is a mishap of the person who binds, not a guess: it does
// not count.
func (p *Plugin) ContinueEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	config, err := p.config(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	var app oathcode.Clock
	if json.Unmarshal(r.State, &app) != nil || app.Check() != nil { // of another flow: begin again
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonExpired}, StateVersion: stateVersion}, nil
	}
	label := cleanLabel(r.Inputs[inputLabel])
	refuse := func(reason sdk.Reason, codeProblem, labelProblem string) (*sdk.StepResponse, error) {
		shown := label
		if labelProblem != "" {
			shown = ""
		}
		view, err := enrolView(config, r.Context, app, shown, codeProblem, labelProblem)
		if err != nil {
			return nil, err
		}
		answer := failed(reason, view, r.State)
		answer.Failure.Counts = false
		return answer, nil
	}
	if utf8.RuneCountInString(label) > maxLabel {
		return refuse(sdk.ReasonInvalidInput, "", "error.label")
	}
	code, ok := oathcode.Typed(r.Inputs[inputCode])
	if !ok {
		return refuse(sdk.ReasonInvalidInput, "error.form", "")
	}
	next, ok, _, err := app.Accept(code, r.Context.Now, config.window())
	if err != nil {
		return nil, err
	}
	if !ok {
		return refuse(sdk.ReasonBadCredential, "error.enrol", "")
	}
	if label == "" {
		label = defaultLabel(r.Context.Locale, r.Credentials)
	}
	return &sdk.StepResponse{
		Success: &sdk.Success{AMR: []string{"otp"}}, // a code of the app was just checked
		CredentialChanges: []sdk.CredentialChange{{
			Kind: sdk.ChangeCreate, Label: label, Data: encode(next), Version: stateVersion,
		}},
		StateVersion: stateVersion,
	}, nil
}

func enrolView(c Config, ctx sdk.StepContext, app oathcode.Clock, label, codeProblem, labelProblem string) (sdk.View, error) {
	if ctx.Subject == nil {
		return sdk.View{}, errors.New("totp: no subject to bind an app to")
	}
	return sdk.Screen(sdk.T("enrol.title"),
		sdk.Say(sdk.T("enrol.scan")),
		sdk.Node{QR: &sdk.QR{Content: keyURI(c, ctx, app), Alt: sdk.T("enrol.qr_alt"), Typed: grouped(app.Secret)}},
		sdk.Say(sdk.T("enrol.confirm")),
		codeField(codeProblem),
		sdk.Field(sdk.TextField{
			Name: inputLabel, Kind: sdk.FieldText, MaxLength: maxLabel, Value: label, Optional: true,
			Label: sdk.T("field.label"), Hint: sdk.T("field.label.hint"), Error: sdk.T(labelProblem),
		}),
		sdk.Submit("bind", sdk.T("enrol.bind")),
	), nil
}

// grouped writes a key in fours, as people copy it.
func grouped(secret string) string {
	var b strings.Builder
	for i, c := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// cleanLabel drops what cannot be seen, such as characters that turn the direction of the text around.
func cleanLabel(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return ' '
		}
		if c == utf8.RuneError || !unicode.IsGraphic(c) {
			return -1
		}
		return c
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// defaultLabel names an app in the person's language, with a number if the name is taken.
func defaultLabel(locale string, have []sdk.Credential) string {
	texts := sdk.Texts(textFiles)
	language, _, _ := strings.Cut(strings.ToLower(locale), "-")
	catalogue, ok := texts[language]
	if !ok {
		catalogue = texts[sdk.English]
	}
	taken := map[string]bool{}
	for _, c := range have {
		taken[c.Label] = true
	}
	label := catalogue["label.default"]
	for n := 2; taken[label]; n++ {
		label = fmt.Sprintf("%s %d", catalogue["label.default"], n)
	}
	return label
}
