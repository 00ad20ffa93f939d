package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// message is one of the inbox, as docs/plugins/inbox.md has it.
type message struct {
	Kind, To, Subject, Body string
	ExpiresAt               time.Time `json:"expires_at"`
}

// inbox reads the messages of a kind to somebody, oldest first.
func inbox(t testing.TB, folder, kind, to string) []message {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, "inbox.jsonl"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var found []message
	for line := range bytes.Lines(raw) {
		var m message
		if json.Unmarshal(line, &m) == nil && m.Kind == kind && m.To == to { // the last line may be half written
			found = append(found, m)
		}
	}
	return found
}

// arrives waits for the nth message.
func arrives(t testing.TB, folder, kind, to string, n int) (m message) {
	t.Helper()
	waitFor(t, kind+" to "+to+" arrives", func() bool {
		all := inbox(t, folder, kind, to)
		if len(all) >= n {
			m = all[n-1]
		}
		return len(all) >= n
	})
	return m
}

var code6 = regexp.MustCompile(`\b[0-9]{6}\b`)

// other picks another method by a part of its reference.
func (d *desk) other(method string) {
	d.t.Helper()
	button := `form:has(input[name=method][value="` + method + `"]) button`
	d.shows(button)
	d.do(chromedp.Evaluate(`document.body.dataset.old = "1"`, nil))
	d.click(button)
	d.await(settled(`!document.body.dataset.old`)) // the page before may have the same fields
}

// send gives a code.
func (d *desk) send(code string) {
	d.t.Helper()
	d.fill(codeField, code)
	d.click(sendButton)
}

// TestMessageCodes signs in with codes by SMS, call and e-mail, in Chromium, through the demo's inbox.
func TestMessageCodes(t *testing.T) {
	t.Parallel()
	demo := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	folder := filepath.Join(filepath.Dir(demo.file), "inbox")
	browser := webtest.Browser(t)
	giulia := demo.people["giulia.verdi"]
	const phone = "+393331234567"
	host := demo.issuer[strings.Index(demo.issuer, "//")+2 : strings.LastIndex(demo.issuer, ":")]

	// One after the other: they share a telephone.
	d := newDesk(t, browser, "en")
	d.open(demo.bank)
	d.click("#sign-in-strong")
	d.identify(giulia)
	d.shows(codeField)
	if said := d.text(); !strings.Contains(said, "•• •••• 567") || strings.Contains(said, "3331234567") {
		t.Errorf("the page says: %s", said)
	}
	sms := arrives(t, folder, "sms", phone, 1)
	first := code6.FindString(sms.Body)
	if !strings.HasPrefix(sms.Body, "Banca Demo: ") || !strings.HasSuffix(sms.Body, "\n\n@"+host+" #"+first) {
		t.Errorf("the message is %q", sms.Body)
	}
	d.click(`button[value=resend]`) // too early: nothing goes out, and the page says when
	d.await(settled(`document.querySelector(".notice.warning")`))
	if said := d.read(".notice.warning"); !strings.Contains(said, "seconds") {
		t.Errorf("the page says: %s", said)
	}
	wrong := "000000"
	if first == wrong {
		wrong = "000001"
	}
	d.send(wrong)
	d.await(settled(`document.querySelector("[role=alert]")`))
	d.send(first)
	d.shows("#movements")
	if amr := d.read("#amr"); amr != "pwd sms mfa" {
		t.Errorf("amr %q", amr)
	}
	if n := len(inbox(t, folder, "sms", phone)); n != 1 {
		t.Errorf("%d messages", n)
	}

	// A code is good in the browser it was asked for from; a call brings one too.
	one, two := newDesk(t, browser, "en"), newDesk(t, browser, "en")
	for _, d := range []*desk{one, two} {
		d.open(demo.bank)
		d.click("#sign-in-strong")
		d.identify(giulia)
		d.shows(codeField)
	}
	two.other("sms-otp/voice")
	call := arrives(t, folder, "voice", phone, 1)
	spoken := strings.ReplaceAll(regexp.MustCompile(`[0-9](, [0-9]){5}`).FindString(call.Body), ", ", "")
	two.shows(codeField)
	if code := code6.FindString(arrives(t, folder, "sms", phone, 2).Body); code != spoken {
		two.send(code)
		two.await(settled(`document.querySelector("[role=alert]")`))
	}
	two.send(spoken)
	two.shows("#movements")
	if amr := two.read("#amr"); amr != "pwd tel mfa" {
		t.Errorf("amr %q", amr)
	}

	// On the own page: an address is bound, and signs in by itself, to one factor.
	const mailbox = "giulia@example.com"
	two.open(demo.account)
	two.click(`form:has(input[name=method][value=email-otp]) button`)
	two.fill(`input[autocomplete=email]`, mailbox)
	two.click(sendButton)
	two.shows(codeField)
	mail := arrives(t, folder, "email", mailbox, 1)
	if mail.Subject != "Banca Demo: conferma dell'indirizzo e-mail" { // the language that the bank knows of her
		t.Errorf("the subject is %q", mail.Subject)
	}
	two.send(code6.FindString(mail.Body))
	two.await(settled(`location.search === "?done=bound" && document.querySelector("[role=status]")`))
	three := newDesk(t, browser, "en")
	three.open(demo.bank)
	three.click("#sign-in")
	three.other("email-otp")
	three.fill(nameField, giulia.Username)
	three.click(sendButton)
	three.shows(codeField)
	if said := three.text(); strings.Contains(said, "example.com") {
		t.Errorf("a name alone shows an address: %s", said)
	}
	three.send(code6.FindString(arrives(t, folder, "email", mailbox, 2).Body))
	three.shows("#balance")
	if acr, amr := three.read("#acr"), three.read("#amr"); acr != acrOne || amr != "otp" {
		t.Errorf("acr %q, amr %q", acr, amr)
	}
	// A name that does not exist gets the same page, and nothing is sent.
	four := newDesk(t, browser, "en")
	four.open(demo.bank)
	four.click("#sign-in")
	four.other("email-otp")
	four.fill(nameField, "nobody.here")
	four.click(sendButton)
	four.shows(codeField)
	four.send("123456")
	four.await(settled(`document.querySelector("[role=alert]")`))
}

// TestACodeExpires waits out the shortest lifetime of a code, with the built program and no browser.
func TestACodeExpires(t *testing.T) {
	t.Parallel()
	in := install(t, relyingParty("rp", client{"acr_default": acrStrong}))
	folder := filepath.Join(in.dir, "inbox")
	in.config["plugins"] = map[string]any{
		"password": map[string]any{}, "inbox": map[string]any{"config": map[string]any{"directory": folder}},
		"sms-otp": map[string]any{"config": map[string]any{"lifetime_minutes": 1, "default_region": "IT"}},
	}
	in.config["policy"] = map[string]any{"levels": []any{
		map[string]any{"acr": acrOne, "any_of": [][]string{{"password"}}, "factors": 1},
		map[string]any{"acr": acrStrong, "any_of": [][]string{{"password", "sms-otp/sms"}}, "factors": 2},
	}}
	in.save(t)
	p := &person{Username: "maria", Password: "pw " + randomText(15)}
	form := filepath.Join(in.dir, "phone.json")
	write(t, form, []byte(`{"phone":"333 7654321"}`))
	in.varco(t, p.Password, "subscriber", "add", p.Username, "--name", "Maria", "--password-stdin", "--credential", "sms-otp="+form)
	in.start(t)

	c := in.goClient(t, "rp")
	v := in.visitor(t)
	v.open(c.begin().url)
	v.answer(p) // the name and the password
	sms := arrives(t, folder, "sms", "+393337654321", 1)
	late := func() {
		f, name := v.page.field("one-time-code")
		if f == nil {
			t.Fatalf("the page is %q: %s", v.page.title, v.page.text)
		}
		v.submit(f, button{}, url.Values{name: {code6.FindString(sms.Body)}})
	}
	time.Sleep(time.Until(sms.ExpiresAt) + time.Second)
	late()
	if v.left != nil || !strings.Contains(v.page.text, "This code does not count any more.") {
		t.Fatalf("after its time the page says: %v", v.page)
	}
	f, b := v.page.button("Send another code")
	if f == nil {
		t.Fatalf("no way to get another code: %s", v.page.text)
	}
	v.submit(f, b, nil)
	sms = arrives(t, folder, "sms", "+393337654321", 2)
	late()
	if v.left == nil {
		t.Fatalf("the new code does not count: %s", v.page.text)
	}
}
