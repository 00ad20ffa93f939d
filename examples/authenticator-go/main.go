// Command authenticator-go is a complete authenticator plugin: the matrix card that banks print, a grid of codes of
// which a login asks for three. It imports nothing of Varco but the SDK.
//
//	go build -o grid ./examples/authenticator-go && ./grid   # says how to configure it
package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
)

//go:embed texts
var texts embed.FS

const (
	asked   = 3 // fields of one login
	version = 1 // of what a card looks like
)

// card is the credential. Ask is which fields the next login asks for: it changes only after a success. A new choice at
// every attempt would let a thief who has seen some of the fields try until exactly those come up.
type card struct {
	Cells map[string]string `json:"cells"`
	Ask   []string          `json:"ask"`
}

type grid struct{ sdk.Stateless }

var (
	_ sdk.Authenticator = grid{}
	_ sdk.Enrollment    = grid{}
)

func (grid) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name: "grid", Version: "1.0.0", CredentialType: "grid-card", StateVersion: version, Texts: sdk.Texts(texts),
		Methods: []sdk.Method{{ID: "grid", Title: "grid.name", Factors: []sdk.Factor{sdk.FactorPossession}, AMR: []string{"otp"}}},
	}, nil
}

// Begin shows the fields the card waits for. Nobody without a card is asked anything.
func (grid) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	c, _, err := find(r)
	if err != nil || c == nil {
		return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}}, err
	}
	return sdk.Ask(question(c, sdk.Text{})), nil
}

// Continue compares all fields before it says anything, so that nobody learns which of them was right.
func (grid) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	c, credential, err := find(r)
	if err != nil || c == nil {
		return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}}, err
	}
	right := 1
	for _, cell := range c.Ask {
		right &= subtle.ConstantTimeCompare([]byte(r.Inputs[cell]), []byte(c.Cells[cell]))
	}
	if right == 0 {
		view := question(c, sdk.T("grid.wrong"))
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true, Retryable: true, View: &view}}, nil
	}
	c.choose()
	data, err := json.Marshal(c)
	return &sdk.StepResponse{
		Success: &sdk.Success{AMR: []string{"otp"}, CredentialID: credential.ID},
		CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeUpdate, CredentialID: credential.ID,
			Handle: credential.Handle, Label: credential.Label, Data: data, Version: version, ExpectedRevision: credential.Revision}},
	}, err
}

func (grid) Cancel(context.Context, *sdk.StepRequest) error { return nil }

// ImportCredentials takes what the card printer made: {"serial": "…", "cells": {"A1": "417", …}}.
func (grid) ImportCredentials(_ context.Context, _ string, inputs []sdk.ImportInput) ([]sdk.ImportResult, error) {
	results := make([]sdk.ImportResult, len(inputs))
	for i, input := range inputs {
		var printed struct {
			Serial string            `json:"serial"`
			Cells  map[string]string `json:"cells"`
		}
		wrong := func(code string) bool { return len(code) != 3 }
		if json.Unmarshal(input.JSON, &printed) != nil || len(printed.Cells) < 2*asked ||
			slices.ContainsFunc(slices.Collect(maps.Values(printed.Cells)), wrong) {
			results[i].Error = fmt.Sprintf(`want {"serial": "…", "cells": {"A1": "417", …}} with %d cells or more`, 2*asked)
			continue
		}
		c := card{Cells: printed.Cells}
		c.choose()
		data, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		results[i].Change = sdk.CredentialChange{Kind: sdk.ChangeCreate, Label: printed.Serial, Data: data, Version: version}
	}
	return results, nil
}

// Cards come by post: nothing can be bound on a page, and nothing lies outside when one is revoked.
func (grid) BeginEnroll(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}}, nil
}

func (g grid) ContinueEnroll(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return g.BeginEnroll(ctx, r)
}

func (grid) Revoke(context.Context, string, sdk.Credential) error { return nil }

func (c *card) choose() {
	cells := slices.Sorted(maps.Keys(c.Cells))
	for i := range asked {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(cells)-i))) // crypto/rand never fails
		j := i + int(n.Int64())
		cells[i], cells[j] = cells[j], cells[i]
	}
	c.Ask = cells[:asked]
}

// find returns nothing for somebody who was merely named: which fields a card waits for would tell anybody that the name
// exists, and it is what a false page would ask for.
func find(r *sdk.StepRequest) (*card, *sdk.Credential, error) {
	if len(r.Credentials) == 0 || !r.Context.Identified {
		return nil, nil, nil
	}
	var c card
	if err := json.Unmarshal(r.Credentials[0].Data, &c); err != nil || len(c.Ask) != asked {
		return nil, nil, sdk.NotConfigured(errors.New("the stored card is not readable"))
	}
	return &c, &r.Credentials[0], nil
}

func question(c *card, wrong sdk.Text) sdk.View {
	view := sdk.Screen(sdk.T("grid.title"))
	for _, cell := range c.Ask {
		view.Nodes = append(view.Nodes, sdk.Field(sdk.TextField{Name: cell, Kind: sdk.FieldOneTimeCode, Error: wrong,
			Label: sdk.T("grid.ask", "cell", cell), Hint: sdk.T("grid.hint"), MaxLength: 3}))
	}
	view.Nodes = append(view.Nodes, sdk.Submit("continue", sdk.T("grid.go")))
	return view
}

func main() { sdk.Serve(grid{}) }
