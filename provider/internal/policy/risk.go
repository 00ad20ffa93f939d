package policy

import (
	"slices"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// RiskRule says what one risk source is asked about, and what holds when it says nothing.
type RiskRule struct {
	Source string // plugin instance
	// Operations it is asked about, each with the verdict that its silence counts as.
	Operations map[sdk.Operation]sdk.RiskVerdict
	Clients    []string      // relying parties it is asked for; none: all
	Channels   []string      // kinds of channel it is asked about before a message goes out; none: those of telephone numbers
	Deadline   time.Duration // 0: RiskDeadline
}

// RiskDeadline is how long a risk source may take where the operator says nothing: a person waits behind a button.
const RiskDeadline = 800 * time.Millisecond

// phoneChannels reach whoever holds the number now.
var phoneChannels = []string{"sms", "voice"}

// Silence is what a source's silence counts as where the operator says nothing. Signing in goes on with everything the person can
// prove, so that an outage locks nobody out who can prove it; what an attacker wants most of a stolen account (to add an authenticator, to
// recover it, to move money) waits until somebody can judge it, and a code is not sent to a number that nobody vouches for.
func Silence(op sdk.Operation) sdk.RiskVerdict {
	if op == sdk.OperationSignIn {
		return sdk.RiskStepUp
	}
	return sdk.RiskDeny
}

// Covers says whether the rule's source is asked about the operation. channel is that of a message, empty for all else.
func (r *RiskRule) Covers(op sdk.Operation, client, channel string) bool {
	if _, asked := r.Operations[op]; !asked || (len(r.Clients) > 0 && !slices.Contains(r.Clients, client)) {
		return false
	}
	if op != sdk.OperationSend {
		return true
	}
	if len(r.Channels) == 0 {
		return slices.Contains(phoneChannels, channel)
	}
	return slices.Contains(r.Channels, channel)
}

// Stricter returns the stricter of two verdicts. What is none of the three is the strictest.
func Stricter(a, b sdk.RiskVerdict) sdk.RiskVerdict {
	for _, v := range []sdk.RiskVerdict{sdk.RiskAllow, sdk.RiskStepUp} {
		if a == v {
			return b
		}
		if b == v {
			return a
		}
	}
	return sdk.RiskDeny
}
