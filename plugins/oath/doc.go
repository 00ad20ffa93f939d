// Package oath is the bundled authenticator for hardware tokens: a small device with a display and perhaps a button, for people without a
// smartphone. Its codes change with time (TOTP, RFC 6238) or with each press (HOTP, RFC 4226).
//
// It owns the import of tokens from their maker's files (PSKC, internal/pskc), the first use, in which two codes in a row show that the
// person holds the token, and the way back of a token whose clock or count went astray. The codes are plugins/internal/oathcode. Tokens are
// handed out and assigned by the bank: nobody binds one without it, so there is no page to do so.
//
//	import      file + serial number ──▶ credential of a subscriber, not used yet
//	Continue    code near where it should be ──▶ success; count or step in the credential, by compare-and-set
//	            code further away, or the token's first ──▶ the next code, please ──▶ two in a row ──▶ success
package oath
