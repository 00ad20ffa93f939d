package webhook

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/internal/httpsend"
	"github.com/varco-id/varco/plugins/sdk"
)

// judge turns the gateway's answer into a result.
//
// Refused for good is what lies in the message. What lies in the configuration (401, 404) or in the hour is not: another channel may
// take it. 502 and 504 are a proxy's words, which does not know either.
func judge(a *httpsend.Answer, now time.Time) (*sdk.SendResult, error) {
	text := "the gateway answered " + strconv.Itoa(a.Status)
	switch s := a.Status; {
	case s >= 200 && s <= 299:
		id := read(a.Body).ID
		if id == "" || len(id) > maxID || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) {
			// A page of some proxy is no word of the gateway's; and yet it may have the message.
			return nil, httpsend.Unknown("webhook: " + text + ", without the id that says that it took the message")
		}
		return &sdk.SendResult{Accepted: true, ProviderID: id}, nil
	case s == http.StatusTooManyRequests:
		return nil, sdk.ResourceExhausted(a.RetryAfter(now))
	case s == http.StatusBadGateway, s == http.StatusGatewayTimeout, s == http.StatusConflict:
		return nil, httpsend.Unknown("webhook: " + text)
	case s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusProxyAuthRequired:
		return &sdk.SendResult{Reason: text + ": check bearer and signing_key"}, nil
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed, s < 400:
		return &sdk.SendResult{Reason: text + ": check url"}, nil
	case s == http.StatusRequestTimeout, s == http.StatusTooEarly, s >= 500:
		return &sdk.SendResult{Reason: text}, nil
	case s == http.StatusGone:
		return &sdk.SendResult{Permanent: true, Gone: true, Reason: text + ": the address does not exist any more"}, nil
	default:
		return &sdk.SendResult{Permanent: true, Reason: text + word(a.Body)}, nil
	}
}

const (
	maxID   = 256
	maxWord = 40
)

// reply is what the gateway says.
type reply struct {
	ID    string `json:"id"`    // of a message that it took; the key will do
	Error string `json:"error"` // a word for the operator, like invalid_number
}

func read(body []byte) (r reply) {
	if json.Unmarshal(body, &r) != nil {
		return reply{}
	}
	return r
}

// word takes the gateway's error if it is a word: a sentence would soon hold the number.
func word(body []byte) string {
	w := read(body).Error
	if w == "" || len(w) > maxWord || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return ""
	}
	return ": " + w
}
