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

// AuthMethod is how a relying party authenticates at the token endpoint (RFC 7591 token_endpoint_auth_method).
type AuthMethod = relyingparty.AuthMethod

// ConsentMode is whether the person is asked before data go to the relying party.
type ConsentMode = relyingparty.ConsentMode
