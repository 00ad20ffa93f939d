// Package signingkey owns the keys that sign tokens: making, sealing, rotating, serving their public halves. It does
// not own what is signed (op).
package signingkey
