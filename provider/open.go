package provider

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/telemetry"
)

// openStore opens the database of the configuration and, in the embedded case, the folder it lies in.
func (c *Config) openStore(ctx context.Context, log *slog.Logger) (*sqlstore.Store, error) {
	if err := os.MkdirAll(c.Path(c.DataDir), 0o700); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the data folder cannot be made")
	}
	o, err := c.storeOptions()
	if err != nil {
		return nil, err
	}
	o.Log = log
	return sqlstore.Open(ctx, o)
}

// sqliteScheme begins the URL of an embedded database; a path follows.
const sqliteScheme = "sqlite:"

// storeOptions says which database and how.
func (c *Config) storeOptions() (o sqlstore.Options, err error) {
	o.MaxConns = c.Database.MaxConns
	if o.URL, err = c.databaseURL(c.Database.URL, c.Database.URLFile); err != nil {
		return o, err
	}
	if o.ListenURL, err = c.databaseURL(c.Database.ListenURL, c.Database.ListenURLFile); err != nil {
		return o, err
	}
	if o.URL == "" {
		o.URL = sqliteScheme + filepath.Join(c.DataDir, "varco.db")
	}
	if file, ok := strings.CutPrefix(o.URL, sqliteScheme); ok {
		o.URL = sqliteScheme + c.Path(file)
		o.AutoMigrate = true
	}
	if c.Database.AutoMigrate != nil {
		o.AutoMigrate = *c.Database.AutoMigrate
	}
	return o, nil
}

func (c *Config) databaseURL(value, file string) (string, error) {
	if file == "" {
		return value, nil
	}
	b, err := c.read(Secret{File: file})
	return string(b), fault.Wrap(fault.Invalid, err, "the database URL")
}

// Reach returns who carries operations out: the running server of this configuration where there is one, else this
// process on the opened installation. Close it when done.
func Reach(ctx context.Context, c *Config) (Caller, io.Closer, error) {
	if remote, ok := DialServer(ctx, c); ok {
		return remote, remote, nil
	}
	admin, err := OpenAdmin(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return admin, admin, nil
}

// ErrorKind is the kind of an error in one word: not_found, conflict, invalid, unavailable, internal …
func ErrorKind(err error) string { return fault.KindOf(err).String() }

// NewLogger returns the logger of the configuration: JSON lines, without secrets.
func NewLogger(w io.Writer, c Log) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // Check has seen that it is one
	return telemetry.NewLogger(w, level)
}
