package sdktest

import (
	"reflect"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

// Run checks the rules that hold for every plugin, one subtest each, with no knowledge of what the plugin does.
func Run(t *testing.T, p *Plugin) {
	t.Helper()
	t.Run("the description is stable", func(t *testing.T) {
		again, err := p.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, p.Description) {
			t.Error("a second Describe answers something else: it must depend on nothing")
		}
	})
	t.Run("every language is complete", func(t *testing.T) {
		for locale, texts := range p.Description.Texts {
			for key := range p.Description.Texts[sdk.English] {
				if _, ok := texts[key]; !ok {
					t.Errorf("%s: %q is missing", locale, key)
				}
			}
		}
	})
	for _, m := range p.Description.Methods {
		t.Run("nobody gets in by "+m.ID, func(t *testing.T) { nobodyGetsIn(t, p, m.ID) })
	}
}

// nobodyGetsIn tries a name that does not exist and a person without credentials, with inputs and state of all shapes.
func nobodyGetsIn(t *testing.T, p *Plugin, method string) {
	for name, start := range map[string]func() *Flow{
		"unknown name":       func() *Flow { return p.Nobody(method) },
		"without credential": func() *Flow { return p.Person("no-credential").Login(method) },
	} {
		first := start().Begin()
		if first.Success != nil {
			t.Fatalf("%s: success at once", name)
		}
		var fields []string
		if first.Challenge != nil {
			fields = fieldNames(&first.Challenge.View)
		}
		for shape, value := range map[string]string{
			"empty": "", "plain": "123456", "long": strings.Repeat("9", 4096), "unicode": "zażółć 🔑 \u202e", "zero": "\x00",
		} {
			flow := start()
			flow.Begin()
			inputs := make(map[string]string)
			for _, field := range fields {
				inputs[field] = value
			}
			if flow.Continue(inputs).Success != nil {
				t.Errorf("%s: success with %s input", name, shape)
			}
		}
		foreign := start()
		foreign.begun = true
		r := foreign.request(nil)
		r.State, r.StateVersion = []byte("not this plugin's state"), p.Description.StateVersion
		answer, err := p.Continue(t.Context(), r)
		switch status.Code(err) {
		case codes.Internal, codes.Unknown:
			t.Errorf("%s: foreign state is the plugin's bug: %v", name, err)
		case codes.OK:
			if answer.Success != nil {
				t.Errorf("%s: success on foreign state", name)
			}
		}
	}
}

func fieldNames(v *sdk.View) []string {
	var names []string
	for _, n := range v.Nodes {
		if n.TextField != nil {
			names = append(names, n.TextField.Name)
		}
		if n.Choice != nil {
			names = append(names, n.Choice.Name)
		}
	}
	return names
}
