package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/varco-id/varco/provider/internal/callback/callbacktest"
	"github.com/varco-id/varco/provider/internal/web/webtest"
)

const acrPhone = "urn:varco:phone"

// phoneBank is an installation whose people approve logins on a phone: a plugin that waits, and is called from outside.
type phoneBank struct {
	*installation
	server *process
}

func newPhoneBank(t *testing.T, config map[string]any, clients ...client) *phoneBank {
	t.Helper()
	in := install(t, clients...)
	program := filepath.Join(in.dir, "phone")
	build := exec.Command("go", "build", "-o", program, "./testdata/phone")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the plugin: %v\n%s", err, out)
	}
	in.config["development"] = true // nothing is pinned
	in.config["plugins"] = map[string]any{"password": map[string]any{}, "phone": map[string]any{"command": []string{program}, "config": config}}
	in.config["policy"] = map[string]any{"default": acrOne, "levels": []any{
		map[string]any{"acr": acrOne, "any_of": [][]string{{"password"}}, "factors": 1},
		map[string]any{"acr": acrPhone, "any_of": [][]string{{"password", "phone/push"}, {"password", "phone/portal"}}, "factors": 2},
	}}
	in.save(t)
	return &phoneBank{installation: in, server: in.start(t)}
}

// person adds somebody with a phone.
func (b *phoneBank) person(t *testing.T, name string) (*person, *callbacktest.Phone) {
	t.Helper()
	phone, err := callbacktest.NewPhone(b.issuer+"/plugins/phone", name+"-phone", b.http)
	if err != nil {
		t.Fatal(err)
	}
	text, err := phone.Import("")
	if err != nil {
		t.Fatal(err)
	}
	form := filepath.Join(b.dir, name+".phone.json")
	write(t, form, text)
	p := &person{Username: name, Password: "pw " + randomText(15)}
	b.canary.keep("password of "+name, p.Password)
	b.varco(t, p.Password, "subscriber", "add", name, "--email", name+"@bank.test", "--password-stdin", "--credential", "phone="+form)
	return p, phone
}

// decide waits until something waits for the phone, and answers it.
func decide(t *testing.T, phone *callbacktest.Phone, decision string) {
	t.Helper()
	var waiting []string
	waitFor(t, "the phone is asked", func() bool {
		list, err := phone.Operations()
		if err != nil {
			t.Fatal(err)
		}
		waiting = list
		return len(list) > 0
	})
	if status, err := phone.Answer(waiting[0], decision); err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d, %v", decision, status, err)
	}
}

// A page in a browser waits for a phone and goes on by itself; one without script does the same by looking again.
func TestCallback(t *testing.T) {
	t.Parallel()
	whole := t
	app := listen(t)
	bank := newPhoneBank(t, map[string]any{}, relyingParty("web", client{"acr_default": acrPhone, "redirect_uris": []string{app.url + "/callback", callback}}))
	anna, phone := bank.person(t, "anna")

	t.Run("in a browser", func(t *testing.T) {
		rp := bank.goClient(t, "web")
		rp.RedirectURL = app.url + "/callback"
		request := rp.begin()
		d := newDesk(t, webtest.Browser(t), "en")
		d.open(request.url)
		d.identify(anna)
		d.shows(`[data-wait]`)
		webtest.Axe(t, d.Tab, "waiting for a phone")
		decide(t, phone, "approve")
		var claims struct {
			ACR string
			AMR []string
		}
		if err := rp.redeem(request, app.answer(t)).id.Claims(&claims); err != nil {
			t.Fatal(err)
		}
		if claims.ACR != acrPhone || !slices.Contains(claims.AMR, "hwk") || !slices.Contains(claims.AMR, "pwd") {
			t.Errorf("signed in with %+v", claims)
		}
	})
	t.Run("refused in a browser", func(t *testing.T) {
		request := bank.goClient(t, "web").begin()
		d := newDesk(t, webtest.Browser(t), "en")
		d.expected = append(d.expected, "403")
		d.open(request.url)
		d.identify(anna)
		d.shows(`[data-wait]`)
		decide(t, phone, "deny")
		d.await(settled(`document.querySelector("[data-wait]") === null && document.querySelector(".notice") !== null`))
	})
	t.Run("without script", func(t *testing.T) {
		web := bank.goClient(t, "web")
		v, request := bank.visitor(t), web.begin()
		v.open(request.url)
		v.answer(anna)
		res, err := v.send(http.MethodGet, v.page.url.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(readAll(t, res.Body)); !strings.Contains(text, `<noscript><meta http-equiv="refresh"`) {
			t.Errorf("the page does not look again by itself: %s", text)
		}
		decide(t, phone, "approve")
		v.untilGone(never)
		web.redeem(request, v.left.params())
	})
	t.Run("the server is killed after the phone's answer", func(t *testing.T) {
		web := bank.goClient(t, "web")
		v, request := bank.visitor(t), web.begin()
		v.open(request.url)
		v.answer(anna)
		decide(t, phone, "approve")
		bank.server.end(syscall.SIGKILL)
		bank.server = bank.start(whole)
		v.untilGone(never)
		web.redeem(request, v.left.params())
	})
	t.Run("its keys are made, rotated and handed over", func(t *testing.T) {
		type key struct{ KID, Instance, Name, Kind, State string }
		list := func() []key {
			t.Helper()
			var all struct{ Instances []key }
			if err := json.Unmarshal(bank.varco(t, "", "keys", "list"), &all); err != nil {
				t.Fatal(err)
			}
			return all.Instances
		}
		before := list()
		if len(before) != 2 || before[0].Name != "operation" || before[0].Kind != "ES256" || before[1].Kind != "hmac-sha256" || before[0].State != "in use" {
			t.Fatalf("keys: %+v", before)
		}
		bank.varco(t, "", "keys", "rotate", "--instance", "phone", "--key", "operation")
		after := list()
		if len(after) != 3 || after[0].State != "in use" || after[1].State != "kept" || after[1].KID != before[0].KID {
			t.Fatalf("rotated keys: %+v", after)
		}
		bank.varco(t, "", "keys", "revoke", before[0].KID)
		if left := list(); len(left) != 2 || left[0].KID != after[0].KID {
			t.Errorf("after a revocation: %+v", left)
		}
		web := bank.goClient(t, "web")
		v, request := bank.visitor(t), web.begin()
		v.open(request.url)
		v.answer(anna)
		decide(t, phone, "approve")
		v.untilGone(never)
		web.redeem(request, v.left.params())
	})
}

// Another system is asked about again and again by the server's own timer.
func TestPolledLogin(t *testing.T) {
	t.Parallel()
	bank := newPhoneBank(t, map[string]any{"poll_after": 500}, relyingParty("web", client{"acr_default": acrPhone}))
	anna, _ := bank.person(t, "anna")
	web := bank.goClient(t, "web")
	v, request := bank.visitor(t), web.begin()
	v.open(request.url)
	v.answer(anna)
	v.untilGone(never)
	web.redeem(request, v.left.params())
}
