// Package delivery is the outbox: what a step wants sent is stored in the step's own transaction and sent after its commit.
//
//	step ── Queue ──▶ message row (sealed) + job (id alone) ── commit ──▶ Worker ──▶ channel plugin
//	       (its own Tx)                                                     │
//	       queued ─▶ sending ─▶ sent                                        ├─ refused for good ─▶ failed
//	         ▲          ├─ known not to have left: next channel, or back ───┘
//	         └──────────┴─ nobody knows ─▶ unknown (or the same channel again, if it takes a key once)
//
// A step that rolls back sends nothing; one that commits loses nothing, whatever process dies. A message is sent at most once
// unless its channel promises to take an idempotency key once: an unknown outcome is recorded for the operator, not repeated.
// A message past its expiry is never sent: a code that arrives dead only teaches people to distrust the next one.
//
// Addresses and parameters (codes among them) are sealed in the row and erased when the message is over; the job queue (River),
// its errors and the log hold ids and a closed set of words.
//
// The package owns messages, their states, the rendering of their texts and the choice of channel. It does not own SQL (the
// store implements [Store]), the channels (plugins), what launches them (plugins/host implements [Sender]), or when to notify
// (login).
package delivery
