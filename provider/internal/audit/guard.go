package audit

import (
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/varco-id/varco/provider/internal/telemetry"
)

// guard bounds an event and takes out what looks like a secret. It copies Data, which the caller may share.
func guard(e Event) Event {
	for _, f := range []*string{&e.Subject, &e.Client, &e.Flow, &e.Session, &e.Actor, &e.Address, &e.Request} {
		*f = clean(*f, MaxField)
	}
	if len(e.Data) == 0 {
		e.Data = nil
		return e
	}
	data := make(map[string]string, min(len(e.Data), MaxData))
	for _, name := range slices.Sorted(maps.Keys(e.Data)) {
		v := telemetry.Redacted
		if !telemetry.Secret(name) || e.Data[name] == "" {
			v = clean(telemetry.Scrub(e.Data[name]), MaxValue)
		}
		if _, taken := data[cleanName(name)]; !taken && v != "" && len(data) < MaxData {
			data[cleanName(name)] = v
		}
	}
	e.Data = data
	return e
}

// cleanName makes a name of [a-z0-9_], which every JSON tool sorts alike.
func cleanName(s string) string {
	out := []byte(s[:min(len(s), maxName)])
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

const maxName = 48

// printable says whether s is ASCII without control characters, which is the common case and needs no rewriting.
func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// clean cuts s to at most limit bytes and replaces what text columns and canonical JSON cannot carry: invalid UTF-8 and
// control characters, NUL among them (which PostgreSQL refuses: a login would fail on it).
func clean(s string, limit int) string {
	if len(s) <= limit && printable(s) {
		return s
	}
	out := make([]byte, 0, min(len(s), limit))
	for _, r := range s {
		if r < 0x20 {
			r = utf8.RuneError
		}
		if len(out)+utf8.RuneLen(r) > limit {
			break
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}
