// Package audit records every security decision so that nobody, a database administrator included, can alter, remove or
// reorder the record later without being found out.
//
//	domain ── Write ──▶ pending rows ── Sealer, each second ──▶ log rows + hashes + signed checkpoint
//	        (its own Tx)               (compare-and-set)                 │
//	                                                       Verify ◀──────┴──────▶ Export (JSONL with proofs)
//
// An event is a row of the transaction it tells of: a login that rolled back leaves no event, one that committed always
// leaves its own. The sealer then moves the rows into a Merkle log (RFC 6962) and signs its root. A chain inside the login's
// transaction would make every login wait for the one before it; sealing afterwards costs the login nothing.
//
// What this protects against: a change to anything that was sealed, by whoever holds the database but not the signing key; and,
// for an operator who keeps a checkpoint elsewhere (the log stream carries one at each interval), also by whoever holds
// both. What it does not: an event is protected by the database alone until it is sealed (about a second), and a log cut
// back to an earlier checkpoint of its own looks whole to anyone who kept no later one.
//
// The package owns the vocabulary of events, their canonical bytes, the log's arithmetic, checkpoints and proofs. It does
// not own SQL (the store implements [Store]), the signing key (the caller brings a [note.Signer]) or what a domain decides to tell.
package audit
