package sdk_test

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"

	"github.com/varco-id/varco/plugins/sdk"
)

// door is the smallest authenticator: one secret for everybody. Stateless answers the lifecycle calls for it.
type door struct{ sdk.Stateless }

func (door) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name: "door", Version: "1.0.0",
		Methods: []sdk.Method{{ID: "door", Title: "name", Factors: []sdk.Factor{sdk.FactorKnowledge}, AMR: []string{"kba"}}},
		Texts:   map[string]map[string]string{"en": {"name": "Door", "word": "What is the word?", "go": "Open", "wrong": "That is not the word"}},
	}, nil
}

func question(wrong sdk.Text) sdk.View {
	return sdk.Screen(sdk.T("name"),
		sdk.Field(sdk.TextField{Name: "word", Kind: sdk.FieldPassword, Label: sdk.T("word"), Error: wrong}),
		sdk.Submit("open", sdk.T("go")))
}

// Begin asks. What is asked depends on nobody.
func (door) Begin(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return sdk.Ask(question(sdk.Text{})), nil
}

// Continue decides. What the person did wrong is an outcome; an error is for technical faults alone.
func (door) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	right := subtle.ConstantTimeCompare([]byte(r.Inputs["word"]), []byte("friend")) == 1
	if r.Context.Subject == nil || !right {
		again := question(sdk.T("wrong"))
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true, Retryable: true, View: &again}}, nil
	}
	return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"kba"}}}, nil
}

func (door) Cancel(context.Context, *sdk.StepRequest) error { return nil }

// The smallest authenticator. As a program its main is one line: sdk.Serve(door{}).
func Example() {
	ctx := context.Background()
	request := &sdk.StepRequest{Context: sdk.StepContext{MethodID: "door", Subject: &sdk.Subject{ID: "alice"}}}
	for _, word := range []string{"melon", "friend"} {
		request.Inputs = map[string]string{"word": word}
		answer, err := door{}.Continue(ctx, request)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(word, answer.Success != nil)
	}
	// Output:
	// melon false
	// friend true
}

// gateway stands for a provider's own client library.
type gateway interface {
	Text(ctx context.Context, to, body, key string) (id string, err error)
}

var errNoSuchNumber = errors.New("there is no such number")

// texts is a delivery channel: it hands text messages to a gateway.
type texts struct {
	sdk.Stateless
	gateway gateway
}

func (texts) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{Name: "texts", Version: "1.0.0", ChannelKinds: []string{"sms"}}, nil
}

// Send tells what the provider will never take from what it could not be asked.
func (c texts) Send(ctx context.Context, m sdk.Message) (*sdk.SendResult, error) {
	id, err := c.gateway.Text(ctx, m.To, m.Body, m.IdempotencyKey)
	switch {
	case errors.Is(err, errNoSuchNumber):
		return &sdk.SendResult{Permanent: true, Reason: "no such number"}, nil
	case err != nil:
		return nil, sdk.Unavailable(err)
	}
	return &sdk.SendResult{Accepted: true, ProviderID: id}, nil
}

// office is a gateway with one number.
type office struct{}

func (office) Text(_ context.Context, to, _, key string) (string, error) {
	if to != "+390612345678" {
		return "", errNoSuchNumber
	}
	return "message of " + key, nil
}

// A delivery channel: authenticators ask for a message, the host queues it with the step and hands it over.
func Example_deliveryChannel() {
	var channel sdk.DeliveryChannel = texts{gateway: office{}}
	for _, to := range []string{"+390612345678", "+390600000000"} {
		result, err := channel.Send(context.Background(), sdk.Message{Kind: "sms", To: to, Body: "Your code is 123456", IdempotencyKey: "k1"})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v %v %q\n", result.Accepted, result.Permanent, result.ProviderID)
	}
	// Output:
	// true false "message of k1"
	// false true ""
}

// branches is a risk source: it asks for more outside the bank's own network.
type branches struct {
	sdk.Stateless
	network netip.Prefix
}

func (branches) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{Name: "branches", Version: "1.0.0"}, nil
}

// Assess advises; it never proves anything. Reasons are for the audit log.
func (b branches) Assess(_ context.Context, r *sdk.RiskRequest) (*sdk.RiskAssessment, error) {
	address, err := netip.ParseAddr(r.Context.Browser.Address)
	if err != nil || !b.network.Contains(address) {
		return &sdk.RiskAssessment{Verdict: sdk.RiskStepUp, Reasons: []string{"outside-branches"}}, nil
	}
	return &sdk.RiskAssessment{Verdict: sdk.RiskAllow}, nil
}

// A risk source: it is asked before somebody is signed in, a code is sent, an authenticator is bound.
func Example_riskSource() {
	var source sdk.RiskSource = branches{network: netip.MustParsePrefix("198.51.100.0/24")}
	for _, address := range []string{"198.51.100.7", "203.0.113.9"} {
		r := &sdk.RiskRequest{Operation: sdk.OperationSignIn, Context: sdk.StepContext{Browser: sdk.BrowserInfo{Address: address}}}
		assessment, err := source.Assess(context.Background(), r)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(assessment.Verdict, assessment.Reasons)
	}
	// Output:
	// allow []
	// step_up [outside-branches]
}

var (
	_ sdk.Plugin        = door{}
	_ sdk.Authenticator = door{}
	_ sdk.Plugin        = texts{}
	_ sdk.Plugin        = branches{}
)
