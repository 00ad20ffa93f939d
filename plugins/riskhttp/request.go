package riskhttp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// request is what the service is told. Members are added, never renamed: services of others read it.
type request struct {
	Operation      sdk.Operation     `json:"operation"`
	Flow           string            `json:"flow"`
	Now            time.Time         `json:"now"`
	Client         string            `json:"client"`
	Subject        string            `json:"subject,omitempty"`
	Attributes     map[string]string `json:"attributes,omitempty"`
	Address        string            `json:"address"`
	UserAgent      string            `json:"user_agent"`
	KnownBrowser   bool              `json:"known_browser"`
	Locale         string            `json:"locale"`
	AMR            []string          `json:"amr"`
	FailedAttempts uint32            `json:"failed_attempts"`
	Method         string            `json:"method,omitempty"`
	Channel        string            `json:"channel,omitempty"`
	To             string            `json:"to,omitempty"`
}

var errNoNumber = errors.New("there is no telephone number to ask about: may the instance see the attribute phone_number?")

// body makes the body of the request.
func (c *Config) body(r *sdk.RiskRequest) ([]byte, error) {
	if c.Kind == kindSimSwap {
		number, err := number(r)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]any{"phoneNumber": number, "maxAge": c.SimSwap.MaxAgeHours})
	}
	x := &r.Context
	out := request{Operation: r.Operation, Flow: x.FlowID, Now: x.Now.UTC(), Client: x.Client.ID, Address: x.Browser.Address,
		UserAgent: x.Browser.UserAgent, KnownBrowser: x.Browser.Known, Locale: x.Locale, AMR: append([]string{}, r.AMR...),
		FailedAttempts: x.FailedAttempts, Method: x.MethodID, Channel: r.Channel, To: c.pseudonym(claimOf(r.Channel), r.To)}
	if s := x.Subject; s != nil {
		out.Subject, out.Attributes = c.pseudonym("sub", s.ID), make(map[string]string, len(s.Attributes))
		for name, value := range s.Attributes {
			out.Attributes[name] = c.pseudonym(name, value)
		}
	}
	return json.Marshal(out)
}

// claimOf names the claim that an address of a channel is, so that both have one pseudonym.
func claimOf(channel string) string {
	switch channel {
	case "sms", "voice":
		return "phone_number"
	}
	return channel
}

// pseudonym replaces a value, when the operator wants it so, by one that is always the same for it and that nobody without the key can turn
// back or make: a plain hash of a telephone number is undone by trying all numbers.
func (c *Config) pseudonym(kind, value string) string {
	if c.PseudonymKey == "" || value == "" {
		return value
	}
	mac := hmac.New(sha256.New, []byte(c.PseudonymKey))
	mac.Write([]byte(kind + "\x00" + value))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// e164 is PhoneNumber of the CAMARA common definitions.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)

// number is the one a message is about to go to, else the person's own.
func number(r *sdk.RiskRequest) (string, error) {
	number := ""
	if claimOf(r.Channel) == "phone_number" {
		number = r.To
	} else if r.Operation != sdk.OperationSend && r.Context.Subject != nil {
		number = r.Context.Subject.Attributes["phone_number"]
	}
	number = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(number)
	if !e164.MatchString(number) {
		return "", errNoNumber
	}
	return number, nil
}

// signature is "t=SECONDS,v1=HEX": HMAC-SHA-256 over the seconds, a dot and the body. The time in it lets the service refuse what is
// played to it again.
func (c *Config) signature(now time.Time, body []byte) string {
	at := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(c.SigningKey))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	return "t=" + at + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
