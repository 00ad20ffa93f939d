package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/varco-id/varco/provider/internal/fault"
)

func TestMapped(t *testing.T) {
	t.Parallel()
	pg := func(code string) error { return &pgconn.PgError{Code: code} }
	for _, c := range []struct {
		err  error
		want fault.Kind
	}{
		{sql.ErrNoRows, fault.NotFound},
		{pg("23505"), fault.Conflict},
		{pg("23503"), fault.NotFound},
		{pg("23514"), fault.Invalid},
		{pg("22021"), fault.Invalid},
		{pg("40001"), fault.Unavailable},
		{pg("40P01"), fault.Unavailable},
		{pg("53300"), fault.Unavailable},
		{pg("57P01"), fault.Unavailable},
		{pg("57P03"), fault.Unavailable},
		{pg("57014"), fault.Unavailable},
		{pg("25006"), fault.Unavailable},
		{pg("28P01"), fault.Unavailable},
		{pg("08006"), fault.Unavailable},
		{pg("42P01"), fault.Internal},
		{pg("25P02"), fault.Internal},
		{pg(""), fault.Internal},
		{&net.OpError{Op: "dial", Err: errors.New("connection refused")}, fault.Unavailable},
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), fault.Unavailable},
		{io.EOF, fault.Unavailable},
		{driver.ErrBadConn, fault.Unavailable},
		{context.DeadlineExceeded, fault.Unavailable},
		{context.Canceled, fault.Internal},
		{errors.New("what is this"), fault.Internal},
		{fault.New(fault.Denied, "known"), fault.Denied},
	} {
		err := mapped(fmt.Errorf("outer: %w", c.err), "try")
		if fault.KindOf(err) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%v: kind %v, want %v", c.err, fault.KindOf(err), c.want)
		}
	}
	if mapped(nil, "try") != nil {
		t.Error("no error becomes one")
	}
}

func TestRerunnable(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{"40001": true, "40P01": true, "23505": false, "57014": false} {
		if got := rerunnable(mapped(&pgconn.PgError{Code: code}, "try")); got != want {
			t.Errorf("%s: %v", code, got)
		}
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{io.ErrUnexpectedEOF, true},
		{&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, true},
		{driver.ErrBadConn, true},
		{&pgconn.PgError{Code: "57P01"}, true},
		{&pgconn.PgError{Code: "57P03"}, false},
		{&pgconn.PgError{Code: "23505"}, false},
		{&pgconn.ConnectError{}, false},
		{context.DeadlineExceeded, false},
		{context.Canceled, false},
		{sql.ErrNoRows, false},
	} {
		if got := lost(mapped(c.err, "try")); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}
