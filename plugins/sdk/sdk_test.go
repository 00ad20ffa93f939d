package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

// everything offers every service and says in its answers what it was asked.
type everything struct{ sdk.Stateless }

func (everything) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{Name: "everything", Version: "1.0.0", Methods: []sdk.Method{{ID: "m", Title: "t", Factors: []sdk.Factor{sdk.FactorKnowledge}}},
		Texts: map[string]map[string]string{"en": {"t": "T"}}}, nil
}

func (everything) ValidateConfig(_ context.Context, cfg sdk.Configuration) ([]sdk.Problem, error) {
	if string(cfg.JSON) == `{"bad":1}` {
		return []sdk.Problem{{Pointer: "/bad", Message: "remove it"}}, nil
	}
	return nil, nil
}

func echo(op string, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if r.Inputs["panic"] != "" {
		panic("on purpose")
	}
	if r.Inputs["nil"] != "" {
		return nil, nil
	}
	return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{}, State: []byte(op + " " + r.Context.FlowID)}, nil
}

func (everything) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return echo("begin", r)
}

func (everything) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return echo("continue", r)
}

func (everything) Cancel(_ context.Context, r *sdk.StepRequest) error {
	return errors.New("cancel " + r.Context.FlowID)
}

func (everything) BeginEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return echo("begin enroll", r)
}

func (everything) ContinueEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return echo("continue enroll", r)
}

func (everything) Revoke(_ context.Context, id string, c sdk.Credential) error {
	return errors.New("revoke " + id + " " + c.ID)
}

func (everything) ImportCredentials(_ context.Context, id string, in []sdk.ImportInput) ([]sdk.ImportResult, error) {
	return []sdk.ImportResult{{Error: id + " " + in[0].Subject.ID}}, nil
}

func (everything) HandleCallback(_ context.Context, r *sdk.CallbackRequest) (*sdk.CallbackResponse, error) {
	return &sdk.CallbackResponse{Status: 204, Header: r.Header, Signals: map[string][]byte{"flow": r.Body}}, nil
}

func (everything) Lookup(_ context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	return &sdk.LegacyResponse{Result: sdk.LegacyMatch, State: []byte("lookup " + r.Name)}, nil
}

func (everything) Verify(_ context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	return &sdk.LegacyResponse{Result: sdk.LegacyChallenge, State: []byte("verify " + r.Secret)}, nil
}

func (everything) MarkMigrated(_ context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	return &sdk.LegacyResponse{Result: sdk.LegacyMatch, State: []byte("mark " + r.Name)}, nil
}

func (everything) Restore(_ context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	return &sdk.LegacyResponse{Result: sdk.LegacyMatch, State: []byte("restore " + r.Name)}, nil
}

func (everything) Send(_ context.Context, m sdk.Message) (*sdk.SendResult, error) {
	return &sdk.SendResult{Accepted: true, ProviderID: m.To}, nil
}

func (everything) HandleDelivery(_ context.Context, r *sdk.DeliveryReport) (*sdk.CallbackResponse, error) {
	return &sdk.CallbackResponse{CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeRevoke, CredentialID: r.Credential.ID}}}, nil
}

func (everything) Assess(_ context.Context, r *sdk.RiskRequest) (*sdk.RiskAssessment, error) {
	return &sdk.RiskAssessment{Verdict: sdk.RiskStepUp, Reasons: []string{r.Context.FlowID, string(r.Operation)}}, nil
}

func (everything) Wrap(_ context.Context, _, key string, plain, ad []byte) ([]byte, error) {
	return fmt.Appendf(nil, "wrap %s %s %s", key, plain, ad), nil
}

func (everything) Unwrap(_ context.Context, _, key string, sealed, ad []byte) ([]byte, error) {
	return fmt.Appendf(nil, "unwrap %s %s %s", key, sealed, ad), nil
}

func (everything) Sign(_ context.Context, _, key string, digest []byte) ([]byte, error) {
	return fmt.Appendf(nil, "sign %s %s", key, digest), nil
}

// Every call arrives at its own method with its arguments, and every answer comes back.
func TestEveryService(t *testing.T) {
	t.Parallel()
	ctx, p := t.Context(), sdktest.Start(t, everything{}, "")
	step := &sdk.StepRequest{Context: sdk.StepContext{FlowID: "f"}}
	state := func(r *sdk.StepResponse, err error) string {
		if err != nil {
			return err.Error()
		}
		return string(r.State)
	}
	legacy := func(r *sdk.LegacyResponse, err error) string {
		if err != nil {
			return err.Error()
		}
		return string(r.State)
	}
	raw := func(b []byte, err error) string { return string(b) + fmt.Sprint(err) }
	in := sdk.LegacyRequest{Name: "alice", Secret: "pw"}
	imported, err := p.ImportCredentials(ctx, "i", []sdk.ImportInput{{Subject: sdk.Subject{ID: "alice"}}})
	if err != nil {
		t.Fatal(err)
	}
	callback, err := p.HandleCallback(ctx, &sdk.CallbackRequest{Header: http.Header{"X-A": {"1", "2"}}, Body: []byte("body")})
	if err != nil {
		t.Fatal(err)
	}
	sent, err := p.Send(ctx, sdk.Message{To: "+39"})
	if err != nil {
		t.Fatal(err)
	}
	report, err := p.HandleDelivery(ctx, &sdk.DeliveryReport{Status: sdk.DeliveryGone, Credential: &sdk.Credential{ID: "c"}})
	if err != nil {
		t.Fatal(err)
	}
	risk, err := p.Assess(ctx, &sdk.RiskRequest{Context: step.Context, Operation: sdk.OperationSend})
	if err != nil {
		t.Fatal(err)
	}
	problems, err := p.ValidateConfig(ctx, sdk.Configuration{JSON: []byte(`{"bad":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	health, err := p.Check(ctx, "i")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ got, want any }{
		"begin":           {state(p.Begin(ctx, step)), "begin f"},
		"continue":        {state(p.Continue(ctx, step)), "continue f"},
		"begin enroll":    {state(p.BeginEnroll(ctx, step)), "begin enroll f"},
		"continue enroll": {state(p.ContinueEnroll(ctx, step)), "continue enroll f"},
		"cancel":          {status.Convert(p.Cancel(ctx, step)).Message(), "cancel f"},
		"revoke":          {status.Convert(p.Revoke(ctx, "i", sdk.Credential{ID: "c"})).Message(), "revoke i c"},
		"import":          {imported, []sdk.ImportResult{{Error: "i alice"}}},
		"lookup":          {legacy(p.Lookup(ctx, in)), "lookup alice"},
		"verify":          {legacy(p.Verify(ctx, in)), "verify pw"},
		"mark migrated":   {legacy(p.MarkMigrated(ctx, in)), "mark alice"},
		"restore":         {legacy(p.Restore(ctx, in)), "restore alice"},
		"wrap":            {raw(p.Wrap(ctx, "i", "k", []byte("p"), []byte("ad"))), "wrap k p ad<nil>"},
		"unwrap":          {raw(p.Unwrap(ctx, "i", "k", []byte("c"), []byte("ad"))), "unwrap k c ad<nil>"},
		"sign":            {raw(p.Sign(ctx, "i", "k", []byte("d"))), "sign k d<nil>"},
		"callback":        {callback, &sdk.CallbackResponse{Status: 204, Header: http.Header{"X-A": {"1", "2"}}, Signals: map[string][]byte{"flow": []byte("body")}}},
		"send":            {sent, &sdk.SendResult{Accepted: true, ProviderID: "+39"}},
		"assess":          {risk, &sdk.RiskAssessment{Verdict: sdk.RiskStepUp, Reasons: []string{"f", "send"}}},
		"delivery":        {report, &sdk.CallbackResponse{CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeRevoke, CredentialID: "c"}}}},
		"problems":        {problems, []sdk.Problem{{Pointer: "/bad", Message: "remove it"}}},
		"check":           {health, sdk.Health{OK: true}},
		"remove":          {p.Remove(ctx, "i"), nil},
		"services": {p.Description.Services, []sdk.Service{sdk.ServiceAuthenticator, sdk.ServiceEnrollment, sdk.ServiceCallbacks,
			sdk.ServiceLegacySource, sdk.ServiceDeliveryChannel, sdk.ServiceRiskSource, sdk.ServiceKeyService}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, c.got, c.want)
		}
	}
}

func TestPluginMistakesAreStatuses(t *testing.T) {
	t.Parallel()
	p := sdktest.Start(t, everything{}, "")
	for _, input := range []string{"panic", "nil"} {
		_, err := p.Begin(t.Context(), &sdk.StepRequest{Inputs: map[string]string{input: "1"}})
		if status.Code(err) != codes.Internal {
			t.Errorf("%s: %v", input, err)
		}
	}
	if _, err := p.Begin(t.Context(), &sdk.StepRequest{}); err != nil {
		t.Errorf("after a panic: %v", err)
	}
	if _, err := p.Begin(t.Context(), &sdk.StepRequest{Context: sdk.StepContext{Intent: "conquest"}}); err == nil {
		t.Error("an intent outside the contract was sent")
	}
}

// lifecycleOnly has the embedded no-ops and nothing else.
type lifecycleOnly struct{ sdk.Stateless }

func (lifecycleOnly) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{Name: "nothing", Version: "1"}, nil
}

func TestMissingServicesAreUnimplemented(t *testing.T) {
	t.Parallel()
	p := sdktest.Start(t, lifecycleOnly{}, "")
	if len(p.Description.Services) != 0 {
		t.Errorf("services %v", p.Description.Services)
	}
	if _, err := p.Begin(t.Context(), &sdk.StepRequest{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("begin: %v", err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("directory is down")
	for _, c := range []struct {
		err  error
		want codes.Code
	}{
		{sdk.Unavailable(cause), codes.Unavailable},
		{sdk.Unavailable(nil), codes.Unavailable},
		{sdk.Unavailable(fmt.Errorf("dial: %w", context.DeadlineExceeded)), codes.DeadlineExceeded},
		{sdk.ResourceExhausted(time.Minute), codes.ResourceExhausted},
		{sdk.ResourceExhausted(0), codes.ResourceExhausted},
		{sdk.NotConfigured(cause), codes.FailedPrecondition},
		{sdk.Aborted(cause), codes.Aborted},
		{fmt.Errorf("send: %w", sdk.Aborted(cause)), codes.Aborted},
	} {
		if got := status.Code(c.err); got != c.want {
			t.Errorf("%v: %v, want %v", c.err, got, c.want)
		}
	}
	details := status.Convert(sdk.ResourceExhausted(time.Minute)).Details()
	if len(details) != 1 || details[0].(*errdetails.RetryInfo).GetRetryDelay().AsDuration() != time.Minute {
		t.Errorf("details %v", details)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	got := sdk.Texts(fstest.MapFS{
		"texts/en.json": {Data: []byte(`{"a": "A"}`)}, "texts/it.json": {Data: []byte(`{"a": "À"}`)}, "texts/README": {Data: []byte("x")},
	})
	if want := (map[string]map[string]string{"en": {"a": "A"}, "it": {"a": "À"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	lone := []string{"name"}
	for name, mistake := range map[string]func(){
		"not JSON":         func() { sdk.Texts(fstest.MapFS{"en.json": {Data: []byte("{")}}) },
		"a lone parameter": func() { sdk.T("key", lone...) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			mistake()
		}()
	}
}

// What a plugin author compiles in is kept small: the standard library, go-plugin, hclog, gRPC, protobuf, and what
// those themselves need.
func TestPurity(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{
		"github.com/varco-id/varco",
		"github.com/hashicorp/go-plugin", "github.com/hashicorp/go-hclog", "google.golang.org/grpc", "google.golang.org/protobuf",
		// needed by those
		"github.com/hashicorp/yamux", "github.com/oklog/run", "github.com/golang/protobuf", "github.com/fatih/color",
		"github.com/mattn/go-colorable", "github.com/mattn/go-isatty", "google.golang.org/genproto/googleapis/rpc",
		"golang.org/x/net", "golang.org/x/sys", "golang.org/x/text",
	}
	for module := range strings.FieldsSeq(string(out)) {
		if !slices.Contains(allowed, module) {
			t.Errorf("plugins/sdk needs %s", module)
		}
	}
	out, err = exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(path, "github.com/varco-id/varco/") && !strings.HasPrefix(path, "github.com/varco-id/varco/plugins/sdk") {
			t.Errorf("plugins/sdk imports %s", path)
		}
	}
}
