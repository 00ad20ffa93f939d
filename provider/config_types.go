package provider

import (
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/relyingparty"
)

// Duration is written as "5m" or "8h".
type Duration = relyingparty.Duration

// Policy says which acr values exist and which combinations of methods reach each.
type Policy = policy.Policy

// Level is one acr value of a Policy.
type Level = policy.Level

// RelyingParty is the registration of a relying party.
type RelyingParty = relyingparty.Settings
