// Command varco-kms is a key service for Varco: the key-encryption key of an installation's secrets stays in a KMS, and
// this plugin, a process of its own, is all that talks to it. It is a module of its own, so that the trees of the clouds'
// libraries do not get into the provider.
//
//	provider ── Wrap, Unwrap ──▶ varco-kms ── GetPublicKey, Decrypt ──▶ KMS (an RSA key that does not leave it)
//
// It owns the form of a wrapped keyset (blob.go) and which KMS an instance talks to. It does not own keys: making,
// rotating and granting them is the business of whoever runs the KMS.
package main
