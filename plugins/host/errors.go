package host

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

// Kind says what a technical fault means for the flow. None counts as a failed attempt, none lets anyone in.
type Kind string

// The kinds of technical fault.
const (
	Unavailable   Kind = "unavailable"    // the plugin or its back end is not there; offer another method
	Deadline      Kind = "deadline"       // no answer in time; do not repeat within the request
	Exhausted     Kind = "exhausted"      // refused for now; see RetryAfter
	NotConfigured Kind = "not_configured" // unknown instance, or its configuration is not in force
	Aborted       Kind = "aborted"        // a compare-and-set was lost: reload and run the step again
	Bug           Kind = "bug"            // the plugin broke the contract
)

// Error is a technical fault of a call. Its text is for the log, never for a person who signs in: it may carry the
// plugin's words.
type Error struct {
	Instance   string
	Op         string
	Kind       Kind
	RetryAfter time.Duration // with Exhausted, if the plugin said so
	Err        error         // a *sdk.Violation when an answer was refused

	notSent   bool
	neverLeft bool // there was nobody to send it to
}

// NotSent says whether the call surely did nothing: it never reached the plugin, or the plugin itself answered that it did
// nothing. When in doubt it is false: whoever repeats a message on its word must not send it twice.
func (e *Error) NotSent() bool { return e.notSent }

// Error implements error.
func (e *Error) Error() string {
	s := "plugin instance " + e.Instance + ": " + e.Op + ": " + string(e.Kind)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// classify turns what came back from a call into an Error.
func classify(instance, op string, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	out := &Error{Instance: instance, Op: op, Kind: Bug, Err: err}
	if violation := (*sdk.Violation)(nil); errors.As(err, &violation) {
		return out
	}
	if errors.Is(err, context.DeadlineExceeded) {
		out.Kind = Deadline
		return out
	}
	if errors.Is(err, context.Canceled) {
		out.Kind = Unavailable
		return out
	}
	s := status.Convert(err)
	switch s.Code() {
	case codes.Unavailable, codes.Canceled:
		out.Kind = Unavailable
	case codes.DeadlineExceeded:
		out.Kind = Deadline
	case codes.ResourceExhausted:
		if tooLarge(s) {
			out.Err = &sdk.Violation{Rule: sdk.RuleSize, Detail: s.Message()}
			return out
		}
		out.Kind, out.RetryAfter = Exhausted, retryAfter(s)
	case codes.FailedPrecondition:
		out.Kind = NotConfigured
	case codes.Aborted:
		out.Kind = Aborted
	}
	return out
}

// refused says whether the status is one by which a plugin says that it did nothing.
func refused(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.ResourceExhausted, codes.FailedPrecondition, codes.InvalidArgument, codes.Unimplemented:
		return true
	}
	return false
}

// neverLeft says whether a call found no connection: its process had just ended. gRPC tells this from a connection that broke
// under the call by its words alone.
func neverLeft(err error) bool {
	s := status.Convert(err)
	return s.Code() == codes.Unavailable && strings.Contains(s.Message(), "Error while dialing")
}

// tooLarge tells gRPC's own refusal of a message over the limit from a plugin that has no capacity left: both use one
// code.
func tooLarge(s *status.Status) bool {
	return strings.HasPrefix(s.Message(), "grpc: received message larger than max")
}

func retryAfter(s *status.Status) time.Duration {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return max(0, min(info.GetRetryDelay().AsDuration(), time.Hour))
		}
	}
	return 0
}
