package sqlstore

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/varco-id/varco/provider/internal/fault"
)

// Each commit is synced to the disk (synchronous=FULL): an approval that was answered must survive a power cut.
const sqliteParams = "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-4000)&_defensive=1"

// sqliteReaders is how many single statements are read beside the writer: they need not wait for its sync.
const sqliteReaders = 4

func openSQLite(o Options, path string) (*Store, error) {
	path = strings.TrimPrefix(path, "//")
	if path == "" || strings.HasPrefix(path, ":") || strings.ContainsRune(path, '?') {
		return nil, fault.New(fault.Invalid, "the database URL names no file; write it like sqlite:/var/lib/varco/varco.db")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "find the database file")
	}
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	s := &Store{opts: o, hub: newHub(), lock: lock}
	s.wakes = s.hub
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + sqliteParams
	if s.write, err = openSQLitePool(dsn, 1); err != nil {
		return nil, closing(fault.Wrap(fault.Unavailable, err, "open the database file"), s)
	}
	// The first connection creates the file and its journal before a reader opens them.
	if err = s.write.Ping(); err != nil {
		return nil, closing(fault.Wrap(fault.Unavailable, err, "open the database file "+path), s)
	}
	if err = os.Chmod(path, 0o600); err != nil {
		return nil, closing(fault.Wrap(fault.Unavailable, err, "protect the database file"), s)
	}
	if s.read, err = openSQLitePool(dsn+"&_pragma=query_only(1)", sqliteReaders); err != nil {
		return nil, closing(fault.Wrap(fault.Unavailable, err, "open the database file"), s)
	}
	return s, nil
}

func openSQLitePool(dsn string, conns int) (*sql.DB, error) {
	connector, err := newSQLiteConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}
