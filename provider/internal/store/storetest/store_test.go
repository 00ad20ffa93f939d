package storetest_test

import (
	"testing"

	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/store/storetest"
	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
	"github.com/varco-id/varco/provider/internal/store/storetest/sqltest"
)

var _ store.Store = (*sqlstore.Store)(nil)

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, pools int) []store.Store {
		url := pgtest.DSN(t)
		out := make([]store.Store, pools)
		for i := range out {
			out[i] = pgtest.OpenURL(t, url)
		}
		return out
	})
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, pools int) []store.Store {
		s := sqltest.Open(t)
		out := make([]store.Store, pools)
		for i := range out {
			out[i] = s
		}
		return out
	})
}
