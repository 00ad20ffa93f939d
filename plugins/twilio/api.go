package twilio

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/varco-id/varco/plugins/internal/httpsend"
)

// call is one request through twilio-go, and what is known of it. The library takes no context, throws headers away, and neither closes
// nor bounds the body of an error: each call has a client of its own over a door that does.
type call struct {
	ctx       context.Context
	transport http.RoundTripper
	base      *url.URL // nil: Twilio's own

	answer *httpsend.Answer
	fault  *httpsend.Error
}

// RoundTrip implements [http.RoundTripper].
func (c *call) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.base != nil {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host, r.Host = c.base.Scheme, c.base.Host, ""
		r.URL.Path = strings.TrimSuffix(c.base.Path, "/") + r.URL.Path
	}
	answer, err := httpsend.Do(c.ctx, c.transport, r)
	if err != nil {
		_ = errors.As(err, &c.fault)
		return nil, err
	}
	c.answer = answer
	return answer.Response(r), nil
}

// code is Twilio's error code in an answer, 0 if there is none.
func code(err error) int {
	if e := (*client.TwilioRestError)(nil); errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// api makes the library's service for one call.
func (a *account) api(ctx context.Context) (*openapi.ApiService, *call) {
	c := &call{ctx: ctx, transport: a.transport, base: a.base}
	user, password := a.AccountSID, a.AuthToken
	if a.APIKeySID != "" {
		user, password = a.APIKeySID, a.APIKeySecret
	}
	cl := &client.Client{Credentials: client.NewCredentials(user, password), HTTPClient: &http.Client{
		Transport: c, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	cl.SetAccountSid(a.AccountSID)
	// Not NewRequestHandler: it would take edge and region from the environment.
	return openapi.NewApiService(&client.RequestHandler{Client: cl, Edge: a.Edge, Region: a.Region}), c
}

// Parts of the time of one Send. What is left after the first is for the question what became of it.
const (
	createShare = 3.0 / 5
	checkTime   = 4 * time.Second // of Check, which has five
	lookupLeast = 200 * time.Millisecond
)

// forCreating bounds the request that sends.
func forCreating(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, _ := ctx.Deadline() // Send has set one
	return context.WithTimeout(ctx, time.Duration(float64(time.Until(deadline))*createShare))
}
