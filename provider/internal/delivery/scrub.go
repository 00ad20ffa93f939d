package delivery

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/sdk"
	"google.golang.org/grpc/status"
)

const (
	maxProviderID = 256
	maxReason     = 200
)

// tell logs an attempt. The channel's own words help the operator and are promised to hold neither address nor code; the promise
// is the plugin's, so anything of the message found in them is cut out.
func (a *attempt) tell(ctx context.Context, v verdict, kind string, res *sdk.SendResult, err error, m sdk.Message) {
	if v == accepted {
		return
	}
	reason := ""
	switch {
	case err != nil:
		reason = status.Convert(err).Message()
	case res != nil:
		reason = res.Reason
	}
	a.w.box.Log.WarnContext(ctx, "a channel did not send a message", "message", a.row.ID, "channel", a.row.Channel,
		"sender", a.row.Sender, "kind", kind, "attempt", a.row.Attempts, "reason", scrub(reason, m))
}

// scrub removes the message's address, its text and each of its words of four characters or more from s, then control
// characters, and shortens it.
func scrub(s string, m sdk.Message) string {
	for _, secret := range append([]string{m.To, m.Body, m.Subject}, strings.FieldsFunc(m.To+" "+m.Body, notWord)...) {
		if utf8.RuneCountInString(secret) >= 4 {
			s = strings.ReplaceAll(s, secret, "…")
		}
	}
	return clip(s, maxReason)
}

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '+' }

// clip makes s valid text without control characters of at most n bytes.
func clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
