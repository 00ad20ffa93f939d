package sdk

import "time"

// Service is one of the services of contract v1 that a plugin may offer.
type Service string

// The services of contract v1. Every plugin offers the lifecycle.
const (
	ServiceAuthenticator   Service = "authenticator"
	ServiceEnrollment      Service = "enrollment"
	ServiceCallbacks       Service = "callbacks"
	ServiceLegacySource    Service = "legacy_source"
	ServiceDeliveryChannel Service = "delivery_channel"
	ServiceRiskSource      Service = "risk_source"
	ServiceKeyService      Service = "key_service"
)

// Factor is one of the three kinds of proof.
type Factor string

// The factors (RTS article 4, NIST SP 800-63B).
const (
	FactorKnowledge  Factor = "knowledge"
	FactorPossession Factor = "possession"
	FactorInherence  Factor = "inherence"
)

// Description is what a plugin says of itself, the same at every call and before any configuration.
type Description struct {
	Name           string // lower-case, digits and hyphens
	Version        string // semantic
	Services       []Service
	Methods        []Method
	CredentialType string
	ConfigSchema   []byte // JSON Schema 2020-12; a secret carries "writeOnly": true
	// Texts holds locale → key → text. English is required. Parameters are written {name}.
	Texts        map[string]map[string]string
	StepTimeout  time.Duration // how long a step may take; the host allows 3 s, or up to 10 s when asked here
	StateVersion uint32        // highest version this plugin reads and writes
	InstanceKeys []InstanceKey
	Routes       []Route
	ChannelKinds []string // of a delivery channel: sms, email, voice, push
}

// Method is one way to authenticate.
type Method struct {
	ID      string   // unique in the plugin
	Title   string   // text key: what a person calls it
	Factors []Factor // what one success proves
	AMR     []string // the RFC 8176 values it may claim
	// Opening is the first screen when it depends on nothing. The host then shows it without calling Begin, and may
	// put the user name field on top of it.
	Opening *View
	// IdentifiesSubject: the method names the person itself (a passkey, federation).
	IdentifiesSubject bool
	// CanEnrol: the person can bind a credential of this method by BeginEnroll.
	CanEnrol bool
	// MaxCredentials a person may have; 0 means 1.
	MaxCredentials int
}

// InstanceKey asks the host to make, seal, rotate and hand over a key.
type InstanceKey struct {
	Name string
	Kind string // "ES256", "hmac-sha256"
}

// Route is a callback path under /plugins/{instance}/.
type Route struct {
	Name, Method, Path string
	// HandleIn says where the public handle of a credential lies: "path:NAME", "header:NAME" or "json:/pointer".
	HandleIn string
	DPoP     bool
	Headers  []string // the request headers the plugin gets to see
}

// Problem is one thing wrong with a configuration.
type Problem struct {
	Pointer string // JSON Pointer (RFC 6901) into the configuration
	Message string // English, for the operator: what to do
}

// Configuration is an instance's configuration.
type Configuration struct {
	InstanceID string
	Revision   string
	JSON       []byte            // valid under ConfigSchema, secrets filled in
	Keys       map[string][]byte // instance keys by name
}

// Health is the answer to Check.
type Health struct {
	OK      bool
	Message string // for the operator
}
