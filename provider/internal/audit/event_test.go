package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/audit/audittest"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/telemetry"
)

var at = time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.FixedZone("CET", 3600))

func TestEncode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		event audit.Event
		want  string
	}{
		"least": {
			audit.Event{ID: "01", At: at, Kind: audit.ServerStarted},
			`{"at":"2026-11-22T09:00:00.123456Z","id":"01","kind":"server.started","v":1}`,
		},
		"all": {
			audit.Event{ID: "01", At: at, Kind: audit.LoginCompleted, Subject: "s", Client: "c", Flow: "f", Session: "e", Actor: "a",
				Address: "192.0.2.1", Request: "r", Data: map[string]string{"b": "2", "a": "1"}},
			`{"actor":"a","address":"192.0.2.1","at":"2026-11-22T09:00:00.123456Z","client":"c","data":{"a":"1","b":"2"},"flow":"f",` +
				`"id":"01","kind":"login.completed","request":"r","session":"e","subject":"s","v":1}`,
		},
		"nothing that needs no escape is escaped": {
			audit.Event{ID: "01", At: at, Kind: "k", Subject: "<&>\u2028è😀\x7f", Actor: `a"b\c`},
			`{"actor":"a\"b\\c","at":"2026-11-22T09:00:00.123456Z","id":"01","kind":"k","subject":"<&>` + "\u2028è😀\x7f" + `","v":1}`,
		},
		"what text columns cannot carry": {
			audit.Event{ID: "01", At: at, Kind: "k", Subject: "a\x00b\xffc\nd"},
			`{"at":"2026-11-22T09:00:00.123456Z","id":"01","kind":"k","subject":"a` + "\ufffdb\ufffdc\ufffdd" + `","v":1}`,
		},
		"empty data": {
			audit.Event{ID: "01", At: at, Kind: "k", Data: map[string]string{"a": ""}},
			`{"at":"2026-11-22T09:00:00.123456Z","id":"01","kind":"k","v":1}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := string(audit.Encode(tc.event)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func anyEvent(t *rapid.T) audit.Event {
	s := func(name string) string { return rapid.String().Draw(t, name) }
	return audit.Event{
		At:   time.UnixMicro(rapid.Int64Range(0, 253402300799999999).Draw(t, "at")).UTC(),
		Kind: audit.Kind(rapid.StringMatching(`[a-z]+\.[a-z_]+`).Draw(t, "kind")), Subject: s("subject"), Client: s("client"), Flow: s("flow"),
		Session: s("session"), Actor: s("actor"), Address: s("address"), Request: s("request"),
		Data: rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "data"),
	}
}

// written passes an event through Write and returns its row.
func written(t interface{ Fatal(...any) }, e audit.Event) audit.Row {
	s := &audittest.Store{}
	if err := audit.Write(context.Background(), s, s, e); err != nil {
		t.Fatal(err)
	}
	return s.Pending[0]
}

func TestWrittenEventsAreCanonical(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent(t)
		row := written(t, e)
		got, err := audit.Decode(row.Body) // refuses what is not canonical
		if err != nil {
			t.Fatalf("%s: %v", row.Body, err)
		}
		if got.ID != row.ID || got.At != e.At || row.At != e.At.UnixMicro() || got.Kind != e.Kind {
			t.Fatalf("came back as %+v", got)
		}
		if len(row.Body) > audit.MaxBody {
			t.Fatalf("%d bytes", len(row.Body))
		}
		var sorted map[string]any
		if err := json.Unmarshal(row.Body, &sorted); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWriteBoundsEvents(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\x01è\"", 100_000)
	e := audit.Event{At: at, Kind: audit.LoginStarted, Subject: long, Client: long, Flow: long, Session: long, Actor: long,
		Address: long, Request: long, Data: map[string]string{}}
	for i := range 200 {
		e.Data[strings.Repeat("n", i)] = long
	}
	row := written(t, e)
	if len(row.Body) > audit.MaxBody {
		t.Errorf("%d bytes, more than MaxBody", len(row.Body))
	}
	got, err := audit.Decode(row.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Data) != audit.MaxData || len(got.Subject) > audit.MaxField || len(got.Data["n"]) > audit.MaxValue {
		t.Errorf("%d data, subject of %d, value of %d", len(got.Data), len(got.Subject), len(got.Data["n"]))
	}
}

func TestWriteKeepsSecretsOut(t *testing.T) {
	t.Parallel()
	data := map[string]string{
		"password": "hunter2hunter2", "New-Password": "hunter2hunter2", "client_secret": "hunter2hunter2", "code": "hunter2hunter2",
		"refresh_token": "hunter2hunter2", "Authorization": "hunter2hunter2", "otp": "hunter2hunter2",
		"hint": "eyJhbGciOiJFUzI1NiJ9.hunter2hunter2.sig", "header": "Bearer hunter2hunter2",
	}
	body := string(written(t, audit.Event{At: at, Kind: audit.LoginStepFailed, Data: data}).Body)
	if strings.Contains(body, "hunter2") || strings.Count(body, telemetry.Redacted) != len(data) {
		t.Errorf("secrets in %s", body)
	}
	if data["password"] != "hunter2hunter2" {
		t.Error("Write changed the caller's map")
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	s := &audittest.Store{}
	ctx := telemetry.WithRequest(t.Context(), "REQ")
	if err := audit.Write(ctx, s, s); err != nil || s.Queries != 0 {
		t.Errorf("writing nothing: %v, %d queries", err, s.Queries)
	}
	if err := audit.Write(ctx, s, s, audit.Event{Kind: audit.LoginStarted}, audit.Event{Kind: audit.LoginRefused, At: at, Request: "OWN"}); err != nil {
		t.Fatal(err)
	}
	if s.Queries != 1 || len(s.Pending) != 2 || s.Pending[0].ID >= s.Pending[1].ID {
		t.Fatalf("%d queries, pending %+v", s.Queries, s.Pending)
	}
	first, _ := audit.Decode(s.Pending[0].Body)
	second, _ := audit.Decode(s.Pending[1].Body)
	if first.Request != "REQ" || second.Request != "OWN" || first.At.Before(at) && first.At.Year() < 2020 {
		t.Errorf("first %+v, second %+v", first, second)
	}

	for name, events := range map[string][]audit.Event{
		"no kind":  {{At: at}},
		"too many": make([]audit.Event, audit.MaxEvents+1),
	} {
		if err := audit.Write(ctx, s, s, events...); !fault.Is(err, fault.Internal) || len(s.Pending) != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
	down := fault.New(fault.Unavailable, "down")
	s.Fail(down)
	if err := audit.Write(ctx, s, s, audit.Event{Kind: audit.LoginStarted}); !fault.Is(err, fault.Unavailable) || !errors.Is(err, down) {
		t.Errorf("with the database down: %v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good := `{"at":"2026-11-22T09:00:00.123456Z","id":"01","kind":"k","v":1}`
	e, err := audit.Decode([]byte(good))
	if err != nil || !reflect.DeepEqual(e, audit.Event{ID: "01", At: e.At, Kind: "k"}) {
		t.Fatalf("Decode = %+v, %v", e, err)
	}
	for name, bad := range map[string]string{
		"nothing":        ``,
		"null":           `null`,
		"white space":    strings.Replace(good, ":", ": ", 1),
		"a name twice":   strings.Replace(good, `"id":"01"`, `"id":"01","id":"01"`, 1),
		"another case":   strings.Replace(good, `"id"`, `"ID"`, 1),
		"another order":  `{"id":"01","at":"2026-11-22T09:00:00.123456Z","kind":"k","v":1}`,
		"an escape":      strings.Replace(good, `"k"`, `"\u006b"`, 1),
		"another time":   strings.Replace(good, `123456Z`, `123456+00:00`, 1),
		"no such day":    strings.Replace(good, `11-22`, `11-31`, 1),
		"no id":          strings.Replace(good, `"id":"01",`, ``, 1),
		"no kind":        strings.Replace(good, `"kind":"k",`, ``, 1),
		"no version":     strings.Replace(good, `,"v":1`, ``, 1),
		"unknown field":  strings.Replace(good, `"kind"`, `"joy":"x","kind"`, 1),
		"something more": good + "{}",
		"huge":           strings.Replace(good, `"k"`, `"`+strings.Repeat("k", audit.MaxBody)+`"`, 1),
	} {
		if _, err := audit.Decode([]byte(bad)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: err = %v, want invalid", name, err)
		}
	}
	if _, err := audit.Decode([]byte(`{"at":"2026-11-22T09:00:00.123456Z","id":"01","joy":"x","kind":"k","v":2}`)); err != nil {
		t.Errorf("a later version: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"at":"2026-11-22T09:00:00.123456Z","data":{"a":"\"\\"},"id":"01","kind":"k","v":1}`))
	f.Add([]byte(`{"v":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := audit.Decode(b)
		if err != nil {
			return
		}
		again, err := audit.Decode(audit.Encode(e))
		if err != nil || !again.At.Equal(e.At) || again.ID != e.ID || again.Kind != e.Kind || again.Subject != e.Subject {
			t.Errorf("%+v came back as %+v, %v", e, again, err)
		}
	})
}
