package op

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/text/language"

	"github.com/varco-id/varco/provider/internal/relyingparty"
)

// metadata is the library's document with what it lacks. A zero value is left out, and what is left out is not supported.
type metadata struct {
	oidc.DiscoveryConfiguration
	ResponseIss bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
	Prompts     []string `json:"prompt_values_supported"`                        // OpenID Connect Prompt Create 1.0
	// Without a word these two would count as supported (OIDC Discovery section 3, RFC 9101).
	RequestParameter    bool `json:"request_parameter_supported"`
	RequestURIParameter bool `json:"request_uri_parameter_supported"`
}

// The response modes and prompts we know.
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post"

	promptNone = "none"
)

var prompts = []string{promptNone, "login", "consent", "select_account"}

const discoveryMaxAge = 300 // seconds

// newDiscovery writes the document once: it says what works and nothing else.
func (h *Handler) newDiscovery() (static, error) {
	algs := make([]string, len(relyingparty.AssertionAlgs))
	for i, a := range relyingparty.AssertionAlgs {
		algs[i] = string(a)
	}
	confidential := []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost, oidc.AuthMethodPrivateKeyJWT}
	all := append([]oidc.AuthMethod{oidc.AuthMethodNone}, confidential...)
	m := metadata{
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			Issuer:                           h.Issuer,
			AuthorizationEndpoint:            h.url(pathAuthorize),
			TokenEndpoint:                    h.url(pathToken),
			UserinfoEndpoint:                 h.url(pathUserinfo),
			IntrospectionEndpoint:            h.url(pathIntrospect),
			RevocationEndpoint:               h.url(pathRevoke),
			EndSessionEndpoint:               h.url(pathLogout),
			JwksURI:                          h.url(pathKeys),
			ScopesSupported:                  relyingparty.StandardScopes,
			ResponseTypesSupported:           []string{"code"},
			ResponseModesSupported:           []string{modeQuery, modeFragment, modeFormPost},
			GrantTypesSupported:              []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken, oidc.GrantTypeClientCredentials},
			ACRValuesSupported:               h.ACRValues,
			SubjectTypesSupported:            []string{"public"},
			IDTokenSigningAlgValuesSupported: []string{relyingparty.ES256, relyingparty.RS256},
			ClaimTypesSupported:              []string{"normal"},
			ClaimsSupported:                  supportedClaims(),
			ClaimsParameterSupported:         true,
			CodeChallengeMethodsSupported:    []oidc.CodeChallengeMethod{oidc.CodeChallengeMethodS256},

			TokenEndpointAuthMethodsSupported:                  all,
			TokenEndpointAuthSigningAlgValuesSupported:         algs,
			RevocationEndpointAuthMethodsSupported:             all,
			RevocationEndpointAuthSigningAlgValuesSupported:    algs,
			IntrospectionEndpointAuthMethodsSupported:          confidential,
			IntrospectionEndpointAuthSigningAlgValuesSupported: algs,
		},
		ResponseIss: true,
		Prompts:     prompts,
	}
	for _, l := range h.UILocales {
		tag, err := language.Parse(l)
		if err != nil {
			return static{}, fmt.Errorf("language %q of the pages: %w", l, err)
		}
		m.UILocalesSupported = append(m.UILocalesSupported, tag)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return static{}, fmt.Errorf("encode the discovery document: %w", err)
	}
	return newStatic(body), nil
}

func (h *Handler) serveDiscovery(w http.ResponseWriter, r *http.Request) {
	h.discovery.serve(w, r, discoveryMaxAge)
}

// serveKeys answers with the JSON Web Key Set. Relying parties may keep it for much less than the lead time of a new key.
func (h *Handler) serveKeys(w http.ResponseWriter, r *http.Request) {
	set, err := h.Keys.Keys(r.Context())
	if err != nil {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		h.fail(w, r, err)
		return
	}
	static{set.JWKS, set.ETag}.serve(w, r, discoveryMaxAge)
}
