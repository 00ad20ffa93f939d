// Package totp is the bundled authenticator for one-time codes of an authenticator app: something the person has,
// a seed in a phone, proved by codes that change every 30 seconds (RFC 6238).
//
// It owns the seed, the code, the window of time in which a code counts, and the rule that no code counts twice: the
// last accepted time step is kept in the credential and moved by compare-and-set, so of two answers with one code,
// on any two replicas, one wins. It does not count failures or throttle: the host does. It binds no transaction:
// a code of RFC 6238 says nothing of amount and payee.
//
//	BeginEnroll     seed ──▶ flow state, QR, typed key
//	ContinueEnroll  code ──in window──▶ create credential, last step = this one
//	Continue        code ──in window──▶ step > last? ──▶ success, last step = this one
//	                                            └──▶ replayed
package totp
