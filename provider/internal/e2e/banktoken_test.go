package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/varco-id/varco/examples/authenticator-banktoken/tokenvendor"
)

const acrToken = "urn:varco:token"

// tokenBank is an installation whose people have the bank's existing mobile token.
type tokenBank struct {
	*installation
	vendor *tokenvendor.Server
	server *process
}

// newTokenBank builds the example, pins it, and starts everything. With callbacks the vendor tells of answers; without, it is asked.
func newTokenBank(t *testing.T, callbacks bool) *tokenBank {
	t.Helper()
	in := install(t, relyingParty("web", client{"acr_default": acrToken}))
	program := filepath.Join(in.dir, "banktoken")
	build := exec.Command("go", "build", "-o", program, "github.com/varco-id/varco/examples/authenticator-banktoken")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the example: %v\n%s", err, out)
	}
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(content)
	b := &tokenBank{installation: in, vendor: tokenvendor.New(randomText(32), randomText(32))}
	if callbacks {
		b.vendor.CallbackURL, b.vendor.HTTP, b.vendor.Repeat = in.issuer+"/plugins/token/event", in.http, 1 // each comes twice
	}
	service := httptest.NewServer(b.vendor)
	t.Cleanup(service.Close)
	in.canary.keep("API key of the vendor", b.vendor.APIKey)
	in.canary.keep("callback key of the vendor", b.vendor.CallbackKey)
	write(t, filepath.Join(in.dir, "api.key"), []byte(b.vendor.APIKey))
	write(t, filepath.Join(in.dir, "callback.key"), []byte(b.vendor.CallbackKey))
	poll := 1
	if callbacks {
		poll = 60 // too late for anybody's patience
	}
	in.config["plugins"] = map[string]any{"password": map[string]any{}, "totp": map[string]any{}, "token": map[string]any{
		"command": []string{program}, "sha256": hex.EncodeToString(digest[:]), "config": map[string]any{"url": service.URL, "poll_seconds": poll},
		"secrets": map[string]any{"api_key": map[string]any{"file": "api.key"}, "callback_key": map[string]any{"file": "callback.key"}},
	}}
	in.config["policy"] = map[string]any{"default": acrOne, "levels": []any{
		map[string]any{"acr": acrOne, "any_of": [][]string{{"password"}}, "factors": 1},
		map[string]any{"acr": acrToken, "any_of": [][]string{{"password", "token"}, {"password", "totp"}}, "factors": 2},
	}}
	in.save(t)
	b.server = in.start(t)
	return b
}

// person adds somebody whose phone the vendor has known for long.
func (b *tokenBank) person(t *testing.T, name string) (*person, string) {
	t.Helper()
	device := name + "-phone-1"
	b.vendor.Enrol(device)
	form := filepath.Join(b.dir, name+".token.json")
	write(t, form, []byte(`{"device": "`+device+`", "label": "Phone of `+name+`"}`))
	p := &person{Username: name, Password: "pw " + randomText(15)}
	b.canary.keep("password of "+name, p.Password)
	b.varco(t, p.Password, "subscriber", "add", name, "--email", name+"@bank.test", "--password-stdin", "--credential", "token="+form)
	return p, device
}

// asked is what a phone shows, once it shows something new.
func (b *tokenBank) asked(t *testing.T, device string, before int) tokenvendor.Approval {
	t.Helper()
	waitFor(t, "the phone is asked", func() bool { return len(b.vendor.Shown(device)) > before })
	return b.vendor.Shown(device)[before]
}

// untilGone looks at the page again, as its script and its button do, until the visitor is elsewhere.
func (v *visitor) untilGone(condition func(*page) bool) {
	v.t.Helper()
	at := v.page.url.String()
	waitFor(v.t, "the page goes on", func() bool {
		if p, err := v.try("GET", at, nil); err != nil {
			v.t.Fatal(err)
		} else if p == nil || condition(p) {
			return true
		}
		return false
	})
}

func never(*page) bool { return false }

// Somebody with the bank's existing token signs in: the vendor tells of the answer, or is asked; the phone says no; the vendor removes the
// phone, or the bank does.
func TestBankToken(t *testing.T) {
	t.Parallel()
	for name, callbacks := range map[string]bool{"by callback": true, "by asking": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newTokenBank(t, callbacks)
			web := b.goClient(t, "web")
			anna, phone := b.person(t, "anna")
			v, request := b.visitor(t), web.begin()
			v.open(request.url)
			v.answer(anna)
			shown := b.asked(t, phone, 0)
			if v.page == nil || !strings.Contains(v.page.text, shown.Number) || shown.Text != "Prova web" {
				t.Fatalf("the phone shows %+v, the page %+v", shown, v.page)
			}
			if err := b.vendor.Answer(shown.ID, "approved"); err != nil {
				t.Fatal(err)
			}
			v.untilGone(never)
			var claims struct {
				ACR string
				AMR []string
			}
			if err := web.redeem(request, v.left.params()).id.Claims(&claims); err != nil {
				t.Fatal(err)
			}
			if claims.ACR != acrToken || !slices.Contains(claims.AMR, "swk") || !slices.Contains(claims.AMR, "mfa") {
				t.Errorf("signed in with %+v", claims)
			}
			if n := len(b.vendor.Shown(phone)); n != 1 {
				t.Errorf("the phone was asked %d times", n)
			}

			v = b.visitor(t)
			v.open(web.begin().url)
			v.answer(anna)
			if err := b.vendor.Answer(b.asked(t, phone, 1).ID, "denied"); err != nil {
				t.Fatal(err)
			}
			v.untilGone(func(p *page) bool { return !strings.Contains(p.text, "Waiting for your answer") })
			if v.left != nil {
				t.Fatalf("denied, and sent to %s", v.left.URL)
			}
		})
	}
}

// The plugin is killed while the vendor does what it asked: the call is repeated with its key, and the phone rings once.
func TestBankTokenIsKilled(t *testing.T) {
	t.Parallel()
	b := newTokenBank(t, true)
	anna, phone := b.person(t, "anna")
	var once sync.Once
	b.vendor.Break(func(*http.Request) (fault int) {
		once.Do(func() {
			fault = tokenvendor.Lost
			for _, pid := range children(t, b.server.cmd.Process.Pid) {
				if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && bytes.Contains(line, []byte("banktoken")) {
					if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
						t.Error(err)
					}
				}
			}
		})
		return fault
	})
	web := b.goClient(t, "web")
	v, request := b.visitor(t), web.begin()
	v.open(request.url)
	v.answer(anna)
	shown := b.asked(t, phone, 0)
	if v.page == nil || !strings.Contains(v.page.text, shown.Number) {
		t.Fatalf("got %+v", v.page)
	}
	if err := b.vendor.Answer(shown.ID, "approved"); err != nil {
		t.Fatal(err)
	}
	v.untilGone(never)
	web.redeem(request, v.left.params())
	if n := len(b.vendor.Shown(phone)); n != 1 {
		t.Errorf("the phone was asked %d times", n)
	}
	if out := string(b.varco(t, "", "plugin", "list")); !strings.Contains(out, "token") {
		t.Errorf("plugin list answered %s", out)
	}
}

func TestBankTokenIsRemoved(t *testing.T) {
	t.Parallel()
	b := newTokenBank(t, true)
	web := b.goClient(t, "web")
	bruno, phone := b.person(t, "bruno")
	carla, other := b.person(t, "carla")

	// The vendor removes a phone while it is asked: its callback has the bank forget it.
	v := b.visitor(t)
	v.open(web.begin().url)
	v.answer(bruno)
	b.asked(t, phone, 0)
	b.vendor.Repeat = 0
	if err := b.vendor.Remove(phone); err != nil {
		t.Fatal(err)
	}
	if out := b.varco(t, "", "subscriber", "show", bruno.Username); bytes.Contains(out, []byte("Phone of bruno")) {
		t.Errorf("the phone is still there: %s", out)
	}

	// Here the vendor's call is lost: the next login finds out, and says so.
	b.vendor.CallbackURL = ""
	if err := b.vendor.Remove(other); err != nil {
		t.Fatal(err)
	}
	v = b.visitor(t)
	v.open(web.begin().url)
	v.answer(carla)
	if v.page == nil || !strings.Contains(v.page.text, "removed") {
		t.Fatalf("got %+v", v.page)
	}
	if out := b.varco(t, "", "subscriber", "show", carla.Username); bytes.Contains(out, []byte("Phone of carla")) {
		t.Errorf("the phone is still there: %s", out)
	}
	waitFor(t, "both removals are sealed", func() bool {
		out, _ := b.command("audit", "export").Output()
		return bytes.Count(out, []byte(`"credential.revoked"`)) == 2
	})
}
