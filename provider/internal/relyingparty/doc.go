// Package relyingparty owns the registrations of relying parties: their settings, secrets and public keys. It does not
// own the protocol they speak (op).
package relyingparty
