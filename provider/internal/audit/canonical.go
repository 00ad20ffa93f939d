package audit

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/telemetry"
)

// timeLayout keeps all six digits, so that times compare as text.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Encode returns the event's canonical bytes, which are what the log hashes: JSON in the form of RFC 8785 (names sorted, no white
// space, no escape that is not needed), empty fields left out, every value a string except "v", the form's version:
//
//	{"at":"2026-11-22T10:00:00.123456Z","client":"bank","data":{"method":"password"},"id":"01…","kind":"login.step_failed","v":1}
//
// A datum whose name or look is that of a secret is replaced by "[redacted]". Names outside [a-z0-9_] are rewritten, so that
// any JSON tool sorts them alike.
func Encode(e Event) []byte {
	b := make([]byte, 0, 384)
	b = append(b, '{')
	b = field(b, "actor", e.Actor)
	b = field(b, "address", e.Address)
	b = append(b, `"at":"`...)
	b = e.At.UTC().AppendFormat(b, timeLayout)
	b = append(b, `",`...)
	b = field(b, "client", e.Client)
	b = data(b, e.Data)
	b = field(b, "flow", e.Flow)
	b = field(b, "id", e.ID)
	b = field(b, "kind", string(e.Kind))
	b = field(b, "request", e.Request)
	b = field(b, "session", e.Session)
	b = field(b, "subject", e.Subject)
	return append(b, `"v":1}`...)
}

func field(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, `":`...)
	b = quote(b, clean(value, MaxField))
	return append(b, ',')
}

func data(b []byte, m map[string]string) []byte {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	entries := make([]entry, 0, len(names))
	for _, name := range names {
		v := m[name]
		if telemetry.Secret(name) || telemetry.SecretValue(v) {
			v = telemetry.Redacted
		}
		if n := cleanName(name); n != "" && v != "" {
			entries = append(entries, entry{n, v})
		}
	}
	// Rewriting can change the order and make two names one; the first of the sorted original names wins, always the same.
	slices.SortStableFunc(entries, func(x, y entry) int { return compare(x.name, y.name) })
	entries = slices.CompactFunc(entries, func(x, y entry) bool { return x.name == y.name })
	if len(entries) == 0 {
		return b
	}
	b = append(b, `"data":{`...)
	for i, e := range entries[:min(len(entries), MaxData)] {
		if i > 0 {
			b = append(b, ',')
		}
		b = quote(b, e.name)
		b = append(b, ':')
		b = quote(b, clean(e.value, MaxValue))
	}
	return append(b, "},"...)
}

type entry struct{ name, value string }

func compare(x, y string) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func cleanName(s string) string {
	out := []byte(s[:min(len(s), 48)])
	for i, c := range out {
		switch {
		case c >= 'A' && c <= 'Z':
			out[i] = c + 'a' - 'A'
		case c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z'):
			out[i] = '_'
		}
	}
	return string(out)
}

// quote appends s, which clean has seen, as a JSON string: only the quote and the backslash are left to escape.
func quote(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// Decode reads canonical bytes back. It answers fault.Invalid for what Encode cannot have written, apart from fields of a
// later version, which it ignores.
func Decode(body []byte) (Event, error) {
	var f struct {
		Actor, Address, At, Client, Flow, ID, Kind, Request, Session, Subject string

		Data map[string]string
		V    int
	}
	if len(body) > MaxBody {
		return Event{}, fault.New(fault.Invalid, "audit event is too large")
	}
	if err := json.Unmarshal(body, &f); err != nil {
		return Event{}, fault.Wrap(fault.Invalid, err, "audit event")
	}
	at, err := time.Parse(timeLayout, f.At)
	if err != nil {
		return Event{}, fault.Wrap(fault.Invalid, err, "audit event's time")
	}
	if f.V < 1 || f.ID == "" || f.Kind == "" {
		return Event{}, fault.New(fault.Invalid, "audit event lacks its id, kind or version")
	}
	return Event{
		ID: f.ID, At: at, Kind: Kind(f.Kind), Subject: f.Subject, Client: f.Client, Flow: f.Flow, Session: f.Session,
		Actor: f.Actor, Address: f.Address, Request: f.Request, Data: f.Data,
	}, nil
}
