// Package legacyhash verifies passwords against the hashes that other systems made, so that the customers of a bank that moves in keep
// their passwords until the first success, when the caller hashes anew.
//
//	encoded ──▶ Scheme.Parse ──▶ Hash ──▶ Hash.Verify(password)
//	              │ shape, lengths        │ prepare: charset, case, pepper …
//	              │ Bounds                │ derive
//	              ▼                       ▼ compare in constant time
//	   *FormatError, *BoundsError       true or false
//
// [Parse] knows the formats that tell by their shape what they are. For the others, and for what was done to the password before it was
// hashed, a [Spec] from the configuration is compiled to a [Scheme].
//
// An import is hostile until proven otherwise: one row may ask for 4 GiB of argon2 or a billion rounds and so stop a process that serves
// everybody. Whatever costs is therefore checked against [Bounds] before anything is computed, and a hash too short to be safe from chance
// is refused.
//
// The algorithms come from the standard library, golang.org/x/crypto and github.com/go-crypt/crypt; the parsers and bounds are our own, as
// none of these has any. The package makes no hashes, stores none, and does not limit how many are computed at once: [Hash.Cost] tells the
// caller's semaphore what one takes. No error repeats any part of a hash but its numeric parameters.
package legacyhash
