// Package webhook is the bundled delivery channel that hands messages to a service of the operator's own: a bank's SMS gateway, a mail
// system, a push server.
//
//	Send ─▶ POST of JSON, signed, with Idempotency-Key ─┬─ 2xx ─▶ accepted
//	                                                    ├─ 4xx, 5xx ─▶ answer.go
//	                                                    └─ no answer ─▶ DEADLINE_EXCEEDED: nobody knows; the same key again
//	gateway ─▶ POST /plugins/{instance}/receipts, signed ─▶ receipts
//
// It owns the form of request and receipt, which others implement: members are added, never renamed. That one key is taken once is
// the gateway's promise, on which the host builds. The signature here and there is that of risk-http's requests, with a key for each way, so that
// what we send can never be played back to us.
package webhook
