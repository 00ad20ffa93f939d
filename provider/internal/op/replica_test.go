package op_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/varco-id/varco/provider/internal/op"
)

// The replica that made a token knows its signature is good; any other verifies it. Both must read the same token.
func TestTheIssuerReadsATokenAsAnyOtherReplica(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	other, err := op.New(e.options())
	must(t, err)
	elsewhere := *e
	elsewhere.op, elsewhere.mux = other, http.NewServeMux()
	for _, r := range other.Routes() {
		elsewhere.mux.Handle(r.Pattern, r.Handler)
	}
	issued := e.login(p)
	for name, token := range map[string]string{
		"of a person": issued.Access,
		"refreshed":   e.tokens(e.post("/token", p.refresh(issued.Refresh), p.auth)).Access,
	} {
		here, there := e.introspect(p, token), elsewhere.introspect(p, token)
		if here["active"] != true || !reflect.DeepEqual(here, there) {
			t.Errorf("%s:\nhere  %v\nthere %v", name, here, there)
		}
		if a, b := e.userinfo(token).Body.String(), elsewhere.userinfo(token).Body.String(); a != b {
			t.Errorf("%s: userinfo here %s, there %s", name, a, b)
		}
	}
}
