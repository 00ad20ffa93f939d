package sqlstore

import (
	"encoding/json"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
)

// micros is t as stored: µs since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment reads what micros wrote.
func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// blob keeps an absent value out of a NOT NULL column: both drivers write nil as NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// absent makes an empty value nil, so that what is read equals what was written on both databases.
func absent(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// list is a list of strings as stored: empty, or a JSON array.
func list(s []string) string {
	if len(s) == 0 {
		return ""
	}
	b, _ := json.Marshal(s) // strings always marshal
	return string(b)
}

// unlist reads what list wrote.
func unlist(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	var out []string
	return out, decode(s, &out)
}

func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), fault.Wrap(fault.Invalid, err, "write a row's JSON")
}

// decode fails only when a row was written by something else than this package.
func decode(s string, v any) error {
	return fault.Wrap(fault.Internal, json.Unmarshal([]byte(s), v), "read a row's JSON")
}
