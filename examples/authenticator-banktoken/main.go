// Command authenticator-banktoken connects the mobile token that a bank already has, which lives at its vendor behind an HTTP
// service: a login asks the vendor for an approval, the person answers in the vendor's app, and Varco learns of it by the vendor's
// callback, or by asking. It imports nothing of Varco but the SDK. README.md walks through it.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

//go:embed texts
var texts embed.FS

//go:embed config.schema.json
var configSchema []byte

// config is an instance's configuration.
type config struct {
	URL         string `json:"url"`          // of the vendor's service
	APIKey      string `json:"api_key"`      // proves to the vendor who asks
	CallbackKey string `json:"callback_key"` // signs the vendor's callbacks
	PollSeconds int    `json:"poll_seconds"` // how often the vendor is asked while a flow waits
}

// plugin keeps its configurations, and nothing of any login: whatever it needs to go on is in the state it returns.
type plugin struct {
	sdk.Stateless
	vendors sync.Map // instance → *vendor
}

var _ interface {
	sdk.Plugin
	sdk.Authenticator
	sdk.Enrollment
	sdk.Callbacks
} = (*plugin)(nil)

func (*plugin) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name: "banktoken", Version: "1.0.0", CredentialType: "banktoken-device", StateVersion: 1,
		ConfigSchema: configSchema, Texts: sdk.Texts(texts), StepTimeout: 5 * time.Second,
		Methods: []sdk.Method{{ID: "approve", Title: "banktoken.name", Factors: []sdk.Factor{sdk.FactorPossession}, AMR: []string{"swk"}}},
		// A device's id at the vendor is its credential's handle: so the host finds whose callback it is.
		Routes: []sdk.Route{{Name: "event", Method: http.MethodPost, Path: "event", HandleIn: "json:/device", Headers: []string{signatureHeader}}},
	}, nil
}

func parseConfig(raw []byte) (config, []sdk.Problem) {
	c := config{PollSeconds: 2}
	if problems := sdk.DecodeConfig(raw, &c); len(problems) > 0 {
		return c, problems
	}
	var problems []sdk.Problem
	wrong := func(bad bool, pointer, message string) {
		if bad {
			problems = append(problems, sdk.Problem{Pointer: pointer, Message: message})
		}
	}
	u, err := url.Parse(c.URL)
	wrong(err != nil || u.Host == "" || (u.Scheme != "https" && u.Hostname() != "127.0.0.1"), "/url", "give the https URL of the vendor's service")
	const key = "give the key agreed with the vendor, at least 32 characters"
	wrong(len(c.APIKey) < 32, "/api_key", key)
	wrong(len(c.CallbackKey) < 32, "/callback_key", key)
	wrong(c.PollSeconds < 1 || c.PollSeconds > 60, "/poll_seconds", "give 1 to 60 seconds")
	return c, problems
}

func (*plugin) ValidateConfig(_ context.Context, c sdk.Configuration) ([]sdk.Problem, error) {
	_, problems := parseConfig(c.JSON)
	return problems, nil
}

func (p *plugin) Configure(_ context.Context, c sdk.Configuration) error {
	parsed, problems := parseConfig(c.JSON)
	if len(problems) > 0 {
		return sdk.NotConfigured(fmt.Errorf("%s: %s", problems[0].Pointer, problems[0].Message))
	}
	p.vendors.Store(c.InstanceID, newVendor(parsed))
	return nil
}

func (p *plugin) Check(_ context.Context, instanceID string) (sdk.Health, error) {
	_, err := p.vendor(instanceID)
	return sdk.Health{OK: err == nil}, err
}

func (p *plugin) Remove(_ context.Context, instanceID string) error {
	p.vendors.Delete(instanceID)
	return nil
}

func (p *plugin) vendor(instanceID string) (*vendor, error) {
	if v, ok := p.vendors.Load(instanceID); ok {
		return v.(*vendor), nil
	}
	return nil, sdk.NotConfigured(fmt.Errorf("instance %q is not configured", instanceID))
}

// ImportCredentials takes over enrolments that the vendor has: {"device": "the vendor's id of it", "label": "Anna's phone"}.
func (*plugin) ImportCredentials(_ context.Context, _ string, inputs []sdk.ImportInput) ([]sdk.ImportResult, error) {
	results := make([]sdk.ImportResult, len(inputs))
	for i, input := range inputs {
		var in struct{ Device, Label string }
		if json.Unmarshal(input.JSON, &in) != nil || !vendorID.MatchString(in.Device) {
			results[i].Error = `want {"device": "ID AT THE VENDOR", "label": "…"}, the id 8 to 128 letters, digits, _ or -`
			continue
		}
		results[i].Change = sdk.CredentialChange{Kind: sdk.ChangeCreate, Handle: in.Device, Label: in.Label, Data: []byte(in.Device), Version: 1}
	}
	return results, nil
}

// Revoke tells the vendor that a device was removed here. One that the vendor removed first is as good.
func (p *plugin) Revoke(ctx context.Context, instanceID string, c sdk.Credential) error {
	v, err := p.vendor(instanceID)
	if err != nil {
		return err
	}
	if err := v.call(ctx, http.MethodDelete, "/v1/devices/"+string(c.Data), "", nil, nil); err != nil && !errors.Is(err, errGone) {
		return sdk.Unavailable(err)
	}
	return nil
}

// Phones are enrolled in the vendor's own app, so there is nothing to bind on a page.
func (*plugin) BeginEnroll(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}}, nil
}

func (p *plugin) ContinueEnroll(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return p.BeginEnroll(ctx, r)
}

func main() { sdk.Serve(&plugin{}) }
