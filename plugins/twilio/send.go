package twilio

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/varco-id/varco/plugins/internal/httpsend"
	"github.com/varco-id/varco/plugins/internal/smstext"
	"github.com/varco-id/varco/plugins/sdk"
)

// Limits of Twilio's.
const (
	maxBody     = 1600     // characters of a text message
	maxTwiML    = 4000     // characters of what a call says
	maxValidity = 36000    // seconds
	ringing     = 30       // seconds until nobody answers
	longest     = 180      // seconds of a call
	statusPath  = "status" // of the callback
	who         = "twilio" // in errors
	kindSMS     = "sms"
	kindVoice   = "voice"
)

var sid = pattern(`^(SM|MM|CA)[0-9a-f]{32}$`)

// send hands a message over that was looked at already.
func (a *account) send(ctx context.Context, m sdk.Message, now time.Time) (*sdk.SendResult, error) {
	if !m.MaybeSentSince.IsZero() {
		switch found, err := a.find(ctx, m, m.MaybeSentSince); {
		case err != nil:
			// To send without knowing would be a second message, and a second code.
			return nil, httpsend.Unknown(who + ": whether the message was sent before cannot be asked now: " + err.Error())
		case found != nil:
			return found, nil
		}
	}
	creating, cancel := forCreating(ctx)
	defer cancel()
	id, c, err := a.create(creating, m, now)
	switch {
	case c.fault != nil && c.fault.NotSent:
		return nil, c.fault.Status(who)
	case c.fault != nil:
		return a.reconcile(ctx, m, now, nil, c.fault.Error())
	case c.answer == nil: // the library made no request
		return &sdk.SendResult{Reason: "the request could not be made: check the configuration"}, nil
	}
	return a.judge(ctx, m, now, id, c.answer, code(err))
}

// judge turns an answer into a result.
func (a *account) judge(ctx context.Context, m sdk.Message, now time.Time, id string, answer *httpsend.Answer, code int) (*sdk.SendResult, error) {
	switch status := answer.Status; {
	case status >= 200 && status <= 299:
		if !sid(id) {
			return a.reconcile(ctx, m, now, nil, "the answer to a message is not understood")
		}
		return &sdk.SendResult{Accepted: true, ProviderID: id}, nil
	case status == http.StatusTooManyRequests:
		return nil, sdk.ResourceExhausted(answer.RetryAfter(a.now()))
	case status == http.StatusServiceUnavailable: // nobody took it
		return &sdk.SendResult{Reason: "Twilio is not available (503)"}, nil
	case status == http.StatusInternalServerError || status == http.StatusBadGateway:
		// The request is over, and may have done something before it failed.
		return a.reconcile(ctx, m, now, &sdk.SendResult{Reason: "Twilio failed, and the account has no such message"}, "Twilio failed")
	case status >= 500:
		return a.reconcile(ctx, m, now, nil, "Twilio did not answer in time")
	case status == http.StatusUnauthorized && code == 0:
		return explain(20003).result(), nil
	default:
		return explain(code).result(), nil
	}
}

// reconcile asks the account what became of a message that may have left at began or later. absent is the result if it is not there, nil
// when its absence proves nothing: the request may still be under way.
func (a *account) reconcile(ctx context.Context, m sdk.Message, began time.Time, absent *sdk.SendResult, why string) (*sdk.SendResult, error) {
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > lookupLeast {
		switch found, err := a.find(ctx, m, began); {
		case err == nil && found != nil:
			return found, nil
		case err == nil && absent != nil:
			return absent, nil
		}
	}
	return nil, httpsend.Unknown(who + ": " + why)
}

func (a *account) create(ctx context.Context, m sdk.Message, now time.Time) (id string, c *call, err error) {
	api, c := a.api(ctx)
	if m.Kind == kindVoice {
		p := new(openapi.CreateCallParams).SetTo(m.To).SetFrom(a.VoiceFrom).SetTwiml(a.twiml(m)).SetTimeout(ringing).SetTimeLimit(longest)
		if a.callback != "" {
			p.SetStatusCallback(a.callback).SetStatusCallbackMethod(http.MethodPost)
		}
		made, err := api.CreateCall(p)
		if err == nil && made.Sid != nil {
			id = *made.Sid
		}
		return id, c, err
	}
	p := new(openapi.CreateMessageParams).SetTo(m.To).SetBody(m.Body)
	if a.MessagingServiceSID != "" {
		p.SetMessagingServiceSid(a.MessagingServiceSID)
	}
	if a.From != "" {
		p.SetFrom(a.From)
	}
	if a.callback != "" {
		p.SetStatusCallback(a.callback)
	}
	if !m.ExpiresAt.IsZero() {
		// Twilio holds messages back while a sender is busy: a code that comes dead teaches people to distrust the next.
		p.SetValidityPeriod(int(min(max(math.Ceil(m.ExpiresAt.Sub(now).Seconds()), 1), maxValidity)))
	}
	made, err := api.CreateMessage(p)
	if err == nil && made.Sid != nil {
		id = *made.Sid
	}
	return id, c, err
}

// refuse says what can be known of a message without asking Twilio; nil: nothing against it.
func (a *account) refuse(m sdk.Message, now time.Time) *sdk.SendResult {
	never := func(reason string) *sdk.SendResult { return &sdk.SendResult{Permanent: true, Reason: reason} }
	switch {
	case !slices.Contains(kinds, m.Kind):
		return never("this channel takes sms and voice")
	case m.IdempotencyKey == "":
		return never("the message has no key")
	case !e164(m.To):
		return never("the number is not one of international form, like +390200000000")
	case m.Body == "" || !validText(m.Body):
		return never("the message has no text, or one with characters that no text has")
	case !m.ExpiresAt.IsZero() && !now.Before(m.ExpiresAt):
		return never("the message came after its time")
	case !a.allowed(m.To):
		return never("messages to numbers that begin like this are not allowed: see prefixes")
	case m.Kind == kindVoice && a.VoiceFrom == "":
		return &sdk.SendResult{Reason: "there is no number to call from: give voice_from"}
	case m.Kind == kindSMS && a.From == "" && a.MessagingServiceSID == "":
		return &sdk.SendResult{Reason: "there is no sender of text messages: give from or messaging_service_sid"}
	case m.Kind == kindVoice && len(m.Body) > maxTwiML/4:
		return never("the text is too long to be said")
	case m.Kind == kindSMS && len([]rune(m.Body)) > maxBody:
		return never("the text is too long")
	case m.Kind == kindSMS && smstext.Measure(m.Body).Segments > a.MaxSegments:
		return never("the text takes more segments than max_segments allows")
	}
	return nil
}

// tell logs what was accepted, and what it costs.
func tell(m sdk.Message, id string, again bool) {
	if m.Kind == kindVoice {
		slog.Info("a call was accepted", "message", id, "repeated", again)
		return
	}
	c := smstext.Measure(m.Body)
	slog.Info("a text message was accepted", "message", id, "segments", c.Segments, "alphabet", c.Alphabet, "repeated", again)
}
