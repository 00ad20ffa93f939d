package op

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/varco-id/varco/provider/internal/subscriber"
)

// scopeClaims says which claims a scope stands for (OIDC Core 5.4).
var scopeClaims = map[string][]string{
	"profile": {
		"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
		"gender", "birthdate", "zoneinfo", "locale", "updated_at",
	},
	"email":   {"email", "email_verified"},
	"phone":   {"phone_number", "phone_number_verified"},
	"address": {"address"},
}

// claimScope is the other direction.
var claimScope = func() map[string]string {
	m := map[string]string{}
	for scope, claims := range scopeClaims {
		for _, c := range claims {
			m[c] = scope
		}
	}
	return m
}()

// supportedClaims lists, for discovery, what an id_token or userinfo may hold.
func supportedClaims() []string {
	list := []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid", claimCoolingUntil, claimCoolingReason}
	for _, scope := range []string{"profile", "email", "phone", "address"} {
		list = append(list, scopeClaims[scope]...)
	}
	return list
}

// A claim asked for by name (OIDC Core 5.5) travels from the request to the grant as a scope of this form: the person
// consents to it like to a scope, and gives away that claim alone instead of everything its scope stands for. Relying
// parties never see these scopes, and cannot register or ask for them as such.
const (
	claimAtUserinfo = "claim:"
	claimInIDToken  = "id_claim:"
)

func internalScope(s string) bool {
	return strings.HasPrefix(s, claimAtUserinfo) || strings.HasPrefix(s, claimInIDToken)
}

// publicScopes is what a relying party gets to see of scopes.
func publicScopes(scopes []string) []string {
	if !slices.ContainsFunc(scopes, internalScope) {
		return scopes
	}
	return slices.DeleteFunc(slices.Clone(scopes), internalScope)
}

// wanted is the set of claims that scopes, and claims asked for by name under prefix, stand for.
func wanted(scopes []string, prefix string, byScope bool) map[string]bool {
	m := map[string]bool{}
	for _, s := range scopes {
		if c, ok := strings.CutPrefix(s, prefix); ok {
			m[c] = true
		} else if byScope {
			for _, c := range scopeClaims[s] {
				m[c] = true
			}
		}
	}
	return m
}

// claimsOf picks the wanted claims of a subscriber. Nothing else leaves, whatever the stored object holds.
func claimsOf(s *subscriber.Subscriber, want map[string]bool) (map[string]json.RawMessage, error) {
	out := make(map[string]json.RawMessage, len(want)+1)
	if len(want) == 0 {
		return out, nil
	}
	all := map[string]json.RawMessage{}
	if len(s.Claims) > 0 {
		if err := json.Unmarshal(s.Claims, &all); err != nil {
			return nil, fmt.Errorf("stored claims of a subscriber: %w", err)
		}
	}
	for name, value := range all {
		// A claim without a value is left out, not null (OIDC Core 5.3.2).
		if v := string(value); want[name] && v != "null" && v != `""` {
			out[name] = value
		}
	}
	if _, ok := out["locale"]; !ok && want["locale"] && s.Locale != "" {
		out["locale"], _ = json.Marshal(s.Locale) // a string: cannot fail
	}
	if _, ok := out["updated_at"]; !ok && want["updated_at"] && !s.UpdatedAt.IsZero() {
		out["updated_at"], _ = json.Marshal(s.UpdatedAt.Unix())
	}
	return out, nil
}
