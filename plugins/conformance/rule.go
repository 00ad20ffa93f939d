package conformance

import (
	"slices"
	"strings"
)

// Rule is one thing that must hold for every plugin.
type Rule struct {
	ID    string // FAMILY.NAME
	Says  string // what must hold
	Fix   string // how a plugin that breaks it is mended
	Where string // where the contract asks for it

	check func(*verdict)
	last  bool // judges everything that was seen, so it comes after the others
}

// Family is the first part of the rule's name.
func (r *Rule) Family() string {
	family, _, _ := strings.Cut(r.ID, ".")
	return family
}

// Rules lists every rule, in the order of the report.
func Rules() []Rule {
	return slices.Concat(launchRules, describeRules, configRules, stepRules, idempotencyRules, stateRules, replicaRules,
		crashRules, deadlineRules, timingRules, uiRules, loadRules, upgradeRules, deliveryRules, riskRules, legacyRules,
		keyRules, callbackRules)
}

// Families lists the families of rules, in the order of the report.
func Families() []string {
	var names []string
	for _, r := range Rules() {
		if !slices.Contains(names, r.Family()) {
			names = append(names, r.Family())
		}
	}
	return names
}

// Where the contract says things: the comments of the .proto files, which docs/plugins/contract.md shows as a page.
const (
	whereHandshake = "docs/plugins/conformance.md, The handshake"
	whereDescribe  = "lifecycle.proto, PluginLifecycle.Describe and message Description"
	whereConfig    = "lifecycle.proto, PluginLifecycle.ValidateConfig, Configure and message Problem"
	whereStep      = "authenticator.proto, service Authenticator"
	whereEnrol     = "authenticator.proto, service Enrollment"
	whereContext   = "step.proto, message StepContext"
	whereResponse  = "step.proto, message StepResponse"
	whereChange    = "step.proto, message CredentialChange"
	whereEffect    = "step.proto, message Effect"
	whereReason    = "step.proto, enum Reason"
	whereStatus    = "authenticator.proto, service Authenticator: two error channels"
	whereView      = "view.proto, message View and its nodes"
	whereDelivery  = "delivery.proto, service DeliveryChannel"
	whereRisk      = "risk.proto, service RiskSource"
	whereLegacy    = "legacy.proto, service LegacySource"
	whereKeys      = "keys.proto, service KeyService"
	whereCallbacks = "callbacks.proto, service Callbacks"
)
