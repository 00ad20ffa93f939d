package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

const printed = `{"serial": "N 0042", "cells": {"A1": "417", "A2": "033", "A3": "918", "B1": "250", "B2": "764", "B3": "601"}}`

// withCard returns a person who has got the printed card, and its codes.
func withCard(t *testing.T, p *sdktest.Plugin) (*sdktest.Person, map[string]string) {
	t.Helper()
	alice := p.Person("alice")
	results, err := p.ImportCredentials(t.Context(), sdktest.InstanceID, []sdk.ImportInput{{Subject: alice.Subject, JSON: []byte(printed)}})
	if err != nil || results[0].Validate() != nil || results[0].Error != "" {
		t.Fatal(results, err)
	}
	change := results[0].Change
	alice.Credentials = []sdk.Credential{{ID: "card", Type: "grid-card", Label: change.Label, Data: change.Data, Revision: 1, Version: 1}}
	var c card
	if err := json.Unmarshal([]byte(printed), &c); err != nil {
		t.Fatal(err)
	}
	return alice, c.Cells
}

func cells(r *sdk.StepResponse) []string {
	var names []string
	for _, n := range r.Challenge.View.Nodes {
		if n.TextField != nil {
			names = append(names, n.TextField.Name)
		}
	}
	return names
}

func TestLogin(t *testing.T) {
	t.Parallel()
	p := sdktest.Start(t, grid{}, "")
	alice, codes := withCard(t, p)
	flow := alice.Login("grid")
	ask := cells(flow.Begin())
	if len(ask) != asked {
		t.Fatalf("asked for %v", ask)
	}
	answer := map[string]string{}
	for _, cell := range ask {
		answer[cell] = codes[cell]
	}
	for _, cell := range ask {
		wrong := map[string]string{ask[0]: answer[ask[0]], ask[1]: answer[ask[1]], ask[2]: answer[ask[2]], cell: "000"}
		r := flow.Continue(wrong)
		if r.Failure == nil || !r.Failure.Counts {
			t.Fatalf("wrong code in %s: %+v", cell, r)
		}
	}
	if again := cells(alice.Login("grid").Begin()); !slices.Equal(again, ask) {
		t.Errorf("after failures it asks for %v instead of %v", again, ask)
	}
	if r := flow.Continue(answer); r.Success == nil || r.Success.CredentialID != "card" {
		t.Errorf("right codes: %+v", r)
	}
	if alice.Credentials[0].Revision != 2 {
		t.Error("the next fields were not stored")
	}
}

func TestImportRefusesShortCards(t *testing.T) {
	t.Parallel()
	p := sdktest.Start(t, grid{}, "")
	for _, input := range []string{``, `{}`, `{"cells": {"A1": "417"}}`,
		strings.Replace(printed, "417", "", 1)} {
		results, err := p.ImportCredentials(t.Context(), sdktest.InstanceID, []sdk.ImportInput{{JSON: []byte(input)}})
		if err != nil || results[0].Error == "" {
			t.Errorf("%q: %v %v", input, results, err)
		}
	}
}

// TestBuilt runs the common rules on the built program, as Varco would start it.
func TestBuilt(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "grid")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sdktest.Run(t, sdktest.StartCommand(t, "", binary))

	out, err := exec.Command(binary).CombinedOutput()
	if err == nil || !strings.Contains(string(out), `the Varco plugin "grid" 1.0.0`) || !strings.Contains(string(out), "sha256: ") {
		t.Errorf("started by hand: %v: %s", err, out)
	}
}
