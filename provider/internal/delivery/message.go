package delivery

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
)

// The kinds of delivery channel.
const (
	SMS   = "sms"
	Email = "email"
	Voice = "voice"
	Push  = "push"
)

// Limits of a message. A plugin may be hostile or broken: what it asks to store is bounded.
const (
	maxKey      = 256 // bytes
	maxTo       = 2048
	maxTemplate = 128
	maxParams   = 32
	maxContent  = 8 << 10 // bytes of all parameters together
)

// defaultLife is how long an effect lives that says nothing: about as long as a person waits for a code.
const defaultLife = 10 * time.Minute

// Message is something to send.
type Message struct {
	// Key makes the message unique for its (Instance, Subject): queued twice, it is sent once. Scoping it keeps a plugin with
	// careless keys from silencing another plugin's or another person's messages.
	Key       string
	Instance  string // plugin instance that asks; empty for the host
	Subject   string // sub of the person it is about; empty when there is none
	Channel   string // kind of channel
	To        string // address; empty is stored as undeliverable
	Locale    string // BCP 47 of the text
	Template  string // text key of the instance's catalogue (of the host's, when Instance is empty)
	Params    map[string]string
	ExpiresAt time.Time // zero: 10 minutes from now
	// Credential is the one the message goes to, if Instance is to be told what became of it.
	Credential string
}

// Recipient is a subscriber as far as messages go.
type Recipient struct {
	Subject string
	Locale  string          // what the person reads; empty falls back to the claim, then to English
	Claims  json.RawMessage // OIDC standard claims (Core 5.1)
}

// FromEffect turns what a step of the instance asked for into a message. An effect without address goes to the recipient's own.
func FromEffect(instance string, e sdk.Effect, r Recipient) Message {
	to := e.To
	if to == "" {
		to = r.Address(e.Channel)
	}
	return Message{
		Key: e.IdempotencyKey, Instance: instance, Subject: r.Subject, Channel: e.Channel, To: to, Locale: r.locale(),
		Template: e.Template, Params: e.Params, ExpiresAt: e.ExpiresAt, Credential: e.CredentialID,
	}
}

// Address is the person's own address on a kind of channel; empty when there is none.
func (r Recipient) Address(channel string) string {
	switch c := r.claims(); channel {
	case Email:
		return c.Email
	case SMS, Voice:
		return c.PhoneNumber
	default:
		return ""
	}
}

func (r Recipient) locale() string {
	if r.Locale != "" {
		return r.Locale
	}
	return r.claims().Locale
}

type ownClaims struct {
	Email       string `json:"email"`
	PhoneNumber string `json:"phone_number"`
	Locale      string `json:"locale"`
}

// claims reads the few claims needed; claims that are not what OIDC says count as absent, and the message is undeliverable.
func (r Recipient) claims() (c ownClaims) {
	if len(r.Claims) == 0 || json.Unmarshal(r.Claims, &c) != nil {
		return ownClaims{}
	}
	return c
}

// check answers fault.Invalid for a message that no honest caller makes. The text names the field, never its value.
func (m Message) check() error {
	size := 0
	for k, v := range m.Params {
		size += len(k) + len(v)
	}
	switch {
	case m.Key == "" || len(m.Key) > maxKey:
		return fault.New(fault.Invalid, "message: the idempotency key is empty or too long")
	case m.Channel != SMS && m.Channel != Email && m.Channel != Voice && m.Channel != Push:
		return fault.New(fault.Invalid, "message: unknown kind of channel")
	case m.Template == "" || len(m.Template) > maxTemplate || !utf8.ValidString(m.Template) || strings.ContainsRune(m.Template, 0):
		return fault.New(fault.Invalid, "message: the text key is empty, too long or not text")
	case len(m.To) > maxTo:
		return fault.New(fault.Invalid, "message: the address is too long")
	case strings.ContainsFunc(m.To, unicode.IsControl): // a line break would begin a mail header of its own
		return fault.New(fault.Invalid, "message: the address holds control characters")
	case len(m.Params) > maxParams || size > maxContent:
		return fault.New(fault.Invalid, "message: too many or too long parameters")
	}
	return nil
}

// body is the part that is sealed.
type body struct {
	To     string            `json:"to,omitempty"`
	Key    string            `json:"key,omitempty"` // the instance's own, of a message whose fate it is told
	Locale string            `json:"locale,omitempty"`
	Params map[string]string `json:"params,omitempty"`
}
