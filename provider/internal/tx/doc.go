// Package tx is the handle by which domains read and write the store, and by which several of them commit together.
//
// It owns two interfaces and nothing else: no driver, no query, no retry loop. Those belong to the store, which
// implements [DB] once for PostgreSQL and once for the embedded SQLite. It stands below every domain so that a domain can
// take part in another's transaction without knowing the store, or the other domain.
package tx
