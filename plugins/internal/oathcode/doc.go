// Package oathcode holds what the plugins for one-time codes of RFC 4226 (HOTP, by event) and RFC 6238 (TOTP, by time) share: how a code
// is made of a seed, how one that a person typed is read and found, and what of a seed must be remembered so that no code counts twice.
//
// It owns no screens, no configuration and no storage: [Clock] and [Counter] are values that a plugin keeps in a credential.
package oathcode
