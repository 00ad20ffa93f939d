package twilio

import (
	"context"
	"errors"
	"strings"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/varco-id/varco/plugins/sdk"
)

const (
	lookedAt = 50              // latest messages to a number
	skew     = 5 * time.Second // of the clocks; dates have whole seconds
)

var errLookup = errors.New("the account's messages cannot be read")

// find looks for a message in the account that was made at since or later: nil if there is none. A text message is known by its number and
// text; a call by its number alone, since the account does not keep what was said.
func (a *account) find(ctx context.Context, m sdk.Message, since time.Time) (*sdk.SendResult, error) {
	api, c := a.api(ctx)
	since = since.Add(-skew).Truncate(time.Second)
	if m.Kind == kindVoice {
		page, err := api.PageCall(new(openapi.ListCallParams).SetTo(m.To).SetFrom(a.VoiceFrom).SetPageSize(lookedAt), "", "")
		if err != nil || c.answer == nil || c.answer.Status != 200 || page.Calls == nil {
			return nil, errLookup
		}
		for _, made := range page.Calls {
			if after(made.DateCreated, since) && text(made.Direction) == "outbound-api" && sid(text(made.Sid)) {
				return &sdk.SendResult{Accepted: true, ProviderID: *made.Sid}, nil
			}
		}
		return nil, nil
	}
	// Not by DateSent: a message that waits in a queue has none yet.
	page, err := api.PageMessage(new(openapi.ListMessageParams).SetTo(m.To).SetPageSize(lookedAt), "", "")
	if err != nil || c.answer == nil || c.answer.Status != 200 || page.Messages == nil {
		return nil, errLookup
	}
	for _, made := range page.Messages {
		if after(made.DateCreated, since) && strings.HasPrefix(text(made.Direction), "outbound") && sameText(text(made.Body), m.Body) &&
			sid(text(made.Sid)) {
			return foundMessage(made), nil
		}
	}
	return nil, nil
}

// foundMessage is what became of a message by now: its receipt may have come while nobody knew its id.
func foundMessage(made openapi.ApiV2010Message) *sdk.SendResult {
	switch text(made.Status) {
	case "failed", "undelivered", "canceled":
		n := 0
		if made.ErrorCode != nil {
			n = *made.ErrorCode
		}
		r := explain(n).result()
		r.Permanent = true // it was sent: another one would be a second
		return r
	}
	return &sdk.SendResult{Accepted: true, ProviderID: *made.Sid}
}

// sameText allows for what Twilio does to a text: white space at the ends goes, and a trial account's words come before it.
func sameText(kept, sent string) bool {
	kept, sent = flat(kept), flat(sent)
	return sent != "" && (kept == sent || strings.HasPrefix(kept, "Sent from your Twilio trial account - ") && strings.HasSuffix(kept, sent))
}

func flat(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

func after(date *string, since time.Time) bool {
	at, err := time.Parse(time.RFC1123Z, text(date))
	return err == nil && !at.Before(since)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
