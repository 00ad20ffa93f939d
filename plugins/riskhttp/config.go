package riskhttp

import (
	_ "embed"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

//go:embed config.schema.json
var configSchema []byte

// The services this plugin knows how to ask.
const (
	kindJSON    = "json"
	kindSimSwap = "camara-sim-swap"
)

// Config is the configuration of an instance. Its JSON Schema is config.schema.json.
type Config struct {
	URL     string `json:"url"`
	Kind    string `json:"kind"`
	Timeout string `json:"timeout"` // of one assessment, retry included

	CAFile                string `json:"ca_file"`
	ClientCertificateFile string `json:"client_certificate_file"`
	ClientKeyFile         string `json:"client_key_file"`

	Bearer     string `json:"bearer"`
	Basic      *Basic `json:"basic"`
	OAuth      *OAuth `json:"oauth"`
	SigningKey string `json:"signing_key"`

	PseudonymKey string `json:"pseudonym_key"`

	Verdict        *Verdict `json:"verdict"`
	Score          *Score   `json:"score"`
	ReasonsPointer *string  `json:"reasons_pointer"`
	SimSwap        SimSwap  `json:"sim_swap"`

	HealthURL string `json:"health_url"`
}

// Basic is HTTP basic authentication.
type Basic struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// OAuth gets access tokens with client credentials (RFC 6749 section 4.4).
type OAuth struct {
	TokenURL     string   `json:"token_url"`
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	Scopes       []string `json:"scopes"`
}

// Verdict finds a word in the answer.
type Verdict struct {
	Pointer string   `json:"pointer"` // RFC 6901
	Allow   []string `json:"allow"`
	StepUp  []string `json:"step_up"`
	Deny    []string `json:"deny"`
}

// Score finds a number in the answer; a higher one is a higher risk.
type Score struct {
	Pointer    string   `json:"pointer"`
	StepUpFrom *float64 `json:"step_up_from"`
	DenyFrom   *float64 `json:"deny_from"`
}

// SimSwap is what camara-sim-swap asks and makes of it.
type SimSwap struct {
	MaxAgeHours int    `json:"max_age_hours"`
	Swapped     string `json:"swapped"` // the verdict when it was
}

const minKey = 32 // characters of a key that signs or makes pseudonyms

func parseConfig(raw []byte) (Config, []sdk.Problem) {
	c := Config{Kind: kindJSON, Timeout: "2s", SimSwap: SimSwap{MaxAgeHours: 240, Swapped: string(sdk.RiskDeny)}}
	if problems := sdk.DecodeConfig(raw, &c); len(problems) > 0 {
		return c, problems
	}
	if c.Verdict == nil && c.Score == nil {
		c.Verdict = &Verdict{Pointer: "/verdict"}
	}
	if v := c.Verdict; v != nil && v.Allow == nil && v.StepUp == nil && v.Deny == nil {
		v.Allow, v.StepUp, v.Deny = []string{string(sdk.RiskAllow)}, []string{string(sdk.RiskStepUp)}, []string{string(sdk.RiskDeny)}
	}
	if c.ReasonsPointer == nil {
		c.ReasonsPointer = new("/reasons")
	}
	return c, c.problems()
}

func (c *Config) problems() []sdk.Problem {
	var found []sdk.Problem
	wrong := func(bad bool, pointer, message string) {
		if bad {
			found = append(found, sdk.Problem{Pointer: pointer, Message: message})
		}
	}
	const url = "give an https URL without user, query or fragment; http only for this machine itself"
	wrong(!goodURL(c.URL), "/url", url)
	wrong(c.HealthURL != "" && !goodURL(c.HealthURL), "/health_url", url)
	wrong(c.Kind != kindJSON && c.Kind != kindSimSwap, "/kind", "give json or camara-sim-swap")
	d, err := time.ParseDuration(c.Timeout)
	wrong(err != nil || d < 50*time.Millisecond || d > 3*time.Second, "/timeout", "give a duration from 50ms to 3s")

	for _, f := range []struct{ pointer, file string }{
		{"/ca_file", c.CAFile}, {"/client_certificate_file", c.ClientCertificateFile}, {"/client_key_file", c.ClientKeyFile},
	} {
		wrong(f.file != "" && !filepath.IsAbs(f.file), f.pointer, "give the absolute path of a file")
	}
	wrong((c.ClientCertificateFile == "") != (c.ClientKeyFile == ""), "/client_key_file", "a client certificate and its key go together")
	ways := 0
	for _, used := range []bool{c.Bearer != "", c.Basic != nil, c.OAuth != nil} {
		if used {
			ways++
		}
	}
	wrong(ways > 1, "", "keep one of bearer, basic and oauth: they use the same header")
	if c.OAuth != nil {
		wrong(!goodURL(c.OAuth.TokenURL), "/oauth/token_url", url)
		wrong(c.OAuth.ClientID == "", "/oauth/client_id", "this is missing")
		wrong(c.OAuth.ClientSecret == "", "/oauth/client_secret", "this is missing")
	}
	wrong(c.SigningKey != "" && len(c.SigningKey) < minKey, "/signing_key", "give at least 32 characters, made by a machine")
	wrong(c.PseudonymKey != "" && len(c.PseudonymKey) < minKey, "/pseudonym_key", "give at least 32 characters, made by a machine: phone numbers are few, and a guessed key tells them all")
	if c.Kind == kindSimSwap {
		wrong(c.PseudonymKey != "", "/pseudonym_key", "a telephone network must be told the number itself")
		wrong(c.SimSwap.MaxAgeHours < 1 || c.SimSwap.MaxAgeHours > 2400, "/sim_swap/max_age_hours", "give 1 to 2400 hours")
		wrong(c.SimSwap.Swapped != string(sdk.RiskDeny) && c.SimSwap.Swapped != string(sdk.RiskStepUp), "/sim_swap/swapped", "give deny or step_up")
	}
	return append(found, c.mappingProblems()...)
}

func (c *Config) mappingProblems() []sdk.Problem {
	var found []sdk.Problem
	wrong := func(bad bool, pointer, message string) {
		if bad {
			found = append(found, sdk.Problem{Pointer: pointer, Message: message})
		}
	}
	const form = "give a JSON Pointer (RFC 6901), like /result/decision"
	if v := c.Verdict; v != nil {
		wrong(!goodPointer(v.Pointer), "/verdict/pointer", form)
		seen := map[string]bool{}
		for _, list := range [][]string{v.Allow, v.StepUp, v.Deny} {
			for _, word := range list {
				wrong(seen[word], "/verdict", "one word has two meanings")
				seen[word] = true
			}
		}
	}
	if s := c.Score; s != nil {
		wrong(!goodPointer(s.Pointer), "/score/pointer", form)
		wrong(s.StepUpFrom == nil && s.DenyFrom == nil, "/score", "give step_up_from, deny_from or both: otherwise every score allows")
		wrong(s.StepUpFrom != nil && s.DenyFrom != nil && *s.StepUpFrom >= *s.DenyFrom, "/score/step_up_from", "this must be below deny_from")
	}
	wrong(*c.ReasonsPointer != "" && !goodPointer(*c.ReasonsPointer), "/reasons_pointer", form)
	return found
}

// goodURL keeps what is sent out of other people's sight, and secrets out of URLs, which are logged everywhere.
func goodURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || (u.Scheme == "http" && loopback(u.Hostname()))
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
