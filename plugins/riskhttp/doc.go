// Package riskhttp is the bundled risk source that asks a service over HTTP: a bank's fraud engine, or a telephone network whether a
// number moved to another SIM card.
//
//	Assess ──▶ one POST of JSON to the configured URL ──▶ what the mapping finds in the answer ──▶ allow, step_up or deny
//
// It owns the request's form, the ways to prove to the service who asks, the mapping of answers and what may leave the house
// (pseudonyms). It gives no verdict of its own: an answer that it cannot read is a technical fault, and what that means is the operator's
// policy, kept by the host. Nothing in a request chooses where it goes.
package riskhttp
