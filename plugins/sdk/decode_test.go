package sdk_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
)

type inner struct {
	Memory int `json:"memory_kib"`
}

type common struct {
	Brand string `json:"brand"`
}

type sample struct {
	common
	Counted
	Common2 `json:"named"`
	Digits  int               `json:"digits"`
	Words   []string          `json:"words"`
	Rules   []inner           `json:"rules"`
	Argon2  inner             `json:"argon2"`
	Labels  map[string]inner  `json:"labels"`
	Raw     json.RawMessage   `json:"raw"`
	Secret  string            `json:"-"`
	Texts   map[string]string `json:"texts"`
}

// Counted is embedded.
type Counted struct {
	Count int `json:"count"`
}

// Common2 is embedded under a name of its own.
type Common2 struct {
	On bool `json:"on"`
}

func TestDecodeConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ json, pointers string }{
		{``, ""}, {" \n", ""}, {`{}`, ""},
		{`{"digits":8,"words":["a"],"rules":[{"memory_kib":1}],"argon2":{"memory_kib":2},"labels":{"x":{"memory_kib":3}}}`, ""},
		{`{"brand":"B","named":{"on":true},"raw":{"any":{"thing":1}},"texts":{"k":"v"}}`, ""},
		{`{"digit":8}`, "/digit"}, {`{"Digits":8}`, "/Digits"}, {`{"a/b~c":1}`, "/a~1b~0c"}, {`{"-":1,"Secret":"x"}`, "/- /Secret"},
		{`{"argon2":{"memory":1}}`, "/argon2/memory"}, {`{"rules":[{},{"x":1}]}`, "/rules/1/x"}, {`{"labels":{"x":{"y":1}}}`, "/labels/x/y"},
		{`{"b":1,"a":2}`, "/a /b"}, {`{"on":true}`, "/on"},
		{`{"digits":"6"}`, "/digits"}, {`{"brand":7}`, "/brand"}, {`{"count":"x"}`, "/count"}, {`{"named":{"on":1}}`, "/named/on"}, {`{"digits":3.5}`, "/digits"}, {`{"argon2":{"memory_kib":"x"}}`, "/argon2/memory_kib"}, {`{"argon2":[]}`, "/argon2"},
		{`[]`, "ROOT"}, {`null`, "ROOT"}, {`7`, "ROOT"}, {`{`, "ROOT"}, {`{} {}`, "ROOT"}, {`{}]`, "ROOT"},
	} {
		into := sample{Digits: 6}
		problems := sdk.DecodeConfig([]byte(c.json), &into)
		var pointers []string
		for _, p := range problems {
			if p.Message == "" || strings.Contains(p.Message, "3.5") {
				t.Errorf("%s: %+v", c.json, p)
			}
			if p.Pointer == "" {
				p.Pointer = "ROOT"
			}
			pointers = append(pointers, p.Pointer)
		}
		if got := strings.Join(pointers, " "); got != c.pointers {
			t.Errorf("%s: problems at %q, want %q: %+v", c.json, got, c.pointers, problems)
		}
		if !strings.Contains(c.json, "digits") && into.Digits != 6 {
			t.Errorf("%s: the default is gone", c.json)
		}
	}
}

func FuzzDecodeConfig(f *testing.F) {
	for _, s := range []string{``, `{}`, `{"digits":8}`, `{"rules":[{"memory_kib":1}]}`, `{"labels":{"":{}}}`, `[[[`, `{"raw":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var into sample
		if len(sdk.DecodeConfig(raw, &into)) > 0 {
			return
		}
		// What is taken without a problem is taken by the standard decoder at its strictest.
		if strings.TrimSpace(string(raw)) == "" {
			return
		}
		d := json.NewDecoder(strings.NewReader(string(raw)))
		d.DisallowUnknownFields()
		if err := d.Decode(new(sample)); err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
	})
}
