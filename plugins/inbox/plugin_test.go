package inbox

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

func start(t *testing.T) (*sdktest.Plugin, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mail")
	return sdktest.Start(t, New(), configFor(dir)), dir
}

func configFor(dir string) string {
	raw, _ := json.Marshal(Config{Directory: dir})
	return string(raw)
}

func message(key string) sdk.Message {
	return sdk.Message{
		InstanceID: sdktest.InstanceID, IdempotencyKey: key, Kind: "sms", To: "+39333000111", Subject: "Ciao",
		Body: "Codice 918273\n\"è\"", ExpiresAt: time.Now().Add(time.Minute),
	}
}

func TestRulesOfEveryPlugin(t *testing.T) {
	t.Parallel()
	p, _ := start(t)
	sdktest.Run(t, p)
}

func TestWhatIsSentCanBeRead(t *testing.T) {
	t.Parallel()
	p, dir := start(t)
	for i, kind := range kinds {
		m := message(strconv.Itoa(i))
		m.Kind = kind
		res, err := p.Send(t.Context(), m)
		if err != nil || !res.Accepted || res.ProviderID == "" {
			t.Fatalf("Send = %+v, %v", res, err)
		}
		all, err := Read(dir)
		if err != nil || len(all) != i+1 {
			t.Fatalf("Read = %d entries, %v", len(all), err)
		}
		e := all[i]
		if e.ID != res.ProviderID || e.Kind != kind || e.To != m.To || e.Body != m.Body || e.Subject != m.Subject || !e.ExpiresAt.Equal(m.ExpiresAt) {
			t.Errorf("%+v is not %+v", e, m)
		}
	}
	for name, want := range map[string]os.FileMode{"": 0o700, fileName: 0o600, lockName: 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o, want %o", name, got, want)
		}
	}
}

func TestAKeyIsWrittenOnce(t *testing.T) {
	t.Parallel()
	// Two processes of the plugin on one folder, as during a reload.
	dir := t.TempDir()
	plugins := []*sdktest.Plugin{sdktest.Start(t, New(), configFor(dir)), sdktest.Start(t, New(), configFor(dir))}
	var mu sync.Mutex
	ids := map[string]bool{}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			res, err := plugins[i%2].Send(t.Context(), message("same"))
			if err != nil || !res.Accepted {
				t.Errorf("Send = %+v, %v", res, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[res.ProviderID] = true
		})
	}
	wg.Wait()
	if all, err := Read(dir); err != nil || len(all) != 1 || len(ids) != 1 {
		t.Errorf("%d lines, %d ids, %v", len(all), len(ids), err)
	}
}

func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	p, dir := start(t)
	for name, spoil := range map[string]func(*sdk.Message){
		"push":       func(m *sdk.Message) { m.Kind = "push" },
		"no address": func(m *sdk.Message) { m.To = "" },
		"no key":     func(m *sdk.Message) { m.IdempotencyKey = "" },
		"too long":   func(m *sdk.Message) { m.Body = strings.Repeat("x", maxMessage) },
		"too late":   func(m *sdk.Message) { m.ExpiresAt = time.Now().Add(-time.Second) },
	} {
		m := message(name)
		spoil(&m)
		res, err := p.Send(t.Context(), m)
		if err != nil || res.Accepted || !res.Permanent || res.Reason == "" {
			t.Errorf("%s: Send = %+v, %v", name, res, err)
		}
	}
	if all, err := Read(dir); err != nil || len(all) != 0 {
		t.Errorf("%d messages were written, %v", len(all), err)
	}
}

func TestTechnicalFaults(t *testing.T) {
	t.Parallel()
	p, dir := start(t)
	stranger := message("a")
	stranger.InstanceID = "somebody-else"
	if _, err := p.Send(t.Context(), stranger); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("unknown instance: %v", err)
	}
	// A link in place of the file: what is behind it must stay as it is.
	target := filepath.Join(t.TempDir(), "target")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Send(t.Context(), message("a")); status.Code(err) != codes.Unavailable {
		t.Errorf("a link in place of the file: %v", err)
	}
	if raw, err := os.ReadFile(target); err != nil || len(raw) != 0 {
		t.Errorf("the plugin wrote through the link: %q, %v", raw, err)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	p, dir := start(t)
	if h, err := p.Check(t.Context(), sdktest.InstanceID); err != nil || !h.OK || !strings.Contains(h.Message, "in the clear") {
		t.Errorf("Check = %+v, %v", h, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	if h, err := p.Check(t.Context(), sdktest.InstanceID); err != nil || h.OK || h.Message == "" {
		t.Errorf("Check = %+v, %v", h, err)
	}
	if err := p.Remove(t.Context(), sdktest.InstanceID); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Send(t.Context(), message("a")); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a removed instance: %v", err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for raw, good := range map[string]bool{
		`{"directory": "/var/lib/varco/inbox"}`: true,
		`{"directory": "relative"}`:             false,
		`{"directory": "/"}`:                    false,
		`{"directory": "/a/.."}`:                false,
		`{}`:                                    false,
		``:                                      false,
		`[]`:                                    false,
		`{"directory": 7}`:                      false,
		`{"directory": "/a", "x": 1}`:           false,
		`{"directory": "/a"} {"directory": "/b"}`: false,
	} {
		p := New()
		problems, err := p.ValidateConfig(context.Background(), sdk.Configuration{JSON: []byte(raw)})
		if err != nil || (len(problems) == 0) != good {
			t.Errorf("%s: %v, %v", raw, problems, err)
		}
		if err := p.Configure(context.Background(), sdk.Configuration{InstanceID: "i", JSON: []byte(raw)}); (err == nil) != good {
			t.Errorf("%s: Configure = %v", raw, err)
		}
	}
}

func TestACrashInTheMiddleOfALine(t *testing.T) {
	t.Parallel()
	p, dir := start(t)
	if _, err := p.Send(t.Context(), message("first")); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path(dir))
	if err != nil {
		t.Fatal(err)
	}
	torn := append(bytes.Clone(raw), raw[:len(raw)/2]...)
	if err := os.WriteFile(path(dir), torn, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Send(t.Context(), message("second")); err != nil {
		t.Fatal(err)
	}
	all, err := Read(dir)
	if err != nil || len(all) != 2 || all[0].Key != "first" || all[1].Key != "second" {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestTheFileIsBounded(t *testing.T) {
	t.Parallel()
	p, dir := start(t)
	big := message("")
	big.Body = strings.Repeat("\x01", maxMessage-200) // six bytes each in JSON
	for i := range 10 {
		big.IdempotencyKey = strconv.Itoa(i)
		if res, err := p.Send(t.Context(), big); err != nil || !res.Accepted {
			t.Fatalf("Send %d = %+v, %v", i, res, err)
		}
	}
	all, err := Read(dir)
	if err != nil || len(all) == 0 || all[len(all)-1].Key != "9" {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	total := int64(0)
	for _, name := range []string{fileName, oldName} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > 2*maxFile {
		t.Errorf("the files hold %d bytes", total)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"id":"a","key":"k","kind":"sms","to":"+39","body":"x"}` + "\n"))
	f.Add([]byte("{\n\n}\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		all, err := parse(bytes.NewReader(raw))
		if err != nil {
			return
		}
		for _, e := range all {
			if e.Key == "" {
				t.Error("an entry without key")
			}
		}
	})
}
