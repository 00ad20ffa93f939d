package callback

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

const (
	reruns = 8 // of the plugin, after a lost compare-and-set
	// answered is the status of a request whose answer was written.
	answered = -1
	// whole bounds a callback from the plugin's first call to the commit, whoever is still listening: an approval that reached us
	// counts, even if the phone's connection did not live to hear of it.
	whole = 30 * time.Second
)

// matter is what a callback is about, as read for one run of the plugin.
type matter struct {
	cred *subscriber.Credential // nil when the handle names none
	open *sdk.Credential        // the same, opened
	flow []login.Waiting
}

// subject is whom it is about: the credential's, or that of the one flow the plugin's own handle names; empty for nobody.
func (m *matter) subject() string {
	if m.cred != nil {
		return m.cred.Subject
	}
	if len(m.flow) == 1 {
		return m.flow[0].Subject
	}
	return ""
}

// ask runs the plugin on fresh data until what it answers is committed, and answers.
func (c *call) ask(ctx context.Context, handle string, body []byte) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), whole)
	defer cancel()
	for range reruns {
		m, err := c.h.gather(ctx, c.instance, handle)
		if err != nil {
			return http.StatusServiceUnavailable, err
		}
		res, err := c.h.Plugins.Callback(ctx, c.request(m, body))
		if aborted(err) {
			continue
		}
		if err != nil {
			return technical(err), err
		}
		heard, err := c.h.commit(ctx, c.instance, m, res, nil)
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
			continue // the credential or a message moved, or went, under it
		}
		if err != nil {
			return fault.KindOf(err).HTTPStatus(), err
		}
		c.h.Flows.Heard(ctx, heard...)
		if res.Status == http.StatusUnauthorized || res.Status == http.StatusForbidden || res.Status == http.StatusNotFound {
			c.stranger = true // in the plugin's judgement, which alone can tell
		} else if c.thumbprint != "" && m.cred != nil {
			c.h.familiar.add(c.instance + " " + c.thumbprint)
		}
		c.answer(res)
		return answered, nil
	}
	return http.StatusServiceUnavailable, errors.New("a callback kept losing its compare-and-set")
}

func aborted(err error) bool {
	var he *host.Error
	return errors.As(err, &he) && he.Kind == host.Aborted
}

// gather reads the credential that has the handle, and the flows that wait for its subject or under the same handle. A handle that
// nobody has takes the same statements.
func (h *Handler) gather(ctx context.Context, instance, handle string) (*matter, error) {
	m := &matter{}
	if handle == "" {
		return m, nil
	}
	cred, err := h.Rows.CredentialByHandle(ctx, h.DB, instance, handle)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	subject := ""
	if err == nil {
		subject = cred.Subject
		if err := m.take(h.Box, cred); err != nil {
			return nil, err
		}
	}
	m.flow, err = h.Flows.Waiting(ctx, h.DB, instance, subject, handle)
	return m, err
}

// take opens a credential for the length of a call.
func (m *matter) take(box sealing.Box, cred *subscriber.Credential) error {
	data, err := box.Open(sealing.ClassCredential, cred.Sealed, credentialPlace(cred)...)
	if err != nil {
		return fault.Wrap(fault.Internal, err, "open a credential")
	}
	m.cred = cred
	m.open = &sdk.Credential{ID: cred.ID, Type: cred.Type, Handle: cred.Handle, Label: cred.Label, Data: data,
		Revision: uint64(cred.Revision), Version: cred.Version}
	return nil
}

// credentialPlace is the associated data of a credential (subscriber.Credential.Sealed).
func credentialPlace(c *subscriber.Credential) []string {
	return []string{"credential", c.ID, c.Instance, c.Subject}
}

func (c *call) request(m *matter, body []byte) *sdk.CallbackRequest {
	r := &sdk.CallbackRequest{
		InstanceID: c.instance, Route: c.route.Name, Method: c.r.Method, URL: c.target().String(), Header: visible(c.route, c.r.Header),
		Body: body, DPoPThumbprint: c.thumbprint, Credential: m.open, Now: c.now,
	}
	if c.r.TLS != nil && len(c.r.TLS.PeerCertificates) > 0 {
		r.ClientCertificate = c.r.TLS.PeerCertificates[0].Raw
	}
	for _, w := range m.flow {
		r.Pending = append(r.Pending, w.PendingFlow)
	}
	return r
}

// body reads the request's body within the bounds.
func (c *call) body() ([]byte, int) {
	if c.r.ContentLength > maxBody {
		return nil, http.StatusRequestEntityTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, http.StatusRequestEntityTooLarge
	case err != nil:
		return nil, http.StatusBadRequest
	}
	return body, 0
}

// answer writes what the plugin says. The host has checked its status, header names and media type.
func (c *call) answer(res *sdk.CallbackResponse) {
	head := c.w.Header()
	for name, values := range res.Header {
		head[http.CanonicalHeaderKey(name)] = values
	}
	c.w.WriteHeader(res.Status)
	_, _ = c.w.Write(res.Body) // the caller went away
}

// secure makes of an answer something that no browser runs, keeps or embeds: it comes from the origin of the sign-in pages.
func secure(head http.Header) {
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// refuse answers without the plugin: the same for all that leads nowhere.
func refuse(w http.ResponseWriter, status int) {
	if status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "2")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"error":"`+refusal(status)+`"}`+"\n") // the caller went away
}

func refusal(status int) string {
	switch status {
	case http.StatusNotFound:
		return "not_found"
	case http.StatusBadRequest:
		return "invalid_request"
	case http.StatusRequestEntityTooLarge:
		return "request_too_large"
	case http.StatusTooManyRequests:
		return "slow_down"
	case http.StatusServiceUnavailable:
		return "temporarily_unavailable"
	}
	return "server_error"
}

func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}
