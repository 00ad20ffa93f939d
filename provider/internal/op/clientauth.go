package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/tx"
)

// caller is the relying party that sent a request to a machine endpoint, authenticated by the one method it registered.
type caller struct {
	client  *relyingparty.Registered
	once    string    // key of the assertion to be spent, "" when there is none
	expires time.Time // of the assertion
	spent   bool
}

// errAuthentication is the one answer to every failure: which part was wrong is nobody's business.
var errAuthentication = invalidClient("client authentication failed")

// nobody is compared with when the client does not exist, so that this takes as long as a wrong secret.
var nobody = &relyingparty.Client{SecretHash: make([]byte, 32), OldSecretHash: make([]byte, 32)}

// authenticate finds out who calls, before anything else of the request is looked at (RFC 6749 section 3.2.1). public says
// whether clients without credentials may call.
func (h *Handler) authenticate(r *http.Request, f form, public bool) (*caller, error) {
	id, secret, basic, err := basicCredentials(r.Header)
	if err != nil {
		return nil, err
	}
	method, ways := relyingparty.AuthNone, 0
	if basic {
		method, ways = relyingparty.AuthBasic, ways+1
		if f["client_id"] != "" && f["client_id"] != id {
			return nil, invalidRequest("client_id differs from the one in the Authorization header")
		}
	} else {
		id = f["client_id"]
	}
	if f["client_secret"] != "" {
		method, ways, secret = relyingparty.AuthPost, ways+1, f["client_secret"]
	}
	if f["client_assertion"] != "" || f["client_assertion_type"] != "" {
		method, ways = relyingparty.AuthPrivateKeyJWT, ways+1
	}
	if ways > 1 {
		return nil, invalidRequest("more than one method of client authentication (RFC 6749 section 2.3)")
	}
	if method == relyingparty.AuthPrivateKeyJWT {
		return h.authenticateByAssertion(r, id, f)
	}
	if id == "" {
		return nil, invalidClient("client authentication is missing")
	}
	client, err := h.Clients.Registered(r.Context(), id)
	if fault.Is(err, fault.NotFound) {
		nobody.SecretMatches(secret, h.Now())
		return nil, errAuthentication
	}
	if err != nil {
		return nil, err
	}
	good := client.AuthMethod() == method
	if method != relyingparty.AuthNone {
		// Evaluated also for a client of another method, for the same time.
		good = client.SecretMatches(secret, h.Now()) && good
	} else if !public {
		good = false
	}
	if !good {
		h.noteFailure(r, client.ClientID, method)
		return nil, errAuthentication
	}
	return &caller{client: client}, nil
}

// basicCredentials reads HTTP Basic as RFC 6749 section 2.3.1 wants it: both parts form-encoded. ok is false without an
// Authorization header.
func basicCredentials(head http.Header) (id, secret string, ok bool, err error) {
	values := head.Values("Authorization")
	if len(values) == 0 {
		return "", "", false, nil
	}
	bad := invalidClient("the Authorization header is not HTTP Basic with a form-encoded client_id and secret")
	if len(values) > 1 || len(values[0]) > maxValue {
		return "", "", false, bad
	}
	req := http.Request{Header: http.Header{"Authorization": values}}
	id, secret, ok = req.BasicAuth()
	if !ok {
		return "", "", false, bad
	}
	if id, err = url.QueryUnescape(id); err != nil {
		return "", "", false, bad
	}
	if secret, err = url.QueryUnescape(secret); err != nil || id == "" || secret == "" || strings.ContainsRune(id, 0) {
		return "", "", false, bad
	}
	return id, secret, true, nil
}

// commit runs fn in one transaction, in which the caller's assertion is spent first: whatever the number of racers, one gets
// through.
func (h *Handler) commit(ctx context.Context, c *caller, fn func(q tx.Q) error) error {
	err := h.DB.InTx(ctx, func(q tx.Q) error {
		if err := h.spend(ctx, q, c); err != nil {
			return err
		}
		return fn(q)
	})
	if err == nil {
		c.spent = true
	}
	return err
}

// spend uses up the assertion of private_key_jwt (RFC 7523 section 3, jti).
func (h *Handler) spend(ctx context.Context, q tx.Q, c *caller) error {
	if c.once == "" || c.spent {
		return nil
	}
	err := h.Grants.Once(ctx, q, c.once, c.expires)
	if fault.Is(err, fault.Conflict) {
		return errAuthentication
	}
	return err
}

// settle spends the assertion of a request that was refused, so that whoever saw it in flight cannot try it again with
// better luck. What fails here changes nothing of the answer, which is an error already.
func (h *Handler) settle(ctx context.Context, c *caller) {
	if err := h.spend(ctx, h.DB, c); err != nil && !errors.Is(err, errAuthentication) {
		h.Log.WarnContext(ctx, "client assertion not spent", "error", err)
	}
}

// noteFailure records that somebody failed to authenticate as a client that exists. A flood leaves a few events, not a full
// disk.
func (h *Handler) noteFailure(r *http.Request, clientID string, method relyingparty.AuthMethod) {
	if !h.noise.allow("auth:"+clientID, h.Now()) {
		return
	}
	e := audit.Event{At: h.Now(), Kind: audit.ClientAuthFailed, Client: clientID, Address: h.Address(r), Data: map[string]string{"method": string(method)}}
	if err := audit.Write(r.Context(), h.DB, h.Audit, e); err != nil {
		h.Log.WarnContext(r.Context(), "audit event not written", "kind", e.Kind, "error", err)
	}
}
