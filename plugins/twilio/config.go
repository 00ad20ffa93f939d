package twilio

import (
	_ "embed"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/varco-id/varco/plugins/internal/httpsend"
	"github.com/varco-id/varco/plugins/sdk"
)

//go:embed config.schema.json
var configSchema []byte

// Config is the configuration of an instance. Its JSON Schema is config.schema.json.
type Config struct {
	AccountSID   string `json:"account_sid"`
	AuthToken    string `json:"auth_token"` // also verifies callbacks
	APIKeySID    string `json:"api_key_sid"`
	APIKeySecret string `json:"api_key_secret"`

	MessagingServiceSID string `json:"messaging_service_sid"`
	From                string `json:"from"`       // number, short code or alphanumeric sender
	VoiceFrom           string `json:"voice_from"` // number; default From, if it is one

	Edge   string `json:"edge"`
	Region string `json:"region"`
	APIURL string `json:"api_url"` // instead of Twilio's own

	PublicURL   string   `json:"public_url"` // the issuer, for callbacks
	Prefixes    []string `json:"prefixes"`   // numbers that may be written to; default all
	MaxSegments int      `json:"max_segments"`

	Timeout string `json:"timeout"` // of one message, the question what became of it included

	Language string            `json:"language"` // of calls whose language is not known
	Voices   map[string]string `json:"voices"`   // by language
}

var (
	accountSID = pattern(`^AC[0-9a-f]{32}$`)
	apiKeySID  = pattern(`^SK[0-9a-f]{32}$`)
	serviceSID = pattern(`^MG[0-9a-f]{32}$`)
	secret     = pattern(`^[0-9A-Za-z]{16,64}$`) // twilio-go refuses others, and each message with them
	e164       = pattern(`^\+[1-9][0-9]{6,14}$`)
	shortCode  = pattern(`^[0-9]{3,8}$`)
	alpha      = pattern(`^[0-9A-Za-z ]{0,10}[A-Za-z][0-9A-Za-z ]{0,10}$`)
	prefix     = pattern(`^\+[1-9][0-9]{0,14}$`)
	label      = pattern(`^[a-z][a-z0-9-]{1,30}$`)
	language   = pattern(`^[a-z]{2,3}(-[A-Z]{2})?$`)
	voiceName  = pattern(`^[A-Za-z0-9.-]{1,64}$`)
)

// pattern matches expr, which is compiled when it is first needed: every plugin is the same program, and none should pay for another's.
func pattern(expr string) func(string) bool {
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
	return func(s string) bool { return compiled().MatchString(s) }
}

func parseConfig(raw []byte) (Config, []sdk.Problem) {
	c := Config{MaxSegments: 4, Language: "en-GB", Timeout: "9s"}
	if problems := sdk.DecodeConfig(raw, &c); len(problems) > 0 {
		return c, problems
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	if c.VoiceFrom == "" && e164(c.From) {
		c.VoiceFrom = c.From
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
	wrong(!accountSID(c.AccountSID), "/account_sid", "give the account's SID, AC and 32 digits, from the first page of Twilio's console")
	wrong(c.AuthToken == "" && c.APIKeySID == "", "/auth_token", "give the account's auth token, or an API key")
	wrong(c.AuthToken != "" && !secret(c.AuthToken), "/auth_token", "this is no auth token: letters and digits only")
	wrong(c.APIKeySID != "" && !apiKeySID(c.APIKeySID), "/api_key_sid", "give the key's SID, SK and 32 digits")
	wrong((c.APIKeySID == "") != (c.APIKeySecret == ""), "/api_key_secret", "an API key's SID and its secret go together")
	wrong(c.APIKeySecret != "" && !secret(c.APIKeySecret), "/api_key_secret", "this is no secret of an API key: letters and digits only")
	wrong(c.PublicURL != "" && c.AuthToken == "", "/auth_token", "callbacks are signed with the account's auth token: give it beside the API key, or leave public_url out")

	wrong(c.MessagingServiceSID == "" && c.From == "" && c.VoiceFrom == "", "/from", "give a messaging service or a sender")
	wrong(c.MessagingServiceSID != "" && !serviceSID(c.MessagingServiceSID), "/messaging_service_sid", "give the service's SID, MG and 32 digits")
	wrong(c.From != "" && !e164(c.From) && !shortCode(c.From) && (len(c.From) > 11 || !alpha(c.From)), "/from",
		"give a number like +390200000000, a short code, or up to 11 letters, digits and spaces with a letter among them")
	wrong(c.VoiceFrom != "" && !e164(c.VoiceFrom), "/voice_from", "give a number like +390200000000")

	wrong(c.Edge != "" && !label(c.Edge), "/edge", "give the name of an edge location, like dublin")
	wrong(c.Region != "" && !label(c.Region), "/region", "give the name of a region, like ie1")
	wrong(c.Edge != "" && c.Region == "", "/region", "give the region too: with an edge alone requests go to us1")
	wrong(c.APIURL != "" && !httpsend.GoodURL(c.APIURL), "/api_url", "give an https URL without user, query or fragment; http only for this machine itself")
	wrong(c.APIURL != "" && (c.Edge != "" || c.Region != ""), "/api_url", "edge and region are of Twilio's own address: leave them out, or this")
	wrong(c.PublicURL != "" && !httpsend.GoodURL(c.PublicURL), "/public_url", "give the issuer's https URL")
	for i, p := range c.Prefixes {
		wrong(!prefix(p), "/prefixes/"+strconv.Itoa(i), "give the beginning of international numbers, like +39")
	}
	wrong(c.MaxSegments < 1 || c.MaxSegments > 10, "/max_segments", "give 1 to 10")
	d, err := time.ParseDuration(c.Timeout)
	wrong(err != nil || d < 500*time.Millisecond || d > 9*time.Second, "/timeout", "give a duration from 500ms to 9s")
	wrong(!language(c.Language), "/language", "give a language like it-IT")
	for l, v := range c.Voices {
		wrong(!language(l), "/voices", "give languages like it or it-IT")
		wrong(!voiceName(v), "/voices/"+l, "give the name of a voice, like Polly.Bianca")
	}
	return found
}

// allowed says whether messages may go to a number. Numbers of some countries earn money for whoever makes a bank call them.
func (c *Config) allowed(number string) bool {
	for _, p := range c.Prefixes {
		if strings.HasPrefix(number, p) {
			return true
		}
	}
	return len(c.Prefixes) == 0
}
