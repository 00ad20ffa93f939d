package twilio

import (
	"strconv"
	"sync"

	"github.com/varco-id/varco/plugins/sdk"
)

// meaning is what an error code means for the message.
type meaning uint8

const (
	later   meaning = iota // not now, or not by this channel: the host may try another, and this one again
	refused                // never, whoever tries
	gone                   // the number does not exist any more
)

// cause is what a code means and what somebody should do. The texts hold nothing of the message.
type cause struct {
	meaning
	text string
}

// causes are the codes that say something. Only what lies in the number, the person or the text is refused for good: what lies in the
// account, the sender or the network another channel may not have.
//
// Source: Twilio's error and warning dictionary.
var causes = sync.OnceValue(func() map[int]cause {
	return map[int]cause{
		// The account
		10001: {later, "the account is not active: see Twilio's console"},
		20003: {later, "Twilio refuses the credentials: check account_sid, and auth_token or the API key, and that they are of this region"},
		20005: {later, "the account is not active: see Twilio's console"},
		20404: {later, "Twilio does not know the account or the messaging service: check account_sid and messaging_service_sid"},
		20429: {later, "too many requests: raise the account's limit, or send less"},
		21219: {later, "a trial account calls verified numbers only: upgrade it"},
		21608: {later, "a trial account writes to verified numbers only: upgrade it"},
		30002: {later, "the account is suspended: see Twilio's console"},
		// The country
		13227: {later, "calls to this country are not enabled: see voice geographic permissions in Twilio's console"},
		21215: {later, "calls to this country are not enabled: see voice geographic permissions in Twilio's console"},
		21408: {later, "messages to this country are not enabled: see messaging geographic permissions in Twilio's console"},
		// The sender
		21210: {later, "voice_from is no number of the account, nor verified"},
		21212: {later, "the sender is not valid: check from or voice_from"},
		21601: {later, "the sender cannot send text messages: check from"},
		21603: {later, "there is no sender: check from"},
		21606: {later, "the sender is no number of the account that can write to this country: check from"},
		21611: {later, "the sender's queue is full: use a messaging service with more senders"},
		21612: {later, "this sender does not reach this number: use a messaging service with senders for this country"},
		21659: {later, "the sender is no Twilio number, or a short code of another country: check from"},
		21660: {later, "the sender is of another account: check from"},
		21661: {later, "the sender cannot send text messages: check from"},
		21701: {later, "there is no such messaging service: check messaging_service_sid"},
		21703: {later, "the messaging service has no sender that fits: add one for this country"},
		21705: {later, "the messaging service is not valid: check messaging_service_sid"},
		30032: {later, "the toll-free sender is not verified"},
		30034: {later, "the sender is not registered for messages to the United States"},
		// The number
		13223: {refused, "the number is not in a valid form: have it corrected"},
		13224: {refused, "the number is not valid: have it corrected"},
		13225: {refused, "calls to this number are blocked"},
		21211: {refused, "the number is not valid: have it corrected"},
		21214: {refused, "the number cannot be called: ask for another"},
		21216: {refused, "Twilio does not call this number: ask for another"},
		21217: {refused, "the number is not valid: have it corrected"},
		21266: {refused, "the number is the sender's own"},
		21604: {refused, "the message has no number"},
		21610: {refused, "the person wrote STOP to this sender: they write START to it, or give another number"},
		21614: {refused, "the number is not a mobile one: ask for another, or call it"},
		21635: {refused, "the number is a land line: ask for another, or call it"},
		// The text
		21602: {refused, "the message has no text"},
		21605: {refused, "the text is too long"},
		21617: {refused, "the text is too long"},
		// On the way
		30001: {later, "the queue overflowed: send more slowly, or use more senders"},
		30003: {later, "the telephone is unreachable: switched off, out of coverage, or not able to receive text messages"},
		30004: {later, "the number or its carrier blocks messages of this sender"},
		30005: {gone, "the number is unknown and may no longer exist: ask for another"},
		30006: {refused, "the number is a land line, or of a carrier that is not reached: ask for another"},
		30007: {later, "a carrier or Twilio filtered the message: look at its text and at the sender's registration"},
		30008: {later, "it did not arrive, and the carrier does not say why"},
		30010: {later, "the message costs more than the account allows"},
		30036: {later, "its time was over before the carrier took it"},
		30410: {later, "the carrier did not answer in time"},
		30450: {later, "Twilio's fraud protection blocked messages to this range of numbers: see SMS pumping protection"},
	}
})

// explain returns what a code means. A code that is not listed lies with somebody, nobody knows with whom: not refused for good.
func explain(code int) cause {
	c, ok := causes()[code]
	switch {
	case ok:
		c.text += " (" + strconv.Itoa(code) + ")"
	case code != 0:
		c.text = "Twilio's error " + strconv.Itoa(code) + ": see its error dictionary"
	default:
		c.text = "Twilio does not say why"
	}
	return c
}

// result is a message that was not accepted because of c.
func (c cause) result() *sdk.SendResult {
	return &sdk.SendResult{Permanent: c.meaning != later, Gone: c.meaning == gone, Reason: c.text}
}

// receipt is a message that was accepted and did not arrive because of c.
func (c cause) receipt(sid string) sdk.Receipt {
	status := sdk.DeliveryFailed
	if c.meaning == gone {
		status = sdk.DeliveryGone
	}
	return sdk.Receipt{ProviderID: sid, Status: status, Reason: c.text}
}
