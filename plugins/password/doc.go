// Package password is the bundled authenticator for passwords: something the person knows, chosen under the rules of
// NIST SP 800-63B-4 section 3.1.1.2 and kept as an argon2id hash.
//
// It owns what a password may be (length, the list of common and breached passwords, words of the person's and the
// bank's own, a floor of strength), how it is hashed and compared, and the screens to give and to change it. It does
// not count failures, throttle, or know names: the host does. A name that nobody has costs the same one hash as a
// wrong password and gets the same answer.
//
//	Continue        password ──normalise──▶ one argon2id ──▶ success, rehash if the parameters changed
//	                                                   └──▶ bad_credential, counts
//	ContinueEnroll  current ──one argon2id──▶ rules ──▶ one argon2id ──▶ create or update, by compare-and-set
package password
