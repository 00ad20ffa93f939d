package sdk

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// callbackHeaders are the response headers a plugin may set. Everything else is the host's: a cookie would be set in the
// origin of the sign-in pages, a security header could open them, Location would make the issuer's name redirect anywhere.
var callbackHeaders = []string{"Cache-Control", "Content-Language", "Content-Type", "Etag", "Last-Modified", "Retry-After", "Www-Authenticate"}

// callbackTypes are the media types a plugin may answer with. The answer comes from the origin of the sign-in pages: what a
// browser would render or run there (HTML, SVG, XML, scripts) is never a plugin's.
var callbackTypes = []string{"application/json", "application/jwt", "application/jose", "application/cbor", "application/octet-stream",
	"application/x-www-form-urlencoded", "text/plain"}

const maxCallbackHeader = 4 << 10 // bytes of all names and values

// Validate says whether the host would accept r as the answer of the plugin described by d to req. The error is a
// [*Violation].
func (r *CallbackResponse) Validate(d *Description, req *CallbackRequest) error {
	return first(r.checkHTTP(), r.checkCommit(d, req.Credential, len(req.Pending) > 0, req.MaxStateVersion), r.checkSignals(req), r.checkReceipts(d))
}

// ValidateDelivery says whether the host would accept r as the answer of the plugin described by d to req. Status, header
// and body are not looked at, since nobody gets them. The error is a [*Violation].
func (r *CallbackResponse) ValidateDelivery(d *Description, req *DeliveryReport) error {
	if len(r.Signals) > 0 {
		return broken(RuleSignal, "a signal to a flow that was not handed in")
	}
	if len(r.Receipts) > 0 {
		return broken(RuleReceipt, "a receipt in answer to what became of a message")
	}
	return first(r.checkCommit(d, req.Credential, false, req.MaxStateVersion))
}

// checkHTTP looks at what goes out to whoever asked.
func (r *CallbackResponse) checkHTTP() *Violation {
	switch {
	case r.Status < 200 || r.Status > 599:
		// Below 200 lie interim answers and a change of protocol, which would hand the connection over.
		return broken(RuleCallback, "status %d, want 200 to 599", r.Status)
	case r.Status >= 300 && r.Status < 400 && r.Status != http.StatusNotModified:
		return broken(RuleCallback, "status %d: a callback does not redirect", r.Status)
	case len(r.Body) > MaxBody:
		return broken(RuleCallback, "a body of %d bytes, over %d", len(r.Body), MaxBody)
	case len(r.Body) > 0 && (r.Status == http.StatusNoContent || r.Status == http.StatusNotModified):
		return broken(RuleCallback, "a body with status %d", r.Status)
	}
	size := 0
	for name, values := range r.Header {
		if !slices.Contains(callbackHeaders, http.CanonicalHeaderKey(name)) {
			return broken(RuleCallback, "header %q; a plugin may set %s", name, strings.Join(callbackHeaders, ", "))
		}
		for _, value := range values {
			if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c >= 0x7f }) {
				return broken(RuleCallback, "header %q has a character that no header has", name)
			}
			size += len(name) + len(value)
		}
	}
	if size > maxCallbackHeader {
		return broken(RuleCallback, "headers of %d bytes, over %d", size, maxCallbackHeader)
	}
	return r.checkType()
}

func (r *CallbackResponse) checkType() *Violation {
	var given []string
	for name, values := range r.Header {
		if http.CanonicalHeaderKey(name) == "Content-Type" {
			given = append(given, values...)
		}
	}
	switch {
	case len(given) > 1:
		return broken(RuleCallback, "%d content types", len(given))
	case len(given) == 0 && len(r.Body) > 0:
		return broken(RuleCallback, "a body without a content type")
	case len(given) == 0:
		return nil
	}
	media, _, err := mime.ParseMediaType(given[0])
	if err != nil || !(slices.Contains(callbackTypes, media) || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")) {
		return broken(RuleCallback, "content type %q; a plugin may answer with %s or a type ending in +json", given[0], strings.Join(callbackTypes, ", "))
	}
	return nil
}

// checkCommit looks at what is committed: it may change the one credential that was handed in and make none, since a request
// from outside binds nothing to anybody.
func (r *CallbackResponse) checkCommit(d *Description, given *Credential, pending bool, highest uint32) *Violation {
	if len(r.CredentialChanges) > MaxChanges {
		return broken(RuleSize, "%d credential changes, over %d", len(r.CredentialChanges), MaxChanges)
	}
	for i := range r.CredentialChanges {
		c := &r.CredentialChanges[i]
		if v := c.check(); v != nil {
			return v
		}
		switch {
		case c.Kind == ChangeCreate:
			return broken(RuleCredential, "a callback creates no credential: leave a signal to the flow that enrols it")
		case given == nil || c.CredentialID != given.ID:
			return broken(RuleCredential, "%s of a credential that was not handed in", c.Kind)
		case c.ExpectedRevision != given.Revision:
			return broken(RuleCredential, "%s expects revision %d, handed in was %d", c.Kind, c.ExpectedRevision, given.Revision)
		case highest != 0 && c.Version > highest:
			return broken(RuleState, "credential data of version %d, over %d", c.Version, highest)
		}
	}
	if len(r.Effects) > 0 && given == nil && !pending {
		// Otherwise a stranger's request could make the host send messages.
		return broken(RuleEffect, "an effect in answer to a request that concerns nobody")
	}
	var credentials []Credential
	if given != nil {
		credentials = []Credential{*given}
	}
	return checkEffects(d, r.Effects, credentials)
}

func (r *CallbackResponse) checkSignals(req *CallbackRequest) *Violation {
	for flow, data := range r.Signals {
		if !slices.ContainsFunc(req.Pending, func(p PendingFlow) bool { return p.Context.FlowID == flow }) {
			return broken(RuleSignal, "a signal to a flow that was not handed in")
		}
		if len(data) > MaxSignal {
			return broken(RuleSignal, "a signal of %d bytes, over %d", len(data), MaxSignal)
		}
	}
	return nil
}

func (r *CallbackResponse) checkReceipts(d *Description) *Violation {
	switch {
	case len(r.Receipts) == 0:
		return nil
	case !slices.Contains(d.Services, ServiceDeliveryChannel):
		return broken(RuleReceipt, "a receipt from a plugin that is no delivery channel")
	case len(r.Receipts) > MaxReceipts:
		return broken(RuleSize, "%d receipts, over %d", len(r.Receipts), MaxReceipts)
	}
	for i := range r.Receipts {
		if v := r.Receipts[i].check(); v != nil {
			return v
		}
	}
	return nil
}

func (c *Receipt) check() *Violation {
	switch {
	case c.ProviderID == "" || len(c.ProviderID) > MaxHandle:
		return broken(RuleReceipt, "a receipt with a provider's id of %d bytes, want 1 to %d", len(c.ProviderID), MaxHandle)
	case c.Status != DeliveryDelivered && c.Status != DeliveryFailed && c.Status != DeliveryGone:
		return broken(RuleReceipt, "a receipt with the status %q", c.Status)
	}
	return checkReason(RuleReceipt, c.Reason)
}

// checkReason keeps what is shown to operators and audited short and on one line.
func checkReason(rule Rule, reason string) *Violation {
	if len(reason) > MaxReason {
		return broken(rule, "a reason of %d bytes, over %d", len(reason), MaxReason)
	}
	if i := strings.IndexFunc(reason, func(c rune) bool { return c < ' ' || c == 0x7f }); i >= 0 {
		return broken(rule, "a reason with the control character %s", fmt.Sprintf("%#x", reason[i]))
	}
	return nil
}
