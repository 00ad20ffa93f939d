package sdk

import (
	"context"
	"net/http"
	"time"
)

// Plugin is what every plugin offers. Embed [Stateless] for the parts that have nothing to do.
type Plugin interface {
	// Describe is called first, offline, possibly often: it must not depend on configuration.
	Describe(ctx context.Context) (*Description, error)
	// ValidateConfig returns what is wrong with cfg beyond its schema; none means it can be used.
	ValidateConfig(ctx context.Context, cfg Configuration) ([]Problem, error)
	// Configure puts cfg in force for its instance. It may be called again with a new revision.
	Configure(ctx context.Context, cfg Configuration) error
	// Remove forgets an instance.
	Remove(ctx context.Context, instanceID string) error
	// Check says whether the instance can work now.
	Check(ctx context.Context, instanceID string) (Health, error)
}

// Authenticator is a plugin that can take part in a login.
type Authenticator interface {
	Begin(ctx context.Context, r *StepRequest) (*StepResponse, error)
	Continue(ctx context.Context, r *StepRequest) (*StepResponse, error)
	// Cancel tells that the flow went another way; nothing it does may be needed.
	Cancel(ctx context.Context, r *StepRequest) error
}

// Enrollment is a plugin whose credentials a person can bind.
type Enrollment interface {
	BeginEnroll(ctx context.Context, r *StepRequest) (*StepResponse, error)
	ContinueEnroll(ctx context.Context, r *StepRequest) (*StepResponse, error)
	// Revoke is called after the host removed a credential, for what lies outside (a vendor's service).
	Revoke(ctx context.Context, instanceID string, c Credential) error
	// ImportCredentials turns an operator's input (for a password: {"password": "…"} or a hash) into credential data.
	ImportCredentials(ctx context.Context, instanceID string, inputs []ImportInput) ([]ImportResult, error)
}

// ImportInput is one credential to import, as JSON in a form the plugin's page documents.
type ImportInput struct {
	Subject Subject
	JSON    []byte
}

// ImportResult is the credential to create, or why not.
type ImportResult struct {
	Change CredentialChange
	Error  string // for the operator; empty when Change is set
}

// Callbacks is a plugin that answers HTTP requests from outside; the host owns the listener.
type Callbacks interface {
	HandleCallback(ctx context.Context, r *CallbackRequest) (*CallbackResponse, error)
	// HandleDelivery tells what became of an effect that named a credential. Status, Header and Body of the answer are ignored.
	HandleDelivery(ctx context.Context, r *DeliveryReport) (*CallbackResponse, error)
}

// CallbackRequest is one HTTP request on a registered route.
type CallbackRequest struct {
	InstanceID, Route, Method, URL string
	Header                         http.Header
	Body                           []byte
	ClientCertificate              []byte // DER
	DPoPThumbprint                 string // set when the route asks for DPoP and the proof was valid
	Credential                     *Credential
	Pending                        []PendingFlow // of the credential's subject, oldest first
	Now                            time.Time
	MaxStateVersion                uint32 // the highest Version that every live replica can read; write none higher
}

// PendingFlow is a flow that waits for something from outside, as its last step left it.
type PendingFlow struct {
	Context      StepContext
	State        []byte
	StateVersion uint32
}

// DeliveryStatus is what became of a message.
type DeliveryStatus string

// The statuses of a delivery.
const (
	DeliveryDelivered DeliveryStatus = "delivered"
	DeliveryFailed    DeliveryStatus = "failed"
	DeliveryGone      DeliveryStatus = "gone" // the address does not exist any more
)

// DeliveryReport is what became of an effect.
type DeliveryReport struct {
	InstanceID     string
	IdempotencyKey string // of the effect
	Status         DeliveryStatus
	Reason         string // for the operator; no address, no code
	Credential     *Credential
	Now            time.Time
	// MaxStateVersion is the highest Version that every live replica can read. Write none higher.
	MaxStateVersion uint32
}

// Receipt is what a delivery channel learned of a message it accepted earlier.
type Receipt struct {
	ProviderID string // SendResult.ProviderID
	Status     DeliveryStatus
	Reason     string // for the operator; no address, no code
}

// CallbackResponse is committed like a step, then answered.
type CallbackResponse struct {
	Status            int
	Header            http.Header
	Body              []byte
	CredentialChanges []CredentialChange
	Signals           map[string][]byte // FlowID of a pending flow → data for its next Continue, which follows at once
	Effects           []Effect
	Receipts          []Receipt // of a delivery channel's route
}

// LegacyResult is what an old identity store says.
type LegacyResult string

// The four answers of a legacy source, and a challenge.
const (
	LegacyMatch       LegacyResult = "match"
	LegacyNoMatch     LegacyResult = "no_match"
	LegacyLocked      LegacyResult = "locked"
	LegacyMustChange  LegacyResult = "must_change"
	LegacyUnavailable LegacyResult = "unavailable"
	LegacyChallenge   LegacyResult = "challenge"
)

// LegacyRequest asks an old store about one account.
type LegacyRequest struct {
	InstanceID, Name, Secret, Answer string
	State                            []byte
	IdempotencyKey                   string
}

// LegacyResponse is its answer.
type LegacyResponse struct {
	Result     LegacyResult
	Prompt     Text
	State      []byte
	Attributes map[string]string
}

// LegacySource is a plugin that reads an old identity store.
type LegacySource interface {
	Lookup(ctx context.Context, r LegacyRequest) (*LegacyResponse, error)
	Verify(ctx context.Context, r LegacyRequest) (*LegacyResponse, error)
	MarkMigrated(ctx context.Context, r LegacyRequest) (*LegacyResponse, error)
	Restore(ctx context.Context, r LegacyRequest) (*LegacyResponse, error)
}

// Message is something to deliver.
type Message struct {
	InstanceID, IdempotencyKey, Kind, To, Subject, Body string
	ExpiresAt                                           time.Time
	Locale                                              string // BCP 47, of the text; empty when not known
	// MaybeSentSince is set when an earlier call with this key may have reached the provider, which happened no earlier than this. A
	// channel whose provider takes no key looks for that message before it sends another.
	MaybeSentSince time.Time
}

// SendResult is what became of a message.
type SendResult struct {
	ProviderID string
	Accepted   bool
	Permanent  bool   // not accepted, and never will be
	Gone       bool   // not accepted because the address does not exist any more; only with Permanent
	Reason     string // for the operator; no address, no code
}

// DeliveryChannel is a plugin that sends messages.
type DeliveryChannel interface {
	Send(ctx context.Context, m Message) (*SendResult, error)
}

// RiskVerdict is what a risk source advises.
type RiskVerdict string

// The verdicts.
const (
	RiskAllow  RiskVerdict = "allow"
	RiskStepUp RiskVerdict = "step_up"
	RiskDeny   RiskVerdict = "deny"
)

// RiskAssessment is a verdict with its reasons, which are audited.
type RiskAssessment struct {
	Verdict RiskVerdict
	Reasons []string
}

// RiskSource is a plugin that judges the circumstances of a step.
type RiskSource interface {
	Assess(ctx context.Context, r *RiskRequest) (*RiskAssessment, error)
}

// Operation is what is about to happen.
type Operation string

// The operations a risk source is asked about.
const (
	OperationSignIn      Operation = "sign_in"     // everything asked for is proven
	OperationSend        Operation = "send"        // a message with a code is about to go to an address
	OperationBind        Operation = "bind"        // an authenticator is about to be bound
	OperationTransaction Operation = "transaction" // a transaction is about to be approved
	OperationRecover     Operation = "recover"     // an account is about to be recovered
)

// RiskRequest asks for a verdict.
type RiskRequest struct {
	Context     StepContext // MethodID is that of the method about to act, empty for OperationSignIn
	Operation   Operation
	Channel, To string   // of OperationSend
	AMR         []string // proven so far in this flow
}

// KeyService is a plugin that keeps keys: a KMS or an HSM.
type KeyService interface {
	Wrap(ctx context.Context, instanceID, keyID string, plaintext, associatedData []byte) ([]byte, error)
	Unwrap(ctx context.Context, instanceID, keyID string, ciphertext, associatedData []byte) ([]byte, error)
	Sign(ctx context.Context, instanceID, keyID string, digest []byte) ([]byte, error)
}
