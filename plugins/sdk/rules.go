package sdk

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Rule names what a plugin broke, in audit events and test reports.
type Rule string

// The rules of contract v1.
const (
	RuleDescription Rule = "description" // the plugin's description is incomplete or contradicts itself
	RuleText        Rule = "text"        // a text is missing, has markup, or lacks a parameter
	RuleView        Rule = "view"        // a view is too large, or a node is incomplete
	RuleOutcome     Rule = "outcome"     // not exactly one outcome, or one that cannot be
	RuleSubject     Rule = "subject"     // a success for somebody else, or for nobody
	RuleAMR         Rule = "amr"         // an amr value above the ceiling
	RuleState       Rule = "state"       // state too large, or of a version that not every replica reads
	RuleCredential  Rule = "credential"  // a credential that was not handed in, too large, or without a compare-and-set
	RuleEffect      Rule = "effect"      // an effect without key, channel or text
	RuleSize        Rule = "size"        // a message over the limit
	RuleCallback    Rule = "callback"    // an answer to a request from outside that must not leave the host
	RuleSignal      Rule = "signal"      // a signal to a flow that was not handed in
	RuleReceipt     Rule = "receipt"     // a receipt from what is no delivery channel, or one that tells nothing
	RuleLegacy      Rule = "legacy"      // an answer of an old identity store that is none
	RuleRisk        Rule = "risk"        // a verdict outside the three, or reasons that cannot be kept
	RuleDelivery    Rule = "delivery"    // a result of a delivery that contradicts itself
	RuleKey         Rule = "key"         // a key service answered nothing, or too much
)

// Violation is a broken rule.
type Violation struct {
	Rule   Rule
	Detail string // English, for the plugin's author and the operator; no secret
}

// Error implements error.
func (v *Violation) Error() string {
	return "plugin contract, rule " + string(v.Rule) + ": " + v.Detail
}

func broken(rule Rule, format string, args ...any) *Violation {
	return &Violation{Rule: rule, Detail: fmt.Sprintf(format, args...)}
}

// first returns the first violation; a nil *Violation inside an error would not be nil.
func first(all ...*Violation) error {
	if v := violation(all...); v != nil {
		return v
	}
	return nil
}

// violation returns the first that is not nil.
func violation(all ...*Violation) *Violation {
	for _, v := range all {
		if v != nil {
			return v
		}
	}
	return nil
}

// English is the locale every catalogue must have.
const English = "en"

// Validate says whether the host would accept d. The error is a [*Violation].
func (d *Description) Validate() error {
	return first(d.validateIdentity(), d.validateTexts(), d.validateMethods(), d.validateRest())
}

func (d *Description) validateIdentity() *Violation {
	switch {
	case !isName(d.Name):
		return broken(RuleDescription, "name %q: want lower-case letters, digits and hyphens, at most 64", d.Name)
	case d.Version == "" || len(d.Version) > 64:
		return broken(RuleDescription, "version %q: want a semantic version", d.Version)
	case d.StepTimeout < 0 || d.StepTimeout > MaxStepTimeout:
		return broken(RuleDescription, "step timeout %s: want at most %s", d.StepTimeout, MaxStepTimeout)
	case len(d.ConfigSchema) > 0 && !json.Valid(d.ConfigSchema):
		return broken(RuleDescription, "config schema is not JSON")
	}
	return nil
}

func (d *Description) validateMethods() *Violation {
	if len(d.Methods) > 0 && !slices.Contains(d.Services, ServiceAuthenticator) {
		return broken(RuleDescription, "methods without the authenticator service")
	}
	if len(d.Methods) == 0 && slices.Contains(d.Services, ServiceAuthenticator) {
		return broken(RuleDescription, "an authenticator without methods")
	}
	seen := make(map[string]bool)
	for i := range d.Methods {
		m := &d.Methods[i]
		switch {
		case !isName(m.ID):
			return broken(RuleDescription, "method id %q: want lower-case letters, digits and hyphens, at most 64", m.ID)
		case seen[m.ID]:
			return broken(RuleDescription, "method %q comes twice", m.ID)
		case len(m.Factors) == 0:
			return broken(RuleDescription, "method %q proves no factor", m.ID)
		case m.MaxCredentials < 0:
			return broken(RuleDescription, "method %q: negative max_credentials", m.ID)
		case m.CanEnrol && !slices.Contains(d.Services, ServiceEnrollment):
			return broken(RuleDescription, "method %q can enrol, but there is no enrollment service", m.ID)
		case m.CanEnrol && d.CredentialType == "":
			return broken(RuleDescription, "method %q can enrol, but there is no credential type", m.ID)
		}
		seen[m.ID] = true
		for _, f := range m.Factors {
			if f != FactorKnowledge && f != FactorPossession && f != FactorInherence {
				return broken(RuleDescription, "method %q: unknown factor %q", m.ID, f)
			}
		}
		if v := d.checkText("title of method "+m.ID, Text{Key: m.Title}, true); v != nil {
			return v
		}
		if v := d.checkView(m.Opening); v != nil {
			return v
		}
	}
	return nil
}

func (d *Description) validateRest() *Violation {
	for _, k := range d.InstanceKeys {
		if !isName(k.Name) || (k.Kind != "ES256" && k.Kind != "hmac-sha256") {
			return broken(RuleDescription, "instance key %q of kind %q: want a name, and ES256 or hmac-sha256", k.Name, k.Kind)
		}
	}
	return d.checkRoutes()
}

// isName keeps names safe in paths, logs and metrics labels.
func isName(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
