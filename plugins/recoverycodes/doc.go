// Package recoverycodes is the bundled authenticator for a list of codes on paper: each signs in once, when everything else is lost.
// NIST SP 800-63B-4 calls them look-up secrets, and saved recovery codes where they lead back to an account.
//
// It owns the list: how codes are made and written, their hashes, that each counts once (marked in the credential by compare-and-set, so
// of two answers with one code, on any two replicas, one wins), and how many are left. It does not decide what a code may be used for:
// policy does, and a list that can be copied should not be what payments rest on (see docs/plugins/recovery-codes.md).
//
//	BeginEnroll     ten codes ──▶ flow state and page, once
//	ContinueEnroll  one of them, typed ──▶ hashes to the credential; those before are void
//	Continue        code ──▶ unused? ──▶ used ──▶ few left? told first ──▶ success
package recoverycodes
