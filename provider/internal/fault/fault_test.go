package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want Kind
	}{
		"nil":                    {nil, Internal},
		"foreign":                {io.EOF, Internal},
		"new":                    {New(Conflict, "lost"), Conflict},
		"wrapped foreign":        {Wrap(Unavailable, io.EOF, "read"), Unavailable},
		"behind fmt":             {fmt.Errorf("outer: %w", New(Expired, "old")), Expired},
		"outermost wins":         {Wrap(Invalid, New(NotFound, "no row"), "client"), Invalid},
		"joined":                 {errors.Join(io.EOF, New(Throttled, "slow down")), Throttled},
		"deadline":               {fmt.Errorf("query: %w", context.DeadlineExceeded), Unavailable},
		"deadline but explained": {Wrap(Denied, context.DeadlineExceeded, "late"), Denied},
		"cancelled":              {context.Canceled, Internal},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := KindOf(tc.err); got != tc.want {
				t.Errorf("KindOf = %v, want %v", got, tc.want)
			}
			if got := Is(tc.err, tc.want); got != (tc.err != nil) {
				t.Errorf("Is(%v) = %v", tc.want, got)
			}
		})
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	if err := Wrap(Internal, nil, "nothing"); err != nil {
		t.Errorf("Wrap(nil) = %v, want nil", err)
	}
	err := Wrap(Unavailable, io.EOF, "read row")
	if !errors.Is(err, io.EOF) {
		t.Error("the cause is lost")
	}
	for want, err := range map[string]error{
		"read row: EOF": err,
		"EOF":           Wrap(Unavailable, io.EOF, ""),
		"gone":          New(NotFound, "gone"),
		"not_found":     New(NotFound, ""),
	} {
		if got := err.Error(); got != want {
			t.Errorf("Error() = %q, want %q", got, want)
		}
	}
}

func TestEveryKindHasNameAndStatus(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := range kinds {
		if k.String() == "" || seen[k.String()] {
			t.Errorf("kind %d: name %q is empty or taken", k, k)
		}
		seen[k.String()] = true
		if s := k.HTTPStatus(); s < 400 || http.StatusText(s) == "" {
			t.Errorf("kind %v: status %d", k, s)
		}
	}
	if out := Kind(200); out.String() != "internal" || out.HTTPStatus() != http.StatusInternalServerError {
		t.Errorf("a kind outside the set must behave as internal, is %v %d", out, out.HTTPStatus())
	}
}
