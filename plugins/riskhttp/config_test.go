package riskhttp

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var key = strings.Repeat("k", minKey)

func TestConfig(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	for raw, pointer := range map[string]string{ // pointer of the problem; "ok" for none
		`{"url": "https://fraud.bank.example/v1/assess"}`:                    "ok",
		`{"url": "http://127.0.0.1:8080/assess"}`:                            "ok",
		`{"url": "http://[::1]:8080/"}`:                                      "ok",
		`{"url": "http://fraud.bank.example/"}`:                              "/url",
		`{"url": "https://user:pass@fraud.bank.example/"}`:                   "/url",
		`{"url": "https://fraud.bank.example/?key=secret"}`:                  "/url",
		`{"url": "file:///etc/passwd"}`:                                      "/url",
		`{"url": "https:///assess"}`:                                         "/url",
		`{}`:                                                                 "/url",
		``:                                                                   "/url",
		`{"url": "https://a.example/", "kind": "other"}`:                     "/kind",
		`{"url": "https://a.example/", "timeout": "1m"}`:                     "/timeout",
		`{"url": "https://a.example/", "timeout": "soon"}`:                   "/timeout",
		`{"url": "https://a.example/", "tiemout": "1s"}`:                     "/tiemout",
		`{"url": "https://a.example/", "ca_file": "ca.pem"}`:                 "/ca_file",
		`{"url": "https://a.example/", "client_certificate_file": "/a.pem"}`: "/client_key_file",
		`{"url": "https://a.example/", "bearer": "x", "basic": {"username": "u", "password": "p"}}`:                                             "",
		`{"url": "https://a.example/", "oauth": {"token_url": "http://b.example/token", "client_id": "c", "client_secret": "s"}}`:               "/oauth/token_url",
		`{"url": "https://a.example/", "oauth": {"token_url": "https://b.example/token", "client_id": "c", "client_secret": "s"}}`:              "ok",
		`{"url": "https://a.example/", "signing_key": "short"}`:                                                                                 "/signing_key",
		`{"url": "https://a.example/", "pseudonym_key": "short"}`:                                                                               "/pseudonym_key",
		`{"url": "https://a.example/", "pseudonym_key": "` + key + `"}`:                                                                         "ok",
		`{"url": "https://a.example/", "kind": "camara-sim-swap", "pseudonym_key": "` + key + `"}`:                                              "/pseudonym_key",
		`{"url": "https://a.example/", "kind": "camara-sim-swap", "sim_swap": {"max_age_hours": 2401}}`:                                         "/sim_swap/max_age_hours",
		`{"url": "https://a.example/", "kind": "camara-sim-swap", "sim_swap": {"swapped": "allow"}}`:                                            "/sim_swap/swapped",
		`{"url": "https://a.example/", "kind": "camara-sim-swap", "sim_swap": {"max_age_hours": 24}}`:                                           "ok",
		`{"url": "https://a.example/", "verdict": {"pointer": "decision"}}`:                                                                     "/verdict/pointer",
		`{"url": "https://a.example/", "verdict": {"pointer": "/a~2b"}}`:                                                                        "/verdict/pointer",
		`{"url": "https://a.example/", "verdict": {"pointer": "/d", "allow": ["OK"], "deny": ["OK"]}}`:                                          "/verdict",
		`{"url": "https://a.example/", "score": {"pointer": "/score"}}`:                                                                         "/score",
		`{"url": "https://a.example/", "score": {"pointer": "/score", "step_up_from": 80, "deny_from": 50}}`:                                    "/score/step_up_from",
		`{"url": "https://a.example/", "score": {"pointer": "/score", "step_up_from": 0}, "reasons_pointer": ""}`:                               "ok",
		`{"url": "https://a.example/", "reasons_pointer": "why"}`:                                                                               "/reasons_pointer",
		`{"url": "https://a.example/", "health_url": "ftp://a.example/"}`:                                                                       "/health_url",
		`{"url": "https://a.example/", "basic": {"username": "u", "password": "p"}, "signing_key": "` + key + `", "ca_file": "/etc/ssl/a.pem"}`: "ok",
	} {
		_, problems := parseConfig([]byte(raw))
		switch {
		case pointer == "ok" && len(problems) > 0:
			t.Errorf("%s: %v", raw, problems)
		case pointer == "ok":
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
			if err == nil {
				err = schema.Validate(v)
			}
			if err != nil {
				t.Errorf("%s: the schema refuses it: %v", raw, err)
			}
		case len(problems) == 0 || problems[0].Pointer != pointer:
			t.Errorf("%s: problems %v, want one at %q", raw, problems, pointer)
		}
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(configSchema)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.json", v); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
