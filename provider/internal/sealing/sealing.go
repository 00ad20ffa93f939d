package sealing

// Class names a kind of secret; each has a keyset of its own.
type Class string

// The classes of secret.
const (
	ClassFlow       Class = "flow"       // pipeline state of a login Flow
	ClassCredential Class = "credential" // an authenticator's data
	ClassSigningKey Class = "signing_key"
	ClassClient     Class = "client"  // what a relying party's registration holds in secret
	ClassMessage    Class = "message" // what the outbox sends
	ClassConfig     Class = "config"
	// ClassInstanceKey is a key made for an instance of a plugin.
	ClassInstanceKey Class = "instance_key"
	ClassContact     Class = "contact" // addresses, and what an account had before a change
)

// Purpose separates the uses of the derivation key.
type Purpose string

// The purposes of derivation.
const (
	PurposeCode         Purpose = "authorization-code"
	PurposeSession      Purpose = "op-session"
	PurposeRefresh      Purpose = "refresh-token"
	PurposeAccess       Purpose = "access-token"
	PurposeKnownBrowser Purpose = "known-browser"
	PurposeName         Purpose = "submitted-name" // throttling of names that do not exist
	PurposeIdempotency  Purpose = "idempotency-key"
	PurposeHandle       Purpose = "waiting-handle" // a plugin's own name of a flow that waits
	PurposeReturn       Purpose = "return-state"   // of a browser that comes back from another origin
	PurposeNonce        Purpose = "dpop-nonce"
	PurposeContact      Purpose = "contact-address" // looking addresses up
	PurposeContactCode  Purpose = "contact-code"    // the code that proves one
	PurposeTicket       Purpose = "recovery-ticket" // the code of the assisted path
	PurposeCancel       Purpose = "cancel-link"     // what takes a change back
)

// Box seals and opens. Where says what the secret belongs to (table, row, column): a ciphertext moved to another
// place does not open. Safe for concurrent use.
type Box interface {
	Seal(class Class, plaintext []byte, where ...string) ([]byte, error)
	Open(class Class, ciphertext []byte, where ...string) ([]byte, error)
	// MAC derives 32 bytes from the derivation key, the purpose and the parts, unambiguously joined.
	MAC(purpose Purpose, parts ...string) [32]byte
}
