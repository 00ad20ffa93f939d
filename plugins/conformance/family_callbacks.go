package conformance

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/varco-id/varco/plugins/sdk"
)

var callbackRules = []Rule{
	{ID: "callbacks.script", check: checkCallbackScript, Where: whereCallbacks,
		Says: "the requests of conformance.yaml get their answers",
		Fix:  "correct conformance.yaml (callbacks), or the route"},
	{ID: "callbacks.junk", check: checkCallbackJunk, Where: whereCallbacks,
		Says: "requests of every shape are answered with 4xx and change nothing",
		Fix:  "check the body before you believe anything of it: anybody can send one"},
	{ID: "callbacks.route", check: checkUnknownRoute, Where: "callbacks.proto, HandleCallbackRequest.route",
		Says: "a route that was not described is refused",
		Fix:  "answer 404, or FAILED_PRECONDITION"},
	{ID: "callbacks.delivery", check: checkHandleDelivery, Where: "callbacks.proto, HandleDelivery",
		Says: "news of a delivery is taken: unknown keys, gone addresses, no credential",
		Fix:  "ignore what you do not know; change only the credential that is handed in"},
	{ID: "callbacks.answer", check: checkCallbackAnswers, last: true, Where: "callbacks.proto, HandleCallbackResponse",
		Says: "an answer has a status of HTTP, signals only flows that were handed in and changes only the credential that was",
		Fix:  "take flow ids and the credential from the request"},
}

// brokenCallback says what the host would refuse of an answer.
func brokenCallback(r *sdk.CallbackResponse, req *sdk.CallbackRequest) string {
	if r.Status != 0 && (r.Status < 200 || r.Status > 599) {
		return fmt.Sprintf("status %d", r.Status)
	}
	for id, data := range r.Signals {
		if !slices.ContainsFunc(req.Pending, func(p sdk.PendingFlow) bool { return p.Context.FlowID == id }) {
			return "a signal for a flow that was not handed in"
		}
		if len(data) > sdk.MaxState {
			return fmt.Sprintf("a signal of %d bytes", len(data))
		}
	}
	for _, c := range r.CredentialChanges {
		if c.Kind == sdk.ChangeCreate {
			continue
		}
		if req.Credential == nil || c.CredentialID != req.Credential.ID {
			return "a change of a credential that was not handed in"
		}
		if c.ExpectedRevision != req.Credential.Revision {
			return "a change without the credential's revision"
		}
	}
	return ""
}

// handle makes a call and notes what the host would refuse.
func (v *verdict) handle(r *sdk.CallbackRequest) (*sdk.CallbackResponse, error) {
	ctx, cancel := v.within(v.limit())
	defer cancel()
	answer, err := v.primary().HandleCallback(ctx, r)
	if err != nil {
		v.fault("HandleCallback", err)
		return nil, err
	}
	if broken := brokenCallback(answer, r); broken != "" {
		v.mu.Lock()
		v.badCallbacks = append(v.badCallbacks, "route "+r.Route+": "+broken)
		v.mu.Unlock()
	}
	return answer, nil
}

// routes ends the check of a plugin without routes.
func (v *verdict) routes() []sdk.Route {
	v.needs(sdk.ServiceCallbacks)
	if len(v.description.Routes) == 0 {
		v.absent("the plugin describes no route")
	}
	v.made()
	return v.description.Routes
}

func checkCallbackScript(v *verdict) {
	v.needs(sdk.ServiceCallbacks)
	for i := range v.script.Callbacks {
		s := &v.script.Callbacks[i]
		v.made()
		r, err := v.callbackRequest(v.ctx, s, nil)
		if err != nil {
			v.fail("%v", err)
			continue
		}
		answer, err := v.handle(r)
		switch {
		case err != nil:
			v.fail("route %s: %v", s.Route, err)
		case s.Status == 0 && answer.Status/100 != 2 || s.Status != 0 && answer.Status != s.Status:
			v.fail("route %s: status %d", s.Route, answer.Status)
		}
	}
	v.why = errNoScript.Error() + ": callbacks"
}

func checkCallbackJunk(v *verdict) {
	for _, route := range v.routes() {
		for _, name := range slices.Sorted(maps.Keys(shapes())) {
			r := &sdk.CallbackRequest{InstanceID: instanceID, Route: route.Name, Method: route.Method, URL: origin + "/plugins/x/" + route.Path,
				Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(shapes()[name]), Now: v.began.UTC()}
			for _, h := range route.Headers {
				r.Header.Set(h, strings.Map(func(c rune) rune {
					if c < ' ' || c > '~' {
						return -1
					}
					return c
				}, shapes()[name][:min(100, len(shapes()[name]))]))
			}
			answer, err := v.handle(r)
			what := fmt.Sprintf("route %s, a body of the shape %s", route.Name, name)
			if err != nil {
				v.sound(what, err)
				continue
			}
			if len(answer.Signals)+len(answer.CredentialChanges)+len(answer.Receipts) > 0 {
				v.fail("%s leaves signals, changes or receipts", what)
			}
			if answer.Status/100 != 4 && brokenCallback(answer, r) == "" {
				v.fail("%s is answered with %d", what, answer.Status)
			}
		}
	}
}

func checkUnknownRoute(v *verdict) {
	v.routes()
	answer, err := v.handle(&sdk.CallbackRequest{InstanceID: instanceID, Route: "zz-no-such-route", Method: "POST",
		URL: origin + "/plugins/x/y", Body: []byte("{}"), Now: v.began.UTC()})
	v.sound("an unknown route", err)
	if err == nil && answer.Status/100 != 4 {
		v.fail("it is answered with %d", answer.Status)
	}
}

func checkHandleDelivery(v *verdict) {
	v.needs(sdk.ServiceCallbacks)
	if !slices.Contains(v.description.Services, sdk.ServiceAuthenticator) {
		v.absent("the plugin asks for no deliveries")
	}
	credential := &sdk.Credential{ID: "c", Type: v.description.CredentialType, Data: []byte("\x00not readable"), Revision: 3}
	for _, state := range []sdk.DeliveryStatus{sdk.DeliveryDelivered, sdk.DeliveryFailed, sdk.DeliveryGone} {
		for name, c := range map[string]*sdk.Credential{"no credential": nil, "a damaged credential": credential} {
			ctx, cancel := v.within(v.limit())
			r, err := v.primary().HandleDelivery(ctx, &sdk.DeliveryReport{InstanceID: instanceID, IdempotencyKey: "zz-no-such-key",
				Status: state, Reason: "conformance", Credential: c, Now: v.began.UTC()})
			cancel()
			if v.unoffered(err) {
				v.absent("the plugin wants no news of deliveries")
			}
			v.made()
			v.sound(fmt.Sprintf("%s, %s", state, name), err)
			if err != nil {
				continue
			}
			if broken := brokenCallback(&sdk.CallbackResponse{CredentialChanges: r.CredentialChanges}, &sdk.CallbackRequest{Credential: c}); broken != "" {
				v.fail("%s, %s: %s", state, name, broken)
			}
		}
	}
}

func checkCallbackAnswers(v *verdict) {
	v.routes()
	for _, broken := range v.badCallbacks {
		v.fail("%s", broken)
	}
}
