package conformance_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/conformance"
)

// The three forms tell the same.
func TestReportForms(t *testing.T) {
	t.Parallel()
	report := check(t, conformance.Options{Only: []string{"launch", "keys"}}, "testdata/hsm.yaml", broken, "hsm", "keys.bound")
	mustBreak(t, report, "keys.bound")

	var text, colour, asJSON, asXML bytes.Buffer
	report.Text(&text, false)
	for _, want := range []string{"FAIL  keys.bound", "seen:", "fix:       authenticate the associated data", "contract:  keys.proto", "ok    launch.cookie",
		"hsm 1.0.0 does not pass"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text has no %q:\n%s", want, &text)
		}
	}
	if strings.Contains(text.String(), "\x1b") {
		t.Error("colours without a terminal")
	}
	if report.Text(&colour, true); !strings.Contains(colour.String(), "\x1b[31mFAIL") {
		t.Error("no colours on a terminal")
	}

	if err := report.JSON(&asJSON); err != nil {
		t.Fatal(err)
	}
	var read conformance.Report
	if err := json.Unmarshal(asJSON.Bytes(), &read); err != nil || !slices.Equal(read.Failures(), report.Failures()) || read.Plugin != "hsm" {
		t.Errorf("JSON: %v %+v", err, read)
	}

	if err := report.JUnit(&asXML); err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Text string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(asXML.Bytes(), &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Failures != 1 || len(suites.Suites) != 2 {
		t.Errorf("JUnit: %s", &asXML)
	}
	for _, c := range suites.Suites[1].Cases {
		if (c.Failure != nil) != (c.Name == "keys.bound") {
			t.Errorf("JUnit: %+v", c)
		}
	}
}

// A program that is no plugin is a report, not an error; a file that is no program is an error.
func TestNotAPlugin(t *testing.T) {
	t.Parallel()
	report := check(t, conformance.Options{}, "testdata/hsm.yaml", "/bin/false")
	if got := report.Failures(); !slices.Contains(got, "launch.handshake") || report.Count(conformance.Passed) != 0 {
		t.Errorf("broken are %v, and %d rules hold", got, report.Count(conformance.Passed))
	}
	for _, o := range []conformance.Options{
		{}, {Command: []string{"relative"}}, {Command: []string{"/no/such/program"}}, {Command: []string{"/etc/passwd"}}, {Command: []string{"/bin"}},
		{Command: []string{"/bin/true"}, Only: []string{"no-such-family"}},
	} {
		if _, err := conformance.Run(t.Context(), o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

// A login that began under one release, and a credential that it bound, go on under the next; one that forgot the old
// form is found out.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "golden")
	mustBreak(t, check(t, conformance.Options{WriteGolden: dir, Only: []string{"upgrade"}}, "testdata/model.yaml", broken, "model", ""))
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	mustBreak(t, check(t, conformance.Options{Golden: dir, Only: []string{"upgrade"}}, "testdata/model.yaml", broken, "model", ""))
	for _, name := range files { // as if state version 1 had written them
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		raw = bytes.ReplaceAll(raw, []byte(`"Version": 2`), []byte(`"Version": 1`))
		raw = bytes.ReplaceAll(raw, []byte(`"state_version": 2`), []byte(`"state_version": 1`))
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustBreak(t, check(t, conformance.Options{Golden: dir, Only: []string{"upgrade"}}, "testdata/model.yaml", broken, "model", ""))
	mustBreak(t, check(t, conformance.Options{Golden: dir, Only: []string{"upgrade"}}, "testdata/model.yaml", broken, "model", "upgrade"),
		"upgrade.credential", "upgrade.state")

	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	mustBreak(t, check(t, conformance.Options{WriteGolden: blocked, Only: []string{"upgrade"}}, "testdata/model.yaml", broken, "model", ""), "upgrade.written")
}

// Right answers that are wrong are told as such.
func TestWrongScript(t *testing.T) {
	t.Parallel()
	script, err := conformance.ParseScript([]byte(`
config: {name: Bank}
methods: {pin: {enrol: [{inputs: {password: correct horse 17}}], right: [{inputs: {password: another}}]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	mustBreak(t, check(t, conformance.Options{Script: script, Only: []string{"steps.right"}}, "testdata/model.yaml", broken, "model", ""), "steps.right")
}

func TestScriptIsStrict(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"confg: {}": "confg", "methods: {a: }": "empty", "methods: {a: {right: [{}]}}": "exactly one",
		"methods: {a: {right: [{inputs: {a: b}, exec: [x]}]}}": "exactly one", "methods: {a: {lifetime: soon}}": "duration",
		"methods: {a: {wrong: [{inputs: {a: b}}]}}": "give right", "methods: {a: {enrol: [{poll: 1}], import: {}}}": "not both", "a: b\n---\nc: d": "a",
	} {
		if _, err := conformance.ParseScript([]byte(script)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", script, err)
		}
	}
	if _, err := conformance.LoadScript(t.TempDir()); err != nil {
		t.Errorf("a folder without a script: %v", err)
	}
}
