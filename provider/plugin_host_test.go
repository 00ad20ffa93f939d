package provider

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/telemetry"
)

func TestPluginMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"totp: {limits: {memory_mib: 64}}":                          "plugins.totp.limits.memory_mib: no plugin starts with so little",
		"totp: {limits: {files: 3}}":                                "plugins.totp.limits.files: no plugin starts with so few",
		"totp: {manifest: x.sha256}":                                "plugins.totp: a bundled plugin is this program itself",
		"totp: {texts: {en: {login.titel: x}}}":                     "plugins.totp.texts.en.login.titel: the plugin has no such text: did you mean login.title?",
		`totp: {texts: {it: {login.title: "<b>x</b>"}}}`:            "plugins.totp.texts.it.login.title: \"login.title\" contains < or >",
		`totp: {texts: {it: {login.title: "{nobody} gives this"}}}`: "plugins.totp.texts.it.login.title: \"login.title\" uses {nobody}",
		"totp: {}\n  x: {command: [/bin/x]}":                        "`varco plugin pin /bin/x` prints it",
	} {
		_, err := Parse("varco.yaml", []byte(minimal+"plugins:\n  password: {}\n  "+text+"\n"), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := Parse("varco.yaml", []byte(minimal+"plugins:\n  password: {}\n  totp: {texts: {de: {login.title: Ihr Code}}, limits: {memory_mib: 128, files: 32}}\n"), nil); err != nil {
		t.Error(err)
	}
}

// What plugins do to break the contract, and their life, is in the record of security decisions.
func TestPluginEventsAreRecorded(t *testing.T) {
	t.Parallel()
	c := install(t, "")
	a := open(t, c)
	if _, err := a.store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := host.New(host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{config: c, log: a.log, metrics: telemetry.NewMetrics(build()), store: a.store, host: h}
	r := &pluginReports{server: s, events: make(chan audit.Event, pluginEvents)}
	r.Lied(telemetry.WithRequest(t.Context(), "REQUEST"), "totp", "amr")
	for _, state := range []host.State{host.StateStarting, host.StateUp, host.StateRestarting, host.StateBroken} {
		r.State("totp", state)
	}
	r.Called("totp", "begin", time.Millisecond, &host.Error{Kind: host.Deadline})
	ended, end := context.WithCancel(t.Context())
	end()
	if err := r.Run(ended); err != nil {
		t.Fatal(err)
	}
	rows, err := a.store.UnsealedAudit(t.Context(), a.store, 100)
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, row := range rows {
		bodies = append(bodies, string(row.Body))
	}
	all := strings.Join(bodies, "\n")
	for _, want := range []string{`"plugin.lied"`, `"rule":"amr"`, `"REQUEST"`, `"plugin.started"`, `"plugin.stopped"`, `"plugin.broken"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in %s", want, all)
		}
	}
}

func TestUpgradeWritesTheFile(t *testing.T) {
	t.Parallel()
	const before = "  sms: {command: [/opt/sms-1, --fast], sha256: \"DIGEST\"} # ours\n"
	old := strings.Repeat("ab", 32)
	c := install(t, "plugins:\n  password: {}\n  totp: {}\n"+strings.Replace(before, "DIGEST", old, 1))
	up := &PluginUpgrade{Instance: "sms", config: c, Pin: Pin{Command: []string{"/opt/sms-2", "--fast"}, SHA256: strings.Repeat("cd", 32)}}
	undo, err := up.Write()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(c.Path("."), "varco.yaml")
	want := strings.NewReplacer("sms-1", "sms-2", "DIGEST", up.Pin.SHA256).Replace(before)
	if got := read(t, path); !strings.Contains(got, want) {
		t.Errorf("the file says\n%s", got)
	}
	if err := undo(); err != nil || !strings.Contains(read(t, path), old) {
		t.Errorf("not put back: %v", err)
	}
	for name, pin := range map[string]Pin{
		"another number of arguments": {Command: []string{"/opt/sms-2"}, SHA256: up.Pin.SHA256},
		"a path that needs quotes":    {Command: []string{"/opt/sms: 2", "--fast"}, SHA256: up.Pin.SHA256},
		"a manifest that was not one": {Command: up.Pin.Command, SHA256: up.Pin.SHA256, Manifest: "/opt/varco.sha256"},
	} {
		up.Pin = pin
		if _, err := up.Write(); err == nil || !strings.Contains(err.Error(), "varco plugin reload") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReloadNeedsAServer(t *testing.T) {
	t.Parallel()
	a := open(t, install(t, ""))
	if _, err := PluginReload.Do(t.Context(), a, PluginNames{}); err == nil || !strings.Contains(err.Error(), "no server runs") {
		t.Errorf("got %v", err)
	}
}

func TestPluginUses(t *testing.T) {
	t.Parallel()
	c := install(t, "")
	fresh := *c
	fresh.Plugins = map[string]Plugin{"totp": {}}
	if err := c.stillUsed(&fresh); err == nil || !strings.Contains(err.Error(), "policy.levels") {
		t.Errorf("got %v", err)
	}
	if err := c.stillUsed(c); err != nil {
		t.Error(err)
	}
	fresh = *c
	fresh.Log.Level, fresh.Plugins = "warn", map[string]Plugin{}
	if keys := c.differs(&fresh); len(keys) != 1 || keys[0] != "log" {
		t.Errorf("differs in %v", keys)
	}
}

func TestPluginHints(t *testing.T) {
	t.Parallel()
	for want, st := range map[string]host.Status{
		"varco plugin upgrade x": {Instance: "x", State: host.StateFailed, LastError: host.NotPinned + ": /opt/x has the digest 1"},
		"varco plugin reload x":  {Instance: "x", State: host.StateFailed, LastError: "describe: nothing"},
		"left alone":             {Instance: "x", State: host.StateBroken},
		"tried again by itself":  {Instance: "x", State: host.StateRestarting},
	} {
		if got := pluginHint(st); !strings.Contains(got, want) {
			t.Errorf("%+v: %s", st, got)
		}
	}
}

func TestThrowawayKeys(t *testing.T) {
	t.Parallel()
	keys, err := throwawayKeys(t.Context(), "x", []sdk.InstanceKey{{Name: "a", Kind: "ES256"}, {Name: "b", Kind: "hmac-sha256"}})
	if err != nil || len(keys["a"]) < 100 || len(keys["b"]) != 32 {
		t.Errorf("got %d and %d bytes, %v", len(keys["a"]), len(keys["b"]), err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
