// Package twilio is the bundled delivery channel for text messages and telephone calls through Twilio.
//
//	Send ─▶ Messages or Calls API ─┬─ 201 ──────────────────────────────▶ accepted
//	                               ├─ an error code ─▶ codes.go ─────────▶ refused, or not accepted now
//	                               ├─ never left ────────────────────────▶ UNAVAILABLE: the host tries elsewhere
//	                               └─ no answer, 500, 502, 504 ─▶ look it up ─▶ accepted, or DEADLINE_EXCEEDED: nobody knows
//	Twilio ─▶ /plugins/{instance}/status ─▶ X-Twilio-Signature ─▶ receipt
//
// It owns the requests (through twilio-go), what Twilio's answers mean, and whose receipts are believed. The Messages API takes no
// idempotency key: when the host says that a message may have left, the plugin looks for it in the account before it sends another. It
// does not own texts, retries, caps, or what becomes of a person whose number is wrong.
package twilio
