package op

import (
	"encoding/json"
	"time"

	"github.com/varco-id/varco/provider/internal/grant"
)

// The claims that tell a relying party to be careful with an account for a while: an address was changed, access was recovered. They stand
// in the id_token, in JWT access tokens, at introspection and at userinfo, whatever the scopes, and only while the time lasts. Collision-resistant
// by their prefix (RFC 7519 section 4.2).
const (
	claimCoolingUntil  = "varco_cooling_off_until"  // seconds since 1970 (RFC 7519 NumericDate)
	claimCoolingReason = "varco_cooling_off_reason" // one of subscriber.CoolingReason
)

// cooling is the claims as members of a JSON object, none when there is nothing to tell.
type cooling struct {
	Until  int64  `json:"varco_cooling_off_until,omitempty"`
	Reason string `json:"varco_cooling_off_reason,omitempty"`
}

func coolingOf(g *grant.Grant, now time.Time) cooling {
	c := g.Cooling.At(now)
	if c.Until.IsZero() {
		return cooling{}
	}
	return cooling{c.Until.Unix(), c.Reason}
}

// put adds the claims to a set.
func (c cooling) put(set map[string]json.RawMessage) {
	if c.Until != 0 {
		set[claimCoolingUntil], _ = json.Marshal(c.Until)   // a number
		set[claimCoolingReason], _ = json.Marshal(c.Reason) // a text
	}
}
