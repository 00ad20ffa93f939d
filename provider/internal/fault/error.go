package fault

import (
	"context"
	"errors"
)

// Error is an error of a known kind.
type Error struct {
	Kind Kind
	Msg  string // what failed, for the operator; never a secret, never shown to a user
	Err  error  // the cause; may be nil
}

// New returns an error of the kind without a cause.
func New(kind Kind, msg string) error { return &Error{Kind: kind, Msg: msg} }

// Wrap gives err a kind and a message. The outermost kind counts, so that a layer may turn a NotFound of its store into an
// Invalid of its own. Wrap of nil is nil, so that `return fault.Wrap(kind, f(), "...")` is safe.
func Wrap(kind Kind, err error, msg string) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Msg: msg, Err: err}
}

// Error joins the message and the cause.
func (e *Error) Error() string {
	switch {
	case e.Err == nil && e.Msg == "":
		return e.Kind.String()
	case e.Err == nil:
		return e.Msg
	case e.Msg == "":
		return e.Err.Error()
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the outermost *Error in err's chain. An error without one is Internal, except a deadline that
// passed while waiting for something: that is Unavailable, because the thing waited for was too slow. A cancelled context
// stays Internal: the asker went away and nobody reads the answer. KindOf(nil) is Internal too; ask for err first.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Unavailable
	}
	return Internal
}

// Is says whether err is not nil and of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
