// Package sealing keeps secrets sealed at rest with envelope encryption: one data-encryption keyset per class of row,
// wrapped by the installation's key-encryption key (KEK). It also derives the bearer values that are never stored
// (authorization codes, cookies of OP sessions, refresh tokens) from a sealed MAC key.
//
// It owns keysets, associated data and derivation; it does not own where the KEK comes from (provider wires that) or
// the rows (sqlstore).
package sealing
