package fault

import "net/http"

// Kind says what an error means to the caller, whatever caused it.
type Kind uint8

// The kinds. The zero Kind is Internal on purpose: an error nobody classified is our defect, and must reach the outside as
// nothing more than a reference.
const (
	// Internal is a defect or an unclassified failure.
	Internal Kind = iota
	// NotFound means that the thing asked for does not exist (or that the asker may not know whether it does).
	NotFound
	// Conflict means a lost compare-and-set or a broken uniqueness rule: somebody else was first.
	Conflict
	// Unavailable means that something we depend on (database, plugin, upstream) is down or too slow: trying later may
	// work, and nothing was changed.
	Unavailable
	// Invalid means input that breaks a rule.
	Invalid
	// Denied means that the asker is known, the request well formed, and the answer no.
	Denied
	// Expired means that the thing existed and its time is over.
	Expired
	// Throttled means too many attempts for now.
	Throttled

	kinds // how many there are; keep it last
)

var kindNames = [kinds]string{
	Internal:    "internal",
	NotFound:    "not_found",
	Conflict:    "conflict",
	Unavailable: "unavailable",
	Invalid:     "invalid",
	Denied:      "denied",
	Expired:     "expired",
	Throttled:   "throttled",
}

// String is the kind's name in logs and metrics: lower case, stable, of a closed set.
func (k Kind) String() string {
	if k >= kinds {
		return kindNames[Internal]
	}
	return kindNames[k]
}

var kindStatus = [kinds]int{
	Internal:    http.StatusInternalServerError,
	NotFound:    http.StatusNotFound,
	Conflict:    http.StatusConflict,
	Unavailable: http.StatusServiceUnavailable,
	Invalid:     http.StatusBadRequest,
	Denied:      http.StatusForbidden,
	Expired:     http.StatusGone,
	Throttled:   http.StatusTooManyRequests,
}

// HTTPStatus is the status for an edge whose protocol does not prescribe another. Unavailable and Throttled want a
// Retry-After header beside it (RFC 9110 section 10.2.3).
func (k Kind) HTTPStatus() int {
	if k >= kinds {
		return http.StatusInternalServerError
	}
	return kindStatus[k]
}
