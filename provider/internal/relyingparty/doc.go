// Package relyingparty owns the registrations of relying parties: their settings, secrets and public keys.
//
//	operator ── Settings ──▶ Validate ──▶ Service (one transaction, audited) ──▶ Store
//	                                                                              │
//	                              op, login, web ◀── Cache (TTL + invalidation) ◀─┘
//
// What is registered decides where authorization codes are sent, so the checks here are the first defence against an open
// redirector: a redirect URI is compared byte by byte, and what cannot be compared safely is refused at registration.
//
// It does not own the protocol they speak (op), nor what the acr values they name mean (policy).
package relyingparty
