// Package instancekey owns the keys that belong to an instance of a plugin: a phone protocol's signing key, a VAPID key. The plugin
// keeps nothing, so the host makes them, seals them, hands them over when it configures the instance, and rotates them.
//
//	         made              successor made                expires
//	newest     ├─────────────────────┤
//	handed over├─────────────────────┼──────────────────────────┤
//
// An instance gets the newest key and those before it that have not expired, in one JSON Web Key Set, newest first: it signs with the
// first and accepts all. Replicas race to make a key: the store accepts one of each generation, and the loser takes the winner's.
//
// It does not own what the keys are for (the plugin), nor the keys that sign tokens (signingkey).
package instancekey
