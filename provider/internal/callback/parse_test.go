package callback

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	routes := []sdk.Route{
		{Name: "one", Method: "POST", Path: "devices/{device}/answer"},
		{Name: "own", Method: "POST", Path: "devices/{device}/{what}"},
		{Name: "top", Method: "GET", Path: "status"},
	}
	for at, want := range map[string]string{
		"POST devices/a/answer": "one a", "post devices/a/answer": "one a", "POST devices/a/b": "own a b", "GET status": "top",
		"POST devices//answer": "", "POST devices/a/answer/": "", "POST devices/a": "", "GET devices/a/answer": "", "POST ": "", "GET status/": "",
	} {
		method, path, _ := bytes.Cut([]byte(at), []byte(" "))
		r, values := match(routes, string(method), split(string(path)))
		got := ""
		if r != nil {
			got = r.Name
			for _, name := range []string{"device", "what"} {
				if v, ok := values[name]; ok {
					got += " " + v
				}
			}
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", at, got, want)
		}
	}
}

func split(s string) []string {
	var out []string
	for part := range bytes.SplitSeq([]byte(s), []byte("/")) {
		out = append(out, string(part))
	}
	return out
}

func TestPointer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body, at, want string
		ok             bool
	}{
		{`{"a":"x"}`, "/a", "x", true},
		{`{"b":[{},{"c d":{"e/f":"x","~":"y"}}]}`, "/b/1/c d/e~1f", "x", true},
		{`{"b":[{},{"c d":{"e/f":"x","~":"y"}}]}`, "/b/1/c d/~0", "y", true},
		{`{"a":12345678901234567890}`, "/a", "12345678901234567890", true},
		{`"x"`, "", "x", true},
		{`{"":"x"}`, "/", "x", true},
		{`{"a":{"b":1}}`, "/a", "", false},
		{`{"a":null}`, "/a", "", false},
		{`{"a":true}`, "/a", "", false},
		{`{"a":"x"}`, "/b", "", false},
		{`{"a":"x"}`, "a", "", false},
		{`{"a":"x","a":"y"}`, "/a", "", false},
		{`{"a":"x","\u0061":"y"}`, "/a", "", false},
		{`{"a":{"b":"x"},"a":{"b":"y"}}`, "/a/b", "", false},
		{`{"x":{"a":"no"},"a":"x"}`, "/a", "x", true},
		{`{"a":"x"}{}`, "/a", "", false},
		{`{"a":"x"`, "/a", "", false},
		{"{\"a\":\"\xff\"}", "/a", "", false},
		{`[["x"]]`, "/0/0", "x", true},
		{`[["x"]]`, "/00/0", "", false},
	} {
		got, err := pointer([]byte(c.body), c.at)
		if (err == nil) != c.ok || got != c.want {
			t.Errorf("%s at %q: %q, %v", c.body, c.at, got, err)
		}
	}
}

func TestSameTarget(t *testing.T) {
	t.Parallel()
	target, _ := url.Parse("https://login.bank.test/plugins/phone/devices/a%2Fb?x=1")
	for htu, want := range map[string]bool{
		"https://login.bank.test/plugins/phone/devices/a%2Fb":         true,
		"HTTPS://Login.Bank.Test:443/plugins/phone/devices/a%2Fb?y#z": true,
		"https://login.bank.test/plugins/phone/devices/a/b":           false,
		"http://login.bank.test/plugins/phone/devices/a%2Fb":          false,
		"https://login.bank.test:8443/plugins/phone/devices/a%2Fb":    false,
		"https://x@login.bank.test/plugins/phone/devices/a%2Fb":       false,
		"/plugins/phone/devices/a%2Fb":                                false,
		"":                                                            false,
	} {
		if got := sameTarget(htu, target); got != want {
			t.Errorf("%q: %v", htu, got)
		}
	}
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	l := &limiter{rate: rate{perSecond: 2, burst: 3}}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	take := func(key string, want bool) {
		t.Helper()
		if _, spent := l.spent(key, now); spent == want {
			t.Errorf("%s at %s: spent %v", key, now, spent)
		}
		if wait, ok := l.take(key, now); ok != want || ok == (wait > 0) {
			t.Errorf("%s at %s: %v, wait %s", key, now, ok, wait)
		}
	}
	for range 3 {
		take("a", true)
	}
	take("a", false)
	take("b", true)
	now = now.Add(500 * time.Millisecond)
	take("a", true)
	take("a", false)
	now = now.Add(time.Hour)
	for range 3 {
		take("a", true)
	}
	take("a", false)
	for i := range 2 * limitKeys {
		l.take("flood-"+strconv.Itoa(i), now)
	}
	if n := len(l.new) + len(l.old); n > 2*limitKeys {
		t.Errorf("%d keys are remembered", n)
	}
}

// Whatever a request brings, a handle is what one reader of the body finds in one place, and fits into a database.
func FuzzHandle(f *testing.F) {
	f.Add([]byte(`{"a":{"b":"x"}}`), "/a/b")
	f.Add([]byte(`{"a":"x","a":"y"}`), "/a")
	f.Add([]byte(`[1,[2,"x"]]`), "/1/1")
	f.Fuzz(func(t *testing.T, body []byte, at string) {
		handle, err := handleOf(&sdk.Route{HandleIn: "json:" + at}, nil, http.Header{}, body)
		if err != nil {
			return
		}
		if handle == "" || len(handle) > sdk.MaxHandle {
			t.Fatalf("handle of %d bytes", len(handle))
		}
		var whole any
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&whole); err != nil {
			t.Fatalf("%q has no handle for encoding/json: %v", body, err)
		}
		path, _ := segments(at)
		for _, name := range path {
			switch v := whole.(type) {
			case map[string]any:
				whole = v[name]
			case []any:
				i, err := strconv.Atoi(name)
				if err != nil || i >= len(v) {
					t.Fatalf("%q of %q is in no list", name, body)
				}
				whole = v[i]
			}
		}
		if s, ok := whole.(string); ok && s != handle {
			t.Fatalf("%q, and encoding/json finds %q", handle, s)
		}
		if n, ok := whole.(json.Number); ok && n.String() != handle {
			t.Fatalf("%q, and encoding/json finds %q", handle, n)
		}
	})
}

// No bytes make a proof without a signature by the key that they bring.
func FuzzProof(f *testing.F) {
	f.Add("eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg")
	f.Add("a.b.c")
	f.Add("")
	f.Fuzz(func(t *testing.T, compact string) {
		p, c, err := parseProof(compact)
		if (err == nil) != (p != nil && c != nil) {
			t.Fatalf("%v, %v, %v", p, c, err)
		}
		if err == nil && (len(p.thumbprint) != 43 || c.ID == "" || c.IssuedAt == nil) {
			t.Fatalf("%+v %+v", p, c)
		}
	})
}

// The example of RFC 9449 section 4.1.
func TestProofOfTheRFC(t *testing.T) {
	t.Parallel()
	const example = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
	target, err := url.Parse("https://server.example.com/token?x")
	if err != nil {
		t.Fatal(err)
	}
	p, err := checkProof(http.Header{"Dpop": {example}}, http.MethodPost, target)
	if err != nil || p.thumbprint != "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := checkProof(http.Header{"Dpop": {example[:len(example)-3] + "A" + example[len(example)-2:]}}, http.MethodPost, target); err == nil {
		t.Error("a changed signature is good")
	}
}
