package twilio

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(configSchema)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", v); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	account := `{"account_sid": "` + testAccount + `"`
	base := account + `, "auth_token": "` + testToken + `"`
	key := account + `, "api_key_sid": "` + testKey + `", "api_key_secret": "` + testSecret + `"`
	for raw, pointer := range map[string]string{ // pointer of a problem; "ok" for none
		base + `, "from": "+390200000000"}`:                        "ok",
		base + `, "from": "Banca Uno"}`:                            "ok",
		base + `, "from": "48484"}`:                                "ok",
		base + `, "voice_from": "+390200000000"}`:                  "ok",
		base + `, "messaging_service_sid": "` + testService + `"}`: "ok",
		key + `, "messaging_service_sid": "` + testService + `"}`:  "ok",
		key + `, "from": "Banca", "auth_token": "` + testToken + `", "public_url": "https://id.bank.example"}`:                              "ok",
		base + `, "from": "Banca", "edge": "dublin", "region": "ie1"}`:                                                                      "ok",
		base + `, "from": "Banca", "prefixes": ["+39", "+4179"], "max_segments": 2, "language": "it-IT", "voices": {"it": "Polly.Bianca"}}`: "ok",
		`{}`: "/account_sid",
		`{"account_sid": "AC123", "auth_token": "` + testToken + `", "from": "Banca"}`: "/account_sid",
		account + `, "from": "Banca"}`:                                        "/auth_token",
		account + `, "auth_token": "with a space and more", "from": "Banca"}`: "/auth_token",
		key + `, "from": "Banca", "public_url": "https://id.bank.example"}`:   "/auth_token",
		account + `, "api_key_sid": "` + testKey + `", "from": "Banca"}`:      "/api_key_secret",
		base + `}`: "/from",
		base + `, "from": "Banca Centrale del Sud"}`:                                 "/from",
		base + `, "from": "Bança"}`:                                                  "/from",
		base + `, "from": "+39 02"}`:                                                 "/from",
		base + `, "from": "Banca", "voice_from": "Banca"}`:                           "/voice_from",
		base + `, "messaging_service_sid": "x"}`:                                     "/messaging_service_sid",
		base + `, "from": "Banca", "edge": "dublin"}`:                                "/region",
		base + `, "from": "Banca", "edge": "evil.example/", "region": "ie1"}`:        "/edge",
		base + `, "from": "Banca", "api_url": "http://twilio.example"}`:              "/api_url",
		base + `, "from": "Banca", "api_url": "https://a.example", "region": "ie1"}`: "/api_url",
		base + `, "from": "Banca", "public_url": "https://a.example/?x=1"}`:          "/public_url",
		base + `, "from": "Banca", "prefixes": ["39"]}`:                              "/prefixes/0",
		base + `, "from": "Banca", "max_segments": 0}`:                               "/max_segments",
		base + `, "from": "Banca", "timeout": "1m"}`:                                 "/timeout",
		base + `, "from": "Banca", "language": "Italian"}`:                           "/language",
		base + `, "from": "Banca", "voices": {"it": "x\" onload"}}`:                  "/voices/it",
		base + `, "form": "Banca"}`:                                                  "/form",
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

func TestCodes(t *testing.T) {
	t.Parallel()
	for code := range causes() {
		c := explain(code)
		if err := c.result().Validate(); err != nil {
			t.Errorf("%d: %v", code, err)
		}
		if r := c.result(); r.Reason == "" || r.Accepted {
			t.Errorf("%d: %+v", code, r)
		}
	}
}
