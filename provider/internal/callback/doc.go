// Package callback is the HTTP edge of plugins' callbacks: a phone's answer, a vendor's webhook, a channel's receipts.
//
//	request ─▶ route the plugin registered ─▶ bounds ─▶ DPoP proof ─▶ credential by its public handle, flows that wait
//	                                                                        │
//	response ◀─ one transaction: signals, credential, messages, ◀─ plugin ◀─┘
//	            receipts, audit; a lost compare-and-set runs the plugin again
//
// Everything happens or nothing: the response goes out after the commit. A flow that got a signal goes on by itself afterwards
// (login), on any replica. Callers are strangers until a proof or the plugin says otherwise, so every answer to an address that
// leads nowhere is the same, and guessing handles costs the guesser (see limit.go).
//
// The package also carries back to an instance what became of a message it sent to a credential. It does not own what a signal means
// (the plugin's Continue), how a flow goes on (login), or how messages travel (delivery).
package callback
