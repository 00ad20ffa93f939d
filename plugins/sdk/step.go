package sdk

import "time"

// Intent says why a step runs.
type Intent string

// The intents of contract v1.
const (
	IntentLogin       Intent = "login"
	IntentEnrol       Intent = "enrol"
	IntentTransaction Intent = "transaction"
	IntentMigration   Intent = "migration"
	IntentRecovery    Intent = "recovery"
)

// StepContext is what the host tells a plugin about the step it runs. Every field is set by the host; none of it
// comes unchecked from a browser.
type StepContext struct {
	InstanceID     string // the configured instance of the plugin
	MethodID       string // one of Description.Methods
	ConfigRevision string // which configuration of the instance is in force
	FlowID         string // opaque; the same for every step of one login
	Step           uint32 // counts the calls of this method within the flow, from 0
	IdempotencyKey string // the same key comes twice when the host repeats a call
	Intent         Intent
	Subject        *Subject     // nil when nobody, or an unknown name, was given
	Transaction    *Transaction // set when Intent is IntentTransaction
	Now            time.Time    // use it instead of the clock
	Locale         string       // BCP 47, the page's language
	Client         ClientInfo   // the relying party
	Browser        BrowserInfo  // the consumption device
	FailedAttempts uint32       // consecutive failures of the subject over all factors
	ExpiresAt      time.Time    // when the flow ends
	// MaxStateVersion is the highest StateVersion that every live replica can read. Write none higher.
	MaxStateVersion uint32
	RPID            string   // WebAuthn relying party id
	Origins         []string // origins the pages are served from
	// ReturnURL is where a Redirect node's target sends the browser back by GET, with ReturnState as the query parameter
	// "state"; the other parameters of the query are then the Inputs of Continue.
	ReturnURL, ReturnState string
	// Identified: the subject proved who they are in this flow, or in the session it builds on. While it is false they were merely
	// named, by anybody: show nothing of them (a masked number), and answer as for a nil Subject.
	Identified bool
	// Sought is the handle that Identify asked about, in the repeated call. Without a credential nobody has it: then take as long as for a
	// wrong one, and answer the same.
	Sought string
}

// Subject is the subscriber the flow is about.
type Subject struct {
	ID         string            // the OIDC sub
	Name       string            // the name the person signs in with, for display
	Attributes map[string]string // only those the operator lets this instance see
}

// Transaction is the operation a person is asked to approve.
type Transaction struct {
	Type    string            // a type registered in the configuration
	Payload []byte            // canonical JSON
	Display map[string]string // amount, payee … as shown
}

// ClientInfo names the relying party.
type ClientInfo struct{ ID, Name string }

// BrowserInfo describes the consumption device.
type BrowserInfo struct {
	Address, UserAgent string
	Known              bool // a login of the subject was completed in it before; set in a RiskRequest alone
}

// Credential is what a plugin stored for a subject: opened by the host for the length of one call.
type Credential struct {
	ID       string // made by the host
	Type     string // Description.CredentialType
	Handle   string // public lookup key, unique per instance; empty when there is none
	Label    string // what the person calls it
	Data     []byte // the plugin's own, sealed at rest; at most 16 KiB
	Revision uint64 // compare-and-set
	Version  uint32 // StateVersion it was written with
}

// StepRequest is one call of Begin, Continue, BeginEnroll or ContinueEnroll.
type StepRequest struct {
	Context      StepContext
	Credentials  []Credential
	State        []byte // what the last step returned; empty at the first
	StateVersion uint32
	Inputs       map[string]string // values of the view's fields by name
	Signals      [][]byte          // what callbacks left for this flow since the last step, oldest first
}

// StepResponse is what a step did. Exactly one of the six outcomes is set. The host commits State, CredentialChanges
// and Effects in one transaction, and runs effects only after it.
type StepResponse struct {
	Challenge     *Challenge
	Pending       *Pending
	Success       *Success
	Failure       *Failure
	NotApplicable *NotApplicable
	Identify      *Identify

	State             []byte // at most 16 KiB; sealed by the host, bound to installation, instance, flow and step
	StateVersion      uint32
	CredentialChanges []CredentialChange
	Effects           []Effect
}

// Challenge asks the person for something.
type Challenge struct{ View View }

// Pending waits for something outside the page: an approval on a phone, another system.
type Pending struct {
	View View
	// PollAfter, if positive, asks the host to call Continue again after that time, on any replica.
	PollAfter time.Duration
	// Handle is a public handle under which callbacks find this flow while it waits, beside the handles of its subject's
	// credentials: for binding, when there is no credential yet, or for another system's name of the operation.
	Handle string
}

// Success says that the person proved what the method proves.
type Success struct {
	Subject      string            // the sub; empty means the flow's subject
	AMR          []string          // RFC 8176 values, under the operator's ceiling
	CredentialID string            // which credential was used or bound
	Evidence     []byte            // kept for the auditor; never a secret
	Attributes   map[string]string // learned about the subject
}

// Failure says that the person did not.
type Failure struct {
	Reason    Reason
	Counts    bool  // counts as a failed attempt
	Retryable bool  // the same method may be tried again
	View      *View // what to show; nil: the host shows its own words for Reason
}

// NotApplicable says that the method cannot be used here (no credential, wrong browser), without being an attempt.
type NotApplicable struct{ Reason Reason }

// Identify asks the host who a public handle belongs to; the host repeats the call, once, with that credential and its subject, or with
// neither, and with the handle as StepContext.Sought.
// Only for a method that identifies the subject, while the flow has none. State, changes and effects beside it are not kept.
type Identify struct{ Handle string }

// Reason is why a step failed, for a person.
type Reason string

// The reasons of contract v1. UnknownUser and BadCredential look and time alike to the browser.
const (
	ReasonBadCredential       Reason = "bad_credential"
	ReasonExpired             Reason = "expired"
	ReasonReplayed            Reason = "replayed"
	ReasonLocked              Reason = "locked"
	ReasonNotEnrolled         Reason = "not_enrolled"
	ReasonUserCancelled       Reason = "user_cancelled"
	ReasonDeviceDenied        Reason = "device_denied"
	ReasonDeviceUnreachable   Reason = "device_unreachable"
	ReasonTransactionMismatch Reason = "transaction_mismatch"
	ReasonMustChange          Reason = "must_change"
	ReasonRiskRefused         Reason = "risk_refused"
	ReasonUnknownUser         Reason = "unknown_user"
	// ReasonInvalidInput is an input that could not have been right (a new password that the rules refuse). Never counts.
	ReasonInvalidInput Reason = "invalid_input"
)

// ChangeKind says what happens to a credential.
type ChangeKind string

// The kinds of credential change.
const (
	ChangeCreate ChangeKind = "create"
	ChangeUpdate ChangeKind = "update"
	ChangeRevoke ChangeKind = "revoke"
)

// CredentialChange is committed with the step by compare-and-set: if the credential's revision is no longer
// ExpectedRevision, nothing of the step happens and the host reruns it on the new data.
type CredentialChange struct {
	Kind             ChangeKind
	CredentialID     string // empty for ChangeCreate
	Handle           string
	Label            string
	Data             []byte
	Version          uint32
	ExpectedRevision uint64
}

// Effect is something to do after the commit: a message to send. The same IdempotencyKey is queued once.
type Effect struct {
	IdempotencyKey string
	Channel        string            // the kind of delivery channel: sms, email, voice, push
	To             string            // address, or empty for the subject's own
	Template       string            // text key of the instance's catalogue
	Params         map[string]string // template parameters; sealed at rest
	ExpiresAt      time.Time         // not sent after this
	CredentialID   string            // the credential it goes to, or empty; what becomes of it comes back by HandleDelivery
}
