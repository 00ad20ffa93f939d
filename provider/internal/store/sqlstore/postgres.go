package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/varco-id/varco/provider/internal/fault"
)

// Limits of the pool that nobody has needed to change yet.
const (
	connectTimeout  = 5 * time.Second
	connLifetime    = 30 * time.Minute // so that replicas spread again after a failover
	connJitter      = 5 * time.Minute  // and do not all reconnect at once
	connIdleTime    = 5 * time.Minute
	healthPeriod    = 30 * time.Second
	statementsAConn = 256
)

func openPostgres(ctx context.Context, o Options) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "read the database URL")
	}
	listen, err := pgx.ParseConfig(o.ListenURL)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "read the database's listen URL")
	}
	cfg.MaxConns, cfg.MinConns = int32(o.MaxConns), int32(o.MinConns)
	cfg.MaxConnLifetime, cfg.MaxConnLifetimeJitter = connLifetime, connJitter
	cfg.MaxConnIdleTime, cfg.HealthCheckPeriod = connIdleTime, healthPeriod
	cfg.ConnConfig.StatementCacheCapacity = statementsAConn
	for _, c := range []*pgx.ConnConfig{cfg.ConnConfig, listen} {
		if c.ConnectTimeout == 0 {
			c.ConnectTimeout = connectTimeout
		}
		if c.RuntimeParams["application_name"] == "" {
			c.RuntimeParams["application_name"] = "varco"
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, mapped(err, "open the database")
	}
	s := &Store{opts: o, pool: pool, write: sql.OpenDB(newPostgresConnector(pool)), hub: newHub()}
	s.read = s.write
	s.write.SetMaxOpenConns(o.MaxConns)
	s.write.SetMaxIdleConns(0) // the pool under it keeps them
	s.wakes = newNotifier(s, listen)
	return s, nil
}
