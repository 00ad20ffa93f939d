package login

// OAuthError refuses a request with an error that the relying party gets at its redirect URI.
type OAuthError struct {
	Code        string // RFC 6749 section 4.1.2.1, OIDC Core 3.1.2.6, RFC 9470
	Description string // for the relying party's developer, in English
}

func (e *OAuthError) Error() string { return e.Code + ": " + e.Description }

// The codes the pipeline answers.
const (
	CodeLoginRequired       = "login_required"
	CodeInteractionRequired = "interaction_required"
	CodeConsentRequired     = "consent_required"
	CodeAccessDenied        = "access_denied"
	CodeInvalidRequest      = "invalid_request"
	CodeUnmetAuthentication = "unmet_authentication_requirements"
)
