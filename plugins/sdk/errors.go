package sdk

import (
	"context"
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Unavailable reports that a back end could not be reached or broke: the host repeats the call once with the same
// idempotency key, then offers another method. A back end that did not answer in time (err wraps
// [context.DeadlineExceeded]) becomes DEADLINE_EXCEEDED instead, which the host does not repeat: it may have acted.
func Unavailable(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return status.Error(codes.DeadlineExceeded, text(err))
	}
	return status.Error(codes.Unavailable, text(err))
}

// ResourceExhausted reports that a back end refuses more work for now; retryAfter, if positive, is when to come back.
func ResourceExhausted(retryAfter time.Duration) error {
	s := status.New(codes.ResourceExhausted, "resource exhausted")
	if retryAfter > 0 {
		// The only failure of WithDetails is a detail that does not marshal, and a duration always does.
		if detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)}); err == nil {
			s = detailed
		}
	}
	return s.Err()
}

// NotConfigured reports a call for an instance that has no configuration in force, or with a credential or state that this
// release cannot read: a plain error would count as a bug of the plugin, and shut out everybody for one damaged row.
func NotConfigured(err error) error { return status.Error(codes.FailedPrecondition, text(err)) }

// Aborted reports that a compare-and-set was lost: the host reloads the credentials and runs the step again.
func Aborted(err error) error { return status.Error(codes.Aborted, text(err)) }

func text(err error) string {
	if err == nil {
		return "no reason given"
	}
	return err.Error()
}
