package delivery

import (
	"errors"

	"github.com/varco-id/varco/plugins/sdk"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Why a message is where it is: the closed set of Row.LastErrorKind. Stored and logged, so never a text from outside.
const (
	KindNoAddress   = "no_address"   // the person has no address of this kind
	KindNoChannel   = "no_channel"   // no channel of this kind is configured
	KindRefused     = "refused"      // the channel says it never will be accepted
	KindGone        = "gone"         // the channel says that the address does not exist any more
	KindUndelivered = "undelivered"  // the channel accepted it, and says later that it did not arrive
	KindNotAccepted = "not_accepted" // the channel did not accept it this time
	KindFault       = "fault"        // a technical fault of the channel before anything left
	KindInterrupted = "interrupted"  // the process died between the begin of an attempt and its end
	KindNoAnswer    = "no_answer"    // the channel was asked and did not answer in time, or its answer was lost
	KindUnreadable  = "unreadable"   // the sealed part does not open
	KindTemplate    = "template"     // the text is missing or does not fit its parameters
	KindTooLate     = "too_late"     // its time was over
	KindDefect      = "defect"       // our own code failed on it
)

// verdict is what an attempt means for the message.
type verdict uint8

const (
	accepted verdict = iota // done
	refused                 // never will be
	notSent                 // surely did not leave: another channel or another time may do
	unsure                  // may have left
)

// voucher is an error whose maker knows whether the call did anything: the plugin host knows whether it reached a process at all,
// and whether that process ended under the call. gRPC uses one status, Unavailable, for both.
type voucher interface{ NotSent() bool }

// judge turns a channel's answer into a verdict and a kind.
//
// The one question is whether the message may have left. Only an answer of the plugin, or somebody's word that the call was not
// carried out, proves that it did not. A deadline, a broken connection and any status not listed prove nothing: the
// request may be at the carrier already, and a second one would be a second message: a second code that invalidates the first
// in the person's eyes, a second charge, and an attacker's tool to flood a phone by making a channel slow.
func judge(res *sdk.SendResult, err error) (verdict, string) {
	switch {
	case err != nil && didNothing(err):
		return notSent, KindFault
	case err != nil, res == nil: // neither an answer nor an error is a defect of the sender, and proof of nothing
		return unsure, KindNoAnswer
	case res.Accepted:
		return accepted, ""
	case res.Permanent && res.Gone:
		return refused, KindGone
	case res.Permanent:
		return refused, KindRefused
	default:
		return notSent, KindNotAccepted
	}
}

func didNothing(err error) bool {
	if v := voucher(nil); errors.As(err, &v) {
		return v.NotSent()
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.ResourceExhausted, codes.FailedPrecondition, codes.InvalidArgument, codes.Unimplemented:
		return true
	default:
		return false
	}
}
