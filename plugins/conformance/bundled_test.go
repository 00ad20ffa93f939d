package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/varco-id/varco/plugins/conformance"
	"github.com/varco-id/varco/plugins/emailotp"
	"github.com/varco-id/varco/plugins/inbox"
	"github.com/varco-id/varco/plugins/oath"
	"github.com/varco-id/varco/plugins/passkey"
	"github.com/varco-id/varco/plugins/passkey/passkeytest"
	"github.com/varco-id/varco/plugins/password"
	"github.com/varco-id/varco/plugins/recoverycodes"
	"github.com/varco-id/varco/plugins/riskhttp"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/smsotp"
	"github.com/varco-id/varco/plugins/smtp"
	"github.com/varco-id/varco/plugins/totp"
	"github.com/varco-id/varco/plugins/twilio"
	"github.com/varco-id/varco/plugins/webhook"
)

// bundled are the plugins that come with the varco binary, by the folder that holds them and their conformance.yaml.
var bundled = map[string]func() sdk.Plugin{
	"emailotp":      func() sdk.Plugin { return emailotp.New() },
	"inbox":         func() sdk.Plugin { return inbox.New() },
	"oath":          func() sdk.Plugin { return oath.New() },
	"passkey":       func() sdk.Plugin { return passkey.New() },
	"password":      func() sdk.Plugin { return password.New() },
	"recoverycodes": func() sdk.Plugin { return recoverycodes.New() },
	"riskhttp":      func() sdk.Plugin { return riskhttp.New() },
	"security-key":  func() sdk.Plugin { return passkey.NewSecurityKey() },
	"smsotp":        func() sdk.Plugin { return smsotp.New() },
	"smtp":          func() sdk.Plugin { return smtp.New() },
	"totp":          func() sdk.Plugin { return totp.New() },
	"twilio":        func() sdk.Plugin { return twilio.New() },
	"webhook":       func() sdk.Plugin { return webhook.New() },
}

// signsNobodyIn are the plugins that are no authenticators.
var signsNobodyIn = []string{"inbox", "riskhttp", "smtp", "twilio", "webhook"}

func TestBundledPluginsConform(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name := range bundled {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, script := conformance.Options{}, "../"+name
			switch name {
			case "security-key":
				script = "../passkey/security-key.yaml"
				fallthrough
			case "passkey":
				o.Answerer = newBrowser().answer
			}
			report := check(t, o, script, self, "plugin", name)
			mustBreak(t, report)
			for _, r := range report.Results {
				if r.Rule == "steps.right" && r.Status == conformance.NotApplicable && !slices.Contains(signsNobodyIn, name) {
					t.Errorf("nobody signed in: %s", r.Why)
				}
			}
		})
	}
}

// browser answers for people with a passkey: a browser with an authenticator, in software.
type browser struct {
	authenticator passkeytest.Authenticator

	mu   sync.Mutex
	keys map[string]*passkeytest.Key // by the memory of the person
}

func newBrowser() *browser {
	return &browser{keys: map[string]*passkeytest.Key{}, authenticator: passkeytest.Authenticator{
		Origin: "https://bank.test", Flags: passkeytest.UserPresent | passkeytest.UserVerified}}
}

func (b *browser) answer(_ context.Context, command []string, q conformance.Question) (*conformance.Answer, error) {
	var options []byte
	for _, n := range q.View.Nodes {
		if n.WebAuthn != nil {
			options = n.WebAuthn.Options
		}
	}
	if options == nil {
		return nil, errors.New("the page asks for no ceremony")
	}
	if q.Step == "enrol" {
		key, answer, err := b.authenticator.Create(options)
		if err != nil {
			return nil, err
		}
		memory, err := json.Marshal(key.ID)
		if err != nil {
			return nil, err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.keys[string(memory)] = key
		return &conformance.Answer{Inputs: map[string]string{"webauthn": answer}, Memory: memory}, nil
	}
	b.mu.Lock()
	held := b.keys[string(q.Memory)]
	b.mu.Unlock()
	if held == nil {
		return nil, errors.New("the person holds no passkey")
	}
	key, a := *held, b.authenticator
	if command[0] == "phishing" {
		a.Origin = "https://bank.test.example"
	}
	answer, err := a.Get(options, &key)
	return &conformance.Answer{Inputs: map[string]string{"webauthn": answer}}, err
}
