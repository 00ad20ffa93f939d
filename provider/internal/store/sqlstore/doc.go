// Package sqlstore is the store: one SQL dialect, the subset that PostgreSQL and SQLite share, run on both.
//
// It owns the schema (migrations), the queries (one file a domain, checked by sqlc, generated into query), the connections,
// transactions and their reruns, the one place where a database's error becomes a kind of fault, and the wake-up of other
// replicas. It does not own what rows mean: each domain declares the interface that [Store] implements here.
//
//	domain ──▶ Store method ──▶ query (generated) ──▶ tx.Q ──┬─▶ pgx pool                     PostgreSQL
//	                                                         └─▶ driver that rewrites $N, strips ─▶ SQLite
//	                                                             row locks, keeps statements
//
// Promises that hold on both databases, whatever number of processes there is on PostgreSQL:
//   - a compare-and-set is one statement; of many racers exactly one wins, the others get fault.Conflict;
//   - a lost insertion answers fault.Conflict and leaves the transaction usable;
//   - a method of several statements is atomic also when it was given the store rather than a transaction;
//   - when InTx or a single statement returns nil, the change survives a crash of the process and of the machine.
package sqlstore
