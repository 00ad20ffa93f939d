// Package smtp is the bundled delivery channel for e-mail: it hands each message to a mail server of the operator's (RFC 5321), through
// go-mail.
//
//	Send ─▶ connect ─▶ TLS ─▶ AUTH ─▶ MAIL ─▶ RCPT ─▶ DATA ─▶ text ─▶ . ─▶ 250 ─▶ accepted
//	        └───────── nothing left: not accepted, or UNAVAILABLE ──────┘  └ no answer: DEADLINE_EXCEEDED, nobody knows
//
// The final dot divides what surely was not sent from what may have been. The plugin owns the form of the message (plain text, a Message-ID
// made from the idempotency key, so that a double can be recognized; DKIM), the transport's safety (TLS unless the server is this
// machine itself) and what replies mean. It does not own texts, nor bounces: those come to the sender's mailbox.
package smtp
