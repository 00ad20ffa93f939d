package audit

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/varco-id/varco/provider/internal/fault"
)

// timeLayout keeps all six digits, so that times compare as text.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Encode returns the event's canonical bytes, which are what the log hashes: JSON in the form of RFC 8785 (names sorted, no white
// space, no escape that is not needed), empty fields left out, every value a string except "v", the form's version:
//
//	{"at":"2026-11-22T10:00:00.123456Z","client":"bank","data":{"method":"password"},"id":"01…","kind":"login.step_failed","v":1}
//
// It writes what it is given; [Write] guards what goes in. Characters that text columns cannot carry become U+FFFD.
func Encode(e Event) []byte {
	b := make([]byte, 0, 384)
	b = append(b, '{')
	b = appendField(b, "actor", e.Actor)
	b = appendField(b, "address", e.Address)
	b = append(b, `"at":"`...)
	b = e.At.UTC().AppendFormat(b, timeLayout)
	b = append(b, `",`...)
	b = appendField(b, "client", e.Client)
	b = appendData(b, e.Data)
	b = appendField(b, "flow", e.Flow)
	b = appendField(b, "id", e.ID)
	b = appendField(b, "kind", string(e.Kind))
	b = appendField(b, "request", e.Request)
	b = appendField(b, "session", e.Session)
	b = appendField(b, "subject", e.Subject)
	return append(b, `"v":1}`...)
}

func appendData(b []byte, data map[string]string) []byte {
	start := len(b)
	b = append(b, `"data":{`...)
	for _, name := range slices.Sorted(maps.Keys(data)) {
		b = appendField(b, name, data[name])
	}
	if b[len(b)-1] == '{' {
		return b[:start]
	}
	b[len(b)-1] = '}'
	return append(b, ',')
}

func appendField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = appendQuoted(b, name)
	b = append(b, ':')
	b = appendQuoted(b, value)
	return append(b, ',')
}

// appendQuoted appends s as a JSON string. Once printable says yes, only the quote and the backslash are left to escape.
func appendQuoted(b []byte, s string) []byte {
	if !printable(s) {
		s = clean(s, len(s)*utf8.UTFMax)
	}
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
	e := Event{
		ID: f.ID, At: at, Kind: Kind(f.Kind), Subject: f.Subject, Client: f.Client, Flow: f.Flow, Session: f.Session,
		Actor: f.Actor, Address: f.Address, Request: f.Request, Data: f.Data,
	}
	// A body with two readings (a name twice, say) would let whoever made it choose later what it meant.
	if f.V == 1 && !bytes.Equal(Encode(e), body) {
		return Event{}, fault.New(fault.Invalid, "audit event is not in canonical form")
	}
	return e, nil
}
