package sdk

import (
	"errors"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// encoder turns plain structs into messages and keeps what cannot be said on the wire: a word outside the contract, two
// outcomes at once. Dropping it in silence could turn a Failure into a Success.
type encoder struct{ errs []error }

func (e *encoder) fail(format string, args ...any) {
	e.errs = append(e.errs, fmt.Errorf(format, args...))
}

func (e *encoder) err() error {
	if len(e.errs) == 0 {
		return nil
	}
	return fmt.Errorf("not expressible in the plugin contract: %w", errors.Join(e.errs...))
}

// one fails unless exactly one of the alternatives is set.
func (e *encoder) one(what string, set ...bool) {
	n := 0
	for _, s := range set {
		if s {
			n++
		}
	}
	if n != 1 {
		e.fail("%s: exactly one must be set, not %d", what, n)
	}
}

func (e *encoder) count(what string, n int) uint32 {
	if n < 0 || n > math.MaxInt32 {
		e.fail("%s: %d is out of range", what, n)
		return 0
	}
	return uint32(n)
}

func encodeTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func decodeTime(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

func encodeDuration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// list maps a slice; an empty one becomes nil, as it does on the wire.
func list[A, B any](in []A, f func(A) B) []B {
	if len(in) == 0 {
		return nil
	}
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}
