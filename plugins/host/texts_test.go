package host_test

import (
	"os"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
)

// An operator's words stand in the place of the plugin's; what cannot be used is left out and said.
func TestOperatorsTexts(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe", Texts: map[string]map[string]string{
		"en": {"title": "Your bank's probe", "question": "<b>What?</b>", "no such key": "x"}, "de": {"title": "Die Sonde Ihrer Bank"}}}}})
	d, ok := h.Describe("a")
	if !ok || d.Texts["en"]["title"] != "Your bank's probe" || d.Texts["de"]["title"] != "Die Sonde Ihrer Bank" || d.Texts["en"]["question"] != "What do you want?" {
		t.Errorf("texts %v", d.Texts)
	}
	if _, there := d.Texts["en"]["no such key"]; there {
		t.Error("a text nobody asked for")
	}
	pid(t, h, "a")
}

// The highest version that may be written is what all replicas read.
func TestReadable(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	h := start(t, host.Options{Report: report, Readable: func(instance string, own uint32) uint32 {
		if instance != "a" || own != 2 {
			t.Errorf("asked for %s, version %d", instance, own)
		}
		return 1
	}, Instances: []host.InstanceConfig{{ID: "a", Plugin: "newer"}}})
	if r, err := h.Step(t.Context(), host.Continue, request("a", "highest version")); err != nil || string(r.Success.Evidence) != "1" {
		t.Errorf("the plugin was told %+v %v", r, err)
	}
	r, err := h.Step(t.Context(), host.Continue, request("a", "write version 2"))
	refused(t, report, r != nil, err, sdk.RuleState)
	in := callback("newer version")
	answer, err := h.Callback(t.Context(), in)
	refused(t, report, answer != nil, err, sdk.RuleState)
}

// A deep TMPDIR has no room for a socket; the host finds another place.
func TestDeepTemporaryDirectory(t *testing.T) {
	deep := t.TempDir() + "/" + strings.Repeat("deep/", 20)
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", deep)
	h, err := host.New(host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	if err != nil {
		t.Fatal(err)
	}
	run(t, h)
	pid(t, h, "a")
}
