package login

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// The step that proves a new address: the person gives it, a code goes there, the person gives the code. Everything between lies sealed in
// the Flow, so a code is good in the browser that asked for it, for one address, and for as long as the Flow lives.
const (
	contactTries = 5 // guesses a code takes
	contactLife  = 10 * time.Minute
)

type contactState struct {
	Address string    `json:"address,omitempty"`
	Code    []byte    `json:"code,omitempty"` // keyed hash
	Tries   int       `json:"tries,omitempty"`
	SentAt  time.Time `json:"sent_at,omitzero"`
}

func (d *Dispatcher) contactStep(ctx context.Context, x *run, op host.Op, in map[string]string) (*sdk.StepResponse, error) {
	channel := x.flow.Request.Contact
	var s contactState
	if len(x.state.PluginState) > 0 {
		if err := json.Unmarshal(x.state.PluginState, &s); err != nil {
			return nil, fmt.Errorf("decode the state of a contact step: %w", err)
		}
	}
	switch {
	case op == host.Begin:
		return askFor(s, contactView(channel, "", "")), nil
	case s.Address == "" || in["action"] == "other":
		if in["action"] == "other" {
			return askFor(contactState{}, contactView(channel, "", "")), nil
		}
		return d.newAddress(ctx, x, channel, in["address"])
	case in["action"] == "again":
		return d.newAddress(ctx, x, channel, s.Address)
	}
	return d.contactCode(x, channel, s, in["code"])
}

// newAddress sends a code to an address, as often as its owner must bear.
func (d *Dispatcher) newAddress(ctx context.Context, x *run, channel subscriber.Channel, typed string) (*sdk.StepResponse, error) {
	to, err := subscriber.ParseAddress(channel, typed)
	if err != nil {
		return refuseStep(contactState{}, contactView(channel, typed, "contact."+string(channel)+".invalid")), nil
	}
	name, flag := claimNames(channel)
	have := claimsOf(x.who.sub)
	if subscriber.FoldAddress(have.text(name)) == subscriber.FoldAddress(to) && string(have[flag]) == "true" {
		return refuseStep(contactState{}, contactView(channel, typed, "contact.same")), nil
	}
	for _, what := range []string{"to " + subscriber.FoldAddress(to), "for " + x.who.id()} {
		counter, ok, err := d.life.bound(ctx, what, d.Recovery.MessagesPerHour, x.now)
		if err != nil {
			return nil, err
		}
		if !ok {
			return refuseStep(contactState{}, contactView(channel, typed, "contact.often")), nil
		}
		x.life.counters = append(x.life.counters, counter)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return nil, fmt.Errorf("draw a code: %w", err)
	}
	code := fmt.Sprintf("%06d", n)
	r := askFor(contactState{Address: to, Code: d.contactHash(x, to, code), SentAt: x.now}, contactCodeView(channel, to, ""))
	r.Effects = []sdk.Effect{{IdempotencyKey: x.flow.ID + ":" + strconv.FormatInt(x.flow.Version, 10), Channel: string(channel), To: to,
		Template: delivery.CodeContact, ExpiresAt: x.now.Add(contactLife),
		Params: map[string]string{"brand": d.Brand, "code": code, "minutes": strconv.Itoa(int(contactLife.Minutes()))}}}
	return r, nil
}

// contactCode judges a code. A wrong one is a mishap of somebody who has proven who they are; it uses the code up, not the account.
func (d *Dispatcher) contactCode(x *run, channel subscriber.Channel, s contactState, typed string) (*sdk.StepResponse, error) {
	code := strings.Join(strings.Fields(typed), "")
	switch {
	case code == "":
		return refuseStep(s, contactCodeView(channel, s.Address, "contact.code.required")), nil
	case s.Tries >= contactTries || !x.now.Before(s.SentAt.Add(contactLife)):
		return refuseStep(s, contactCodeView(channel, s.Address, "contact.code.over")), nil
	case subtle.ConstantTimeCompare(s.Code, d.contactHash(x, s.Address, code)) != 1:
		s.Tries++
		r := refuseStep(s, contactCodeView(channel, s.Address, "contact.code.wrong"))
		r.Failure.Reason = sdk.ReasonBadCredential
		return r, nil
	}
	return &sdk.StepResponse{Success: &sdk.Success{Subject: x.who.id(), Evidence: []byte(s.Address)}}, nil
}

func (d *Dispatcher) contactHash(x *run, to, code string) []byte {
	m := d.Box.MAC(sealing.PurposeContactCode, x.flow.ID, to, code)
	return m[:]
}

func contactView(channel subscriber.Channel, value, problem string) sdk.View {
	kind := sdk.FieldEmail
	if channel == subscriber.Mobile {
		kind = sdk.FieldPhone
	}
	key := "contact." + string(channel)
	return sdk.Screen(sdk.T(key+".title"), sdk.Say(sdk.T(key+".help")),
		sdk.Field(sdk.TextField{Name: "address", Kind: kind, Value: value, Label: sdk.T(key + ".label"), Hint: sdk.T(key + ".hint"), Error: sdk.T(problem)}),
		sdk.Submit("send", sdk.T("contact.send")))
}

func contactCodeView(channel subscriber.Channel, to, problem string) sdk.View {
	return sdk.Screen(sdk.T("contact.code.title"), sdk.Say(sdk.T("contact.code.sent", "address", to)),
		sdk.Field(sdk.TextField{Name: "code", Kind: sdk.FieldOneTimeCode, Label: sdk.T("contact.code.label"), Error: sdk.T(problem)}),
		sdk.Submit("confirm", sdk.T("contact.code.confirm")),
		sdk.Node{Action: &sdk.Action{Name: "again", Label: sdk.T("contact.code.again"), Skip: true}},
		sdk.Node{Action: &sdk.Action{Name: "other", Label: sdk.T("contact." + string(channel) + ".change"), Skip: true}})
}

// askFor shows a view of the host's own step.
func askFor(s any, v sdk.View) *sdk.StepResponse {
	r := sdk.Ask(v)
	r.State = encodeStep(s)
	return r
}

// refuseStep shows it again, with what is wrong on it. Nothing counts.
func refuseStep(s any, v sdk.View) *sdk.StepResponse {
	return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonInvalidInput, Retryable: true, View: &v}, State: encodeStep(s)}
}

func encodeStep(s any) []byte {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // a few plain fields always marshal
	}
	return raw
}

// hostMethods are the steps of the host's own. They are written like a plugin's and run in this process, under the same throttle.
var hostMethods = map[string]host.MethodRef{
	policy.Contact: {Ref: policy.Contact, Method: sdk.Method{ID: policy.Contact, Title: "contact.title"}, Available: true},
	policy.Ticket:  {Ref: policy.Ticket, Method: sdk.Method{ID: policy.Ticket, Title: "ticket.title", Opening: new(ticketView(""))}, Available: true},
}

// hostStep runs one.
func (d *Dispatcher) hostStep(ctx context.Context, x *run, m host.MethodRef, op host.Op, in map[string]string) (*sdk.StepResponse, error) {
	if m.Ref == policy.Ticket {
		return d.ticketStep(ctx, x, in)
	}
	return d.contactStep(ctx, x, op, in)
}
