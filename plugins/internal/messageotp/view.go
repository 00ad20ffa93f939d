package messageotp

import (
	"strconv"

	"github.com/varco-id/varco/plugins/sdk"
)

// The fields and buttons.
const (
	inputCode    = "code"
	inputAddress = "address"
	inputTo      = "to"

	inputAction  = "action"
	actionResend = "resend"
	actionChange = "change"
)

// problems is what a screen has to say besides.
type problems struct {
	code, address string   // text keys, at the fields
	resend        sdk.Text // why nothing was sent
}

// codeView asks for the code. For nobody it is the same as for somebody who was merely named.
func (s *step) codeView(p problems) sdk.View {
	var nodes []sdk.Node
	if p.resend.Key != "" {
		nodes = append(nodes, warning(p.resend))
	}
	nodes = append(nodes, sdk.Say(s.sentText()))
	if t := s.ctx.Transaction; t != nil {
		nodes = append(nodes, sdk.Node{Transaction: &sdk.Shown{Rows: rows(t)}})
	}
	nodes = append(nodes,
		sdk.Field(sdk.TextField{Name: inputCode, Kind: sdk.FieldOneTimeCode, MaxLength: 16, // room for spaces
			Label: sdk.T("field.code"), Hint: sdk.T("field.code.hint", "digits", strconv.Itoa(s.Digits), "minutes", strconv.Itoa(s.LifetimeMinutes)),
			Error: sdk.T(p.code)}),
		sdk.Submit("verify", sdk.T("code.verify")),
		sdk.Node{Action: &sdk.Action{Name: actionResend, Label: sdk.T("code.resend." + s.method.Channel), Skip: true}},
	)
	if s.enrol {
		nodes = append(nodes, sdk.Node{Action: &sdk.Action{Name: actionChange, Label: sdk.T("enrol.change"), Skip: true}})
	}
	return sdk.Screen(sdk.T("code.title"), nodes...)
}

// sentText tells where the code went: masked, and to whoever proved something alone.
func (s *step) sentText() sdk.Text {
	channel := s.method.Channel
	switch t := s.target(); {
	case s.enrol:
		return sdk.T("code.sent."+channel, "address", s.state.Address) // as they typed it a moment ago
	case t != nil && s.ctx.Identified:
		return sdk.T("code.sent."+channel, "address", s.Mask(t.Address))
	default:
		return sdk.T("code.sent_unnamed." + channel)
	}
}

// waitView is the screen at hand with why nothing was sent.
func (s *step) waitView(why sdk.Text) sdk.View {
	switch {
	case s.state.Code != nil:
		return s.codeView(problems{resend: why})
	case s.enrol:
		return s.addressView(s.inputs[inputAddress], problems{resend: why})
	}
	return sdk.Screen(sdk.T("code.title"), warning(why), sdk.Submit(actionResend, sdk.T("code.resend."+s.method.Channel)))
}

func warning(t sdk.Text) sdk.Node {
	return sdk.Node{Paragraph: &sdk.Paragraph{Text: t, Style: sdk.StyleWarning}}
}

// chooseView asks which address to use.
func (s *step) chooseView(creds []stored, problem string) sdk.View {
	choice := &sdk.Choice{Name: inputTo, Label: sdk.T("choose.label"), Error: sdk.T(problem)}
	for i, c := range creds {
		choice.Options = append(choice.Options, sdk.Option{Value: c.ID, Label: sdk.T("choose.option", "address", s.Mask(c.Address)), Selected: i == 0})
	}
	return sdk.Screen(sdk.T("choose.title"), sdk.Node{Choice: choice}, sdk.Submit("send", sdk.T("choose.send")))
}

// addressView asks for the address to bind.
func (s *step) addressView(value string, p problems) sdk.View {
	nodes := []sdk.Node{sdk.Say(sdk.T("enrol.guidance." + s.method.Channel))}
	if p.resend.Key != "" {
		nodes = append([]sdk.Node{warning(p.resend)}, nodes...)
	}
	return sdk.Screen(sdk.T("enrol.title"), append(nodes,
		sdk.Field(sdk.TextField{Name: inputAddress, Kind: s.field, MaxLength: maxAddress, Value: clipped(value, maxAddress),
			Label: sdk.T("field.address"), Hint: sdk.T("field.address.hint"), Error: sdk.T(p.address)}),
		sdk.Submit("send", sdk.T("enrol.send")),
	)...)
}
