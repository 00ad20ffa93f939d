package web_test

import (
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/login"
)

// gallery is one Flow per page worth looking at; its name is the Flow's id.
func gallery() map[string]*login.Page {
	step := func(s login.StepPage) login.Page { return login.Page{Step: &s} }
	account := func(p login.Page) login.Page {
		p.Client, p.Request = login.AccountClient, login.Request{Client: login.AccountClient}
		return p
	}
	recovering := func(p login.Page) login.Page {
		p.Client, p.Request = login.AccountClient, login.Request{Client: login.AccountClient, Recover: "password/password"}
		return p
	}
	signIn := func(name string, n login.Notice) login.Page {
		return step(login.StepPage{Instance: "password", Method: "password/password", Title: t("title"), AskName: true, Name: name, Notice: n,
			View: sdk.View{Title: t("login"), Nodes: []sdk.Node{passwordField(sdk.Text{})}}})
	}
	code := func(n login.Notice) login.Page {
		return step(login.StepPage{Instance: "totp", Method: "totp/totp", Title: t("title"), Name: "maria.rossi", Notice: n, Identified: true,
			Others: []login.MethodOption{mobileOption},
			View:   sdk.View{Title: t("enter"), Nodes: []sdk.Node{{TextField: &sdk.TextField{Name: "code", Kind: sdk.FieldOneTimeCode, Label: t("code"), Hint: t("hint")}}}}})
	}
	pages := map[string]login.Page{
		"sign-in":         signIn("", login.Notice{}),
		"sign-in-wrong":   signIn("maria.rossi", login.Notice{Code: login.NoticeWrong}),
		"sign-in-last":    signIn("maria.rossi", login.Notice{Code: login.NoticeLastingNext}),
		"sign-in-blocked": signIn("maria.rossi", login.Notice{Code: login.NoticeBlocked, Params: map[string]string{"minutes": "5"}}),
		"code":            code(login.Notice{Code: login.NoticeStepUp}),
		"code-wrong":      code(login.Notice{Code: login.NoticeWrong}),
		"code-used":       code(login.Notice{Code: login.NoticeReplayed}),
		"choose":          {Choose: &login.ChoosePage{Name: "maria.rossi", Options: []login.MethodOption{passwordOption, totpOption, mobileOption}}},
		"choose-none":     {Choose: &login.ChoosePage{Notice: login.Notice{Code: login.NoticeUnavailable}}},
		"consent":         {Client: "conto-chiaro", Consent: &login.ConsentPage{Name: "Maria Rossi", Scopes: []string{"openid", "profile", "email", "offline_access", "conti:lettura"}}},
		"consent-plain":   {Client: "conto-chiaro", Consent: &login.ConsentPage{Name: "Maria Rossi", Scopes: []string{"openid"}}},
		"blocked":         {Refusal: &login.Refusal{Code: login.RefusalBlocked}},
		"no-method":       {Refusal: &login.Refusal{Code: login.RefusalNoMethod}},
		"redeemed":        {Refusal: &login.Refusal{Code: login.RefusalRedeemed}},
		"down":            {Refusal: &login.Refusal{Code: login.RefusalDown}},
		"declined":        {Refusal: &login.Refusal{Code: login.RefusalDeclined}},
		"last-method":     account(login.Page{Refusal: &login.Refusal{Code: login.RefusalLastMethod}}),
		"bind-totp": account(step(login.StepPage{Instance: "totp", Method: "totp/totp", Title: t("title"), Name: "maria.rossi", Binding: true, View: sdk.View{Title: t("bind"), Nodes: []sdk.Node{
			{QR: &sdk.QR{Content: "otpauth://totp/Banca%20Demo:maria.rossi?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Banca%20Demo", Alt: t("alt"), Typed: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}},
			{TextField: &sdk.TextField{Name: "code", Kind: sdk.FieldOneTimeCode, Label: t("confirm"), Hint: t("hint")}},
		}}})),
		"bind-password": account(step(login.StepPage{Instance: "password", Method: "password/password", Title: t("title"), Name: "maria.rossi", Binding: true, View: sdk.View{Title: t("choose"), Nodes: []sdk.Node{
			{Paragraph: &sdk.Paragraph{Text: t("guide")}},
			{TextField: &sdk.TextField{Name: "new", Kind: sdk.FieldNewPassword, Label: t("new"), Hint: t("hint", "min", "15"), Error: t("short", "min", "15", "count", "9"), MinLength: 15, Strength: true}},
			{Action: &sdk.Action{Name: "save", Label: t("save"), Primary: true}},
		}}})),
		"contested": {Refusal: &login.Refusal{Code: login.RefusalContested}},
		"change-password": account(step(login.StepPage{Instance: "password", Method: "password/password", Title: t("title"), Name: "maria.rossi", Binding: true, Changing: true, View: sdk.View{Title: t("choose"), Nodes: []sdk.Node{
			{TextField: &sdk.TextField{Name: "new", Kind: sdk.FieldNewPassword, Label: t("new"), Hint: t("hint", "min", "15"), MinLength: 15, Strength: true}},
		}}})),
		"recover-code": recovering(step(login.StepPage{Instance: "totp", Method: "totp/totp", Title: t("title"), AskName: true,
			Others: []login.MethodOption{mobileOption, {Method: "ticket", Title: t("ticket.title")}},
			View:   sdk.View{Title: t("enter"), Nodes: []sdk.Node{{TextField: &sdk.TextField{Name: "code", Kind: sdk.FieldOneTimeCode, Label: t("code"), Hint: t("hint")}}}}})),
		"recover-ticket": recovering(step(login.StepPage{Method: "ticket", Title: t("ticket.title"), AskName: true, View: sdk.View{Title: t("ticket.title"), Nodes: []sdk.Node{
			{Paragraph: &sdk.Paragraph{Text: t("ticket.help")}},
			{TextField: &sdk.TextField{Name: "ticket", Kind: sdk.FieldText, Label: t("ticket.label"), Hint: t("ticket.hint"), Error: t("ticket.required")}},
		}}})),
		"recover-none": recovering(login.Page{Refusal: &login.Refusal{Code: login.RefusalNoMethod}}),
		"contact": account(step(login.StepPage{Method: "contact", Title: t("contact.title"), Name: "Maria Rossi", Identified: true, View: sdk.View{Title: t("contact.sms.title"), Nodes: []sdk.Node{
			{Paragraph: &sdk.Paragraph{Text: t("contact.sms.help")}},
			{TextField: &sdk.TextField{Name: "address", Kind: sdk.FieldPhone, Label: t("contact.sms.label"), Hint: t("contact.sms.hint")}},
			{Action: &sdk.Action{Name: "send", Label: t("contact.send"), Primary: true}},
		}}})),
		"contact-code": account(step(login.StepPage{Method: "contact", Title: t("contact.title"), Name: "Maria Rossi", Identified: true, View: sdk.View{Title: t("contact.code.title"), Nodes: []sdk.Node{
			{Paragraph: &sdk.Paragraph{Text: t("contact.code.sent", "address", "+393331234567")}},
			{TextField: &sdk.TextField{Name: "code", Kind: sdk.FieldOneTimeCode, Label: t("contact.code.label"), Error: t("contact.code.wrong")}},
			{Action: &sdk.Action{Name: "confirm", Label: t("contact.code.confirm"), Primary: true}},
			{Action: &sdk.Action{Name: "again", Label: t("contact.code.again"), Skip: true}},
			{Action: &sdk.Action{Name: "other", Label: t("contact.sms.change"), Skip: true}},
		}}})),
		"push": step(login.StepPage{Instance: "mobile", Method: "mobile/push", Title: t("title"), Name: "maria.rossi", Identified: true, Others: []login.MethodOption{totpOption}, View: sdk.View{Title: t("push"), Nodes: []sdk.Node{
			{Paragraph: &sdk.Paragraph{Text: t("warn"), Style: sdk.StyleWarning}},
			{Transaction: &sdk.Shown{Rows: []sdk.ShownRow{{Label: t("amount"), Value: "1.250,00 €"}, {Label: t("payee"), Value: "Giovanni Bianchi IT60 X054 2811 1010 0000 0123 456"}}}},
			{NumberMatch: &sdk.NumberMatch{Digits: "47", Label: t("number")}},
			{Wait: &sdk.Wait{Text: t("wait")}},
			{Action: &sdk.Action{Name: "again", Label: t("again"), Skip: true}},
		}}}),
		"pick": step(login.StepPage{Instance: "mobile", Method: "mobile/push", Title: t("title"), Name: "maria.rossi", View: sdk.View{Title: t("push"), Nodes: []sdk.Node{
			{Paragraph: &sdk.Paragraph{Text: t("success"), Style: sdk.StyleSuccess}},
			{Image: &sdk.Image{PNG: dot, Alt: t("logo")}},
			{Choice: &sdk.Choice{Name: "phone", Label: t("pick"), Options: []sdk.Option{{Value: "1", Label: t("one"), Selected: true}, {Value: "2", Label: t("two")}}}},
			{Redirect: &sdk.Redirect{URL: "https://idp.bank.test/authorize?x=1&y=2", Label: t("idp")}},
		}}}),
		"passkey": step(login.StepPage{Instance: "mobile", Method: "mobile/key", Title: t("title"), View: sdk.View{Title: t("key"), Nodes: []sdk.Node{
			{WebAuthn: &sdk.WebAuthn{Create: true, Options: []byte(`{"challenge":"AAAAAAAAAAAAAAAAAAAAAA","authenticatorSelection":{"residentKey":"required","requireResidentKey":true},"rp":{"id":"localhost","name":"Banca"},"user":{"id":"AAAA","name":"maria","displayName":"Maria"},"pubKeyCredParams":[{"type":"public-key","alg":-7},{"type":"public-key","alg":-257}]}`)}},
			{Action: &sdk.Action{Name: "use", Label: t("use"), Primary: true}},
		}}}),
	}
	beside := signIn("", login.Notice{})
	beside.Step.Beside = besideKey()
	pages["sign-in-passkey"] = beside
	besideWrong := signIn("maria.rossi", login.Notice{Code: login.NoticeWrong})
	besideWrong.Step.Beside = besideKey()
	pages["sign-in-passkey-wrong"] = besideWrong
	pages["passkey-wrong"] = step(login.StepPage{Instance: "mobile", Method: "mobile/key", Title: t("title"), Notice: login.Notice{Code: login.NoticeWrong}, Others: []login.MethodOption{passwordOption},
		View: sdk.View{Title: t("key"), Nodes: []sdk.Node{{Paragraph: &sdk.Paragraph{Text: t("warn"), Style: sdk.StyleError}}, {WebAuthn: &sdk.WebAuthn{Options: requestKey}},
			{Action: &sdk.Action{Name: "use", Label: t("use"), Primary: true}}}}})
	out := make(map[string]*login.Page, len(pages))
	for name, p := range pages {
		out[name] = page(name, p)
	}
	return out
}

var requestKey = []byte(`{"challenge":"AAAAAAAAAAAAAAAAAAAAAA","rpId":"localhost","userVerification":"required"}`)

func besideKey() *login.BesidePage {
	return &login.BesidePage{Instance: "mobile", Method: "mobile/key", Title: t("title"), View: sdk.View{Title: t("key"), Nodes: []sdk.Node{
		{Paragraph: &sdk.Paragraph{Text: t("warn")}}, {WebAuthn: &sdk.WebAuthn{Options: requestKey}}, {Action: &sdk.Action{Name: "use", Label: t("use"), Primary: true}}}}}
}

// addresses are the pages that no Flow has.
var addresses = map[string]string{
	"recover": "/recover?flow=sign-in", "recover-name": "/recover/name", "recover-sent": "/recover/name/sent", "recovered": "/recovered?flow=sign-in",
	"cancel": "/cancel/" + cancelToken, "cancel-gone": "/cancel/nothing", "cancelled": "/cancelled", "account-events": "/account/events",
	"account": "/account", "account-done": "/account?done=unbound", "account-remove": "/account/authenticators/c2/remove", "landing": "/",
	"signed-out": "/test/signed-out", "logout": "/test/logout", "error": "/test/error", "not-found": "/nothing/here", "flow-unknown": "/login/nothing",
}
