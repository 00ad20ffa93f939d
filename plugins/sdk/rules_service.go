package sdk

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Validate says whether the host would accept r from the plugin described by d. The error is a [*Violation].
func (r *LegacyResponse) Validate(d *Description) error {
	known := []LegacyResult{LegacyMatch, LegacyNoMatch, LegacyLocked, LegacyMustChange, LegacyUnavailable, LegacyChallenge}
	switch {
	case !slices.Contains(known, r.Result):
		return broken(RuleLegacy, "unknown result %q", r.Result)
	case len(r.State) > MaxState:
		return broken(RuleState, "%d bytes, over %d", len(r.State), MaxState)
	case r.Result != LegacyChallenge && (len(r.State) > 0 || r.Prompt.Key != ""):
		return broken(RuleLegacy, "a prompt or a state without a challenge")
	case len(r.Attributes) > 0 && r.Result != LegacyMatch && r.Result != LegacyMustChange:
		// Otherwise a name alone would tell about a person.
		return broken(RuleLegacy, "attributes with the result %s", r.Result)
	}
	if v := checkAttributes(r.Attributes); v != nil {
		return v
	}
	return first(d.checkText("prompt", r.Prompt, r.Result == LegacyChallenge))
}

// checkAttributes bounds what a plugin tells of a person.
func checkAttributes(attributes map[string]string) *Violation {
	if len(attributes) > MaxAttributes {
		return broken(RuleSize, "%d attributes, over %d", len(attributes), MaxAttributes)
	}
	for name, value := range attributes {
		if name == "" || len(name) > MaxLabel || len(value) > MaxHandle {
			return broken(RuleSize, "an attribute with a name of %d bytes and a value of %d", len(name), len(value))
		}
	}
	return nil
}

// Validate says whether the host would accept a. The error is a [*Violation].
func (a *RiskAssessment) Validate() error {
	switch {
	case a.Verdict != RiskAllow && a.Verdict != RiskStepUp && a.Verdict != RiskDeny:
		return broken(RuleRisk, "unknown verdict %q", a.Verdict)
	case len(a.Reasons) > MaxReasons:
		return broken(RuleSize, "%d reasons, over %d", len(a.Reasons), MaxReasons)
	}
	for _, reason := range a.Reasons {
		if strings.TrimSpace(reason) == "" {
			return broken(RuleRisk, "an empty reason")
		}
		if v := checkReason(RuleRisk, reason); v != nil {
			return v
		}
	}
	return nil
}

// Validate says whether the host would accept r. The error is a [*Violation].
func (r *SendResult) Validate() error {
	switch {
	case r.Accepted && r.Permanent:
		return broken(RuleDelivery, "a message that was accepted and never will be")
	case r.Gone && !r.Permanent:
		return broken(RuleDelivery, "an address that is gone, and a message that may be accepted later")
	case len(r.ProviderID) > MaxHandle:
		return broken(RuleDelivery, "a provider's id of %d bytes, over %d", len(r.ProviderID), MaxHandle)
	}
	return first(checkReason(RuleDelivery, r.Reason))
}

// Validate says whether the host would accept h. The error is a [*Violation].
func (h Health) Validate() error {
	const most = 2 << 10
	if len(h.Message) > most || !utf8.ValidString(h.Message) {
		return broken(RuleSize, "a message to the operator of %d bytes, over %d", len(h.Message), most)
	}
	return nil
}
