package web

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/telemetry"
)

// The codes of error pages: text keys "error.CODE". A code without texts shows those of ErrorInternal or ErrorBadRequest by its
// status, so that an OAuth error code can be handed over as it is.
const (
	ErrorNotFound      = "not_found"
	ErrorFlowUnknown   = "flow_unknown"   // no such login, or it is over and forgotten
	ErrorFlowExpired   = "flow_expired"   // the login took too long
	ErrorOtherBrowser  = "other_browser"  // another browser began it, or cookies are refused
	ErrorCrossOrigin   = "cross_origin"   // another site sent our form
	ErrorBadForm       = "bad_form"       // a form no page of ours sends
	ErrorBadRequest    = "bad_request"    // the relying party's request is wrong
	ErrorUnknownClient = "invalid_client" // the relying party is not registered
	ErrorRedirectURI   = "redirect_uri"   // its redirect_uri is not registered
	ErrorBadLogout     = "logout"         // a logout request is wrong
	ErrorAccessDenied  = "access_denied"  // OAuth
	ErrorThrottled     = "throttled"      // too many requests
	ErrorUnavailable   = "unavailable"    // try again shortly
	ErrorInternal      = "internal"       // our defect
)

// errorPage is the body of an error page.
type errorPage struct {
	Code, Text string
	Reference  string // request id, for the operator
	Retry      string // address to try again, empty when that is pointless
	Status     int
}

// ErrorPage shows an error that no relying party can be told of. status is 400…599; the page names the request id, by which the
// operator finds the log lines.
func (h *Handler) ErrorPage(w http.ResponseWriter, r *http.Request, status int, code string) {
	retry := ""
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		if r.Method == http.MethodGet {
			retry = "?" + r.URL.RawQuery
		}
	}
	h.errorPage(w, r, status, code, retry)
}

func (h *Handler) errorPage(w http.ResponseWriter, r *http.Request, status int, code, retry string) {
	words := h.words(r, "")
	if !words.Has("error." + code + ".title") {
		code = ErrorBadRequest
		if status >= 500 {
			code = ErrorInternal
		}
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", strconv.Itoa(retrySeconds))
	}
	body := errorPage{Code: code, Text: words.T("error." + code + ".text"), Retry: retry, Status: status}
	if body.Reference = telemetry.RequestID(r.Context()); body.Reference == "" {
		body.Reference = telemetry.NewID() // outside the middleware
	}
	if code != ErrorNotFound { // the reference must be found; a page that does not exist is asked for by scanners all day
		h.opt.Log.InfoContext(r.Context(), "error page", "reference", body.Reference, "status", status, "error_code", code)
	}
	h.render(w, r, status, "error", &page{words: words, Title: words.T("error." + code + ".title"), Body: body})
}

const retrySeconds = 5

func (h *Handler) notFound(w http.ResponseWriter, r *http.Request) {
	h.ErrorPage(w, r, http.StatusNotFound, ErrorNotFound)
}

// failed shows what a call of the pipeline failed with. retry is where to try again when trying again can help.
func (h *Handler) failed(w http.ResponseWriter, r *http.Request, err error, retry string) {
	if oauth := (*login.OAuthError)(nil); errors.As(err, &oauth) {
		h.errorPage(w, r, http.StatusForbidden, oauth.Code, "")
		return
	}
	kind := fault.KindOf(err)
	if r.Context().Err() != nil {
		return // nobody reads the answer
	}
	code := map[fault.Kind]string{
		fault.NotFound:    ErrorFlowUnknown,
		fault.Expired:     ErrorFlowExpired,
		fault.Denied:      ErrorOtherBrowser,
		fault.Invalid:     ErrorBadForm,
		fault.Throttled:   ErrorThrottled,
		fault.Unavailable: ErrorUnavailable,
		fault.Conflict:    ErrorUnavailable,
		fault.Internal:    ErrorInternal,
	}[kind]
	if kind == fault.Internal {
		h.opt.Log.ErrorContext(r.Context(), "page failed", "error", err)
	}
	status := kind.HTTPStatus()
	if status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests && kind != fault.Conflict {
		retry = ""
	}
	h.errorPage(w, r, status, code, retry)
}
