// Package login owns the login pipeline: a Flow is one row that begins with a request and ends with an answer; a Step
// is one page of it. [Next] is a pure function that names the next Step; only the [Dispatcher] routes.
//
//	/authorize ── Start ──▶ Flow row ──▶ Page ◀──────────────┐
//	                                      │ Submit           │ Next: another step, or a failure to show
//	                                      ▼                  │
//	                               plugin's step ──▶ one compare-and-set transaction:
//	                                                 flow, counters, credentials, session, audit, effects
//	                                                         │ Next: done
//	                                                         ▼
//	                               Answer (authorization code derived from flow and version)
//
// A second answer to a step changes nothing: the page it gets is the one the first answer led to. It does not own the
// OIDC request's syntax (op), HTML (web), or what a method asks (plugins).
package login
