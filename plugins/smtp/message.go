package smtp

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/varco-id/varco/plugins/sdk"
)

const maxMessage = 64 << 10 // bytes

// messageID is the same for the same key: two copies of a message can be recognized, by mail programs too, which show one.
func (r *relay) messageID(m sdk.Message) string {
	sum := sha256.Sum256([]byte(m.InstanceID + "\x00" + m.IdempotencyKey))
	_, domain, _ := strings.Cut(r.from.Address, "@")
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:20])) + "@" + domain
}

// compose makes the message: plain text in UTF-8, in lines that every server takes.
func (r *relay) compose(m sdk.Message, now time.Time) *gomail.Msg {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(r.from)
	_ = msg.EnvelopeFrom(r.from.Address) // checked before, like m.To
	_ = msg.To(m.To)
	if r.replyTo != nil {
		msg.ReplyToMailAddress(r.replyTo)
	}
	msg.Subject(oneLine(m.Subject))
	msg.SetDateWithValue(now)
	msg.SetMessageIDWithValue(r.messageID(m))
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no absence notes, please
	if language(m.Locale) {
		msg.SetGenHeader("Content-Language", m.Locale)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Body)
	if r.signer != nil {
		msg.SetDKIM(r.signer)
	}
	return msg
}

// oneLine keeps a subject from becoming more headers than one.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == '\u2028' || c == '\u2029' {
			return ' '
		}
		return c
	}, s))
}

func language(s string) bool {
	return s != "" && len(s) <= 35 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// refuse says what can be known of a message without asking the server; empty: nothing against it.
func refuse(m sdk.Message, now time.Time) string {
	switch {
	case m.Kind != kind:
		return "this channel takes email"
	case m.IdempotencyKey == "":
		return "the message has no key"
	case !goodAddress(m.To):
		return "the address is not one of plain form, like somebody@bank.example"
	case m.Body == "" || !utf8.ValidString(m.Body) || !utf8.ValidString(m.Subject):
		return "the message has no text, or one that is not UTF-8"
	case len(m.Subject)+len(m.Body) > maxMessage:
		return "the message is too long"
	case !m.ExpiresAt.IsZero() && !now.Before(m.ExpiresAt):
		return "the message came after its time"
	}
	return ""
}
