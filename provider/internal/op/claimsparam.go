package op

import (
	"encoding/json"
	"slices"

	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
)

// claimRequest is one member of the claims parameter (OIDC Core 5.5.1).
type claimRequest struct {
	Essential bool              `json:"essential"`
	Value     json.RawMessage   `json:"value"`
	Values    []json.RawMessage `json:"values"`
}

// strings returns the values asked for that are strings, in order of preference.
func (c *claimRequest) strings() []string {
	if c == nil {
		return nil
	}
	var list []string
	for _, raw := range slices.Concat([]json.RawMessage{c.Value}, c.Values) {
		var s string
		if json.Unmarshal(raw, &s) == nil && s != "" {
			list = append(list, s)
		}
	}
	return list
}

const maxClaims = 64

// applyClaims honours the claims parameter: acr and sub bind the login, standard claims are granted one by one where the
// client may have their scope, everything else is ignored, as the specification wants of claims that are not understood.
func applyClaims(raw string, client *relyingparty.Registered, req *login.Request) error {
	if raw == "" {
		return nil
	}
	var p struct {
		Userinfo map[string]*claimRequest `json:"userinfo"`
		IDToken  map[string]*claimRequest `json:"id_token"`
	}
	if err := json.Unmarshal([]byte(raw), &p); err != nil {
		return invalidRequest("claims is not the JSON object of OIDC Core 5.5")
	}
	if len(p.Userinfo)+len(p.IDToken) > maxClaims {
		return invalidRequest("claims asks for more than 64 claims")
	}
	if acr := p.IDToken["acr"]; acr != nil {
		if values := acr.strings(); len(values) > 0 {
			if len(values) > maxACRValues {
				return invalidRequest("claims asks for too many acr values")
			}
			req.ACRValues, req.ACREssential = values, acr.Essential
		}
	}
	for _, m := range []map[string]*claimRequest{p.IDToken, p.Userinfo} {
		sub := m["sub"]
		if sub == nil || len(sub.Value) == 0 {
			continue
		}
		values := sub.strings()
		if len(values) != 1 || req.SubjectHint != "" && req.SubjectHint != values[0] {
			return &oauthError{code: codeLoginRequired, description: "the requests for a subject contradict each other"}
		}
		req.SubjectHint = values[0]
	}
	grantClaims(p.Userinfo, claimAtUserinfo, client, req)
	grantClaims(p.IDToken, claimInIDToken, client, req)
	return nil
}

func grantClaims(asked map[string]*claimRequest, prefix string, client *relyingparty.Registered, req *login.Request) {
	var add []string
	for name := range asked {
		scope, known := claimScope[name]
		if !known || !client.AllowsScope(scope) {
			continue
		}
		if prefix == claimAtUserinfo && slices.Contains(req.Scopes, scope) {
			continue // the scope gives it already
		}
		add = append(add, prefix+name)
	}
	slices.Sort(add)
	req.Scopes = append(req.Scopes, add...)
}
