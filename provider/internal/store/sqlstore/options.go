package sqlstore

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
)

// Options say which database and how.
type Options struct {
	// URL is "postgres://user@host/database?…" (anything pgx takes) or "sqlite:/path/to/file.db".
	URL string
	// ListenURL is a direct way to the same PostgreSQL for LISTEN, when URL goes through a pooler that shares
	// connections between transactions. Empty: URL.
	ListenURL string
	// MaxConns bounds the connections to PostgreSQL; 0: 4 for each CPU, at least 16. What all replicas may open together must stay below
	// the server's max_connections.
	MaxConns int
	// MinConns is how many connections are kept open when idle; 0: 2.
	MinConns int
	// AutoMigrate brings the schema up to date in Open. It is for the embedded default: with several replicas an operator
	// decides when (`varco db migrate`).
	AutoMigrate bool
	Log         *slog.Logger     // nil: slog.Default()
	Now         func() time.Time // nil: time.Now
}

func (o Options) withDefaults() Options {
	if o.MaxConns <= 0 {
		o.MaxConns = max(16, 4*runtime.GOMAXPROCS(0))
	}
	if o.MinConns <= 0 {
		o.MinConns = 2
	}
	o.MinConns = min(o.MinConns, o.MaxConns)
	if o.ListenURL == "" {
		o.ListenURL = o.URL
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Open returns the store. PostgreSQL need not answer yet, unless AutoMigrate is set: a provider that starts before its database
// is not ready rather than dead. SQLite's file is created when it is missing, and locked for this process.
// Errors: fault.Invalid for a URL that makes no sense, fault.Conflict when another process has the file, fault.Unavailable.
func Open(ctx context.Context, o Options) (*Store, error) {
	o = o.withDefaults()
	var s *Store
	var err error
	switch scheme, rest, _ := strings.Cut(o.URL, ":"); scheme {
	case "postgres", "postgresql":
		s, err = openPostgres(ctx, o)
	case "sqlite":
		s, err = openSQLite(o, rest)
	default:
		return nil, fault.New(fault.Invalid, `the database URL must begin with "postgres://" or "sqlite:", like postgres://varco@db/varco or sqlite:/var/lib/varco/varco.db`)
	}
	if err != nil {
		return nil, err
	}
	if o.AutoMigrate {
		if _, err := s.Migrate(ctx); err != nil {
			return nil, closing(err, s)
		}
	}
	return s, nil
}
