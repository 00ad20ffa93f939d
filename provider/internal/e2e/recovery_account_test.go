package e2e_test

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

var (
	cancelLink   = regexp.MustCompile(`https://\S+/cancel/[A-Za-z0-9_-]{44}`)
	newWordField = `input[autocomplete=new-password]`
)

// TestAccountLife is what happens to people who lose things, in Chromium, with codes that arrive in an inbox.
func TestAccountLife(t *testing.T) {
	t.Parallel()
	in := install(t)
	folder := filepath.Join(in.dir, "inbox")
	in.config["plugins"] = map[string]any{"password": map[string]any{}, "totp": map[string]any{}, "email-otp": map[string]any{},
		"inbox": map[string]any{"config": map[string]any{"directory": folder}}}
	in.save(t)
	const old, oldPhone = "maria@old.test", "+393331112223"
	p := &person{Username: "maria", Password: "pw " + randomText(15), Seed: newSeed()}
	app, mail := filepath.Join(in.dir, "app.json"), filepath.Join(in.dir, "mail.json")
	write(t, app, []byte(`{"secret":"`+p.Seed+`"}`))
	write(t, mail, []byte(`{"email":"`+old+`"}`))
	in.varco(t, p.Password, "subscriber", "add", p.Username, "--name", "Maria Verdi", "--email", old, "--mobile", oldPhone, "--verified", "--locale", "en",
		"--password-stdin", "--credential", "totp="+app, "--credential", "email-otp="+mail)
	in.start(t)
	browser := webtest.Browser(t)

	// The password is forgotten: from the sign-in page, with the app and a code by mail.
	d := newDesk(t, browser, "en")
	d.open(in.issuer + "/account")
	d.click(sendButton)
	d.click("#stuck")
	d.click(`form[action="/recover"]:has(input[value="password"]) button`)
	d.shows(codeField)
	d.fill(nameField, p.Username)
	d.confirm(p)
	code := code6.FindString(arrives(t, folder, "email", old, 1).Body)
	d.await(settled(`document.querySelector("button[value=resend]")`))
	d.send(code)
	d.shows(newWordField)
	p.Password = "sette " + randomText(12) + " oche"
	d.fill(newWordField, p.Password)
	d.click(sendButton)
	d.await(settled(`location.pathname === "/recovered"`))
	d.click(`main a.primary`) // back to the very sign-in that she came from
	d.identify(p)
	d.confirm(p)
	d.shows("#events")
	if said := d.read("main"); !strings.Contains(said, "Access recovered, way to sign in replaced: Password") || !strings.Contains(said, "lower limits") {
		t.Errorf("her page says: %s", said)
	}
	for kind, to := range map[string]string{"email": old, "sms": oldPhone} {
		waitFor(t, "the alert by "+kind, func() bool {
			for _, m := range inbox(t, folder, kind, to) {
				if cancelLink.MatchString(m.Body) {
					return true
				}
			}
			return false
		})
	}

	// Somebody at her open browser changes where messages go. A code proves the new address.
	d.click("#u-email")
	d.await(settled(`document.querySelector("#f-address") || document.querySelector(` + quote(codeField) + `) || document.querySelector(` + quote(passwordField) + `)`))
	d.fill("#f-address", "thief@new.test")
	d.click(sendButton)
	d.send(code6.FindString(arrives(t, folder, "email", "thief@new.test", 1).Body))
	d.await(settled(`location.search === "?done=contact"`))
	if said := d.read("main"); !strings.Contains(said, "t•••@new.test") {
		t.Errorf("the page says: %s", said)
	}

	// The old address takes it back, without a sign-in; looking at the link alone does nothing.
	link := ""
	waitFor(t, "the alert of the change", func() bool {
		for _, m := range inbox(t, folder, "email", old) {
			if strings.Contains(m.Subject, "e-mail address was changed") {
				link = cancelLink.FindString(m.Body)
			}
		}
		return link != ""
	})
	for range 3 {
		if res, err := in.http.Get(link); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("the link: %v %v", res, err)
		} else {
			_ = res.Body.Close()
		}
	}
	owner := newDesk(t, browser, "en")
	owner.open(link)
	owner.click(sendButton)
	owner.await(settled(`location.pathname === "/cancelled"`))
	owner.open(link)
	if said := owner.read("h1"); said != "This link is not good any more" {
		t.Errorf("a second time the page says: %s", said)
	}
	d.open(in.issuer + "/account")
	d.shows(`form[action="/account/sign-in"]`)
	d.click(sendButton)
	d.identify(p)
	d.await(settled(`document.querySelector("main h1").innerText === "Your access is blocked"`))

	// The bank gives her a code; with the app it lifts the block.
	issued := decode[struct{ Code string }](t, in.varco(t, "", "subscriber", "recover", p.Username, "--reason", "identity card at the branch"))
	owner.open(in.issuer + "/recover")
	owner.click(`form[action="/recover"]:has(input[value="password"]) button`)
	owner.shows(codeField)
	owner.other("ticket")
	owner.fill(nameField, p.Username)
	owner.fill("#f-ticket", strings.ToLower(issued.Code))
	owner.click(sendButton)
	owner.await(settled(`document.querySelector(` + quote(codeField) + `)`))
	owner.confirm(p)
	owner.shows(newWordField)
	p.Password = "nove " + randomText(12) + " merli"
	owner.fill(newWordField, p.Password)
	owner.click(sendButton)
	owner.await(settled(`location.pathname === "/recovered"`))
	owner.click(`main a.primary`)
	owner.click(sendButton)
	owner.identify(p)
	owner.confirm(p)
	owner.shows("#contacts")
	if said := owner.read("main"); !strings.Contains(said, "m•••@old.test") {
		t.Errorf("the page says: %s", said)
	}
	owner.click(`a[href="/account/events"]`)
	owner.await(settled(`location.pathname === "/account/events"`))
	if said := owner.read("main"); !strings.Contains(said, "Change of the e-mail address taken back") || !strings.Contains(said, "Recovery code given out by the bank") {
		t.Errorf("what happened: %s", said)
	}

	// The name is sent to who asks for it at the address it belongs to, and the page is the same for everybody.
	seen := map[string]bool{}
	for _, to := range []string{old, "nobody@nowhere.test"} {
		owner.open(in.issuer + "/recover/name")
		owner.fill("#address", to)
		owner.click(sendButton)
		owner.await(settled(`location.pathname === "/recover/name/sent"`))
		seen[owner.read("main")] = true
	}
	if len(seen) != 1 {
		t.Errorf("the pages differ: %v", seen)
	}
	waitFor(t, "the name arrives", func() bool {
		for _, m := range inbox(t, folder, "email", old) {
			if strings.Contains(m.Body, "\n\nmaria\n\n") {
				return true
			}
		}
		return false
	})
	if n := len(inbox(t, folder, "email", "nobody@nowhere.test")); n != 0 {
		t.Errorf("%d messages to nobody", n)
	}
}
