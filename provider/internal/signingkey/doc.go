// Package signingkey owns the keys that sign tokens: making, sealing, rotating, serving their public halves.
//
//	           created        active          successor active     expires
//	published  ├───────────────┼────────────────────┼────────────────┤
//	signs                      ├────────────────────┤
//
// A key is published before it signs and after it stopped, so that a relying party with a cached key set never meets a
// signature it cannot check. All those times are written when the successor is made; afterwards the clock alone moves a key
// from one state to the next, on every replica alike, and nobody has to write anything for it.
//
// Replicas race: the store accepts one successor of a given key, and the loser takes the winner's.
//
// It does not own what is signed (op).
package signingkey
