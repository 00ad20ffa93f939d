package login

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Request is what began a Flow, after the syntax was checked. Stored as JSON: it holds no secret.
type Request struct {
	Client       string   `json:"client"` // AccountClient for the person's own page
	RedirectURI  string   `json:"redirect_uri,omitempty"`
	State        string   `json:"state,omitempty"`
	Nonce        string   `json:"nonce,omitempty"`
	ResponseMode string   `json:"response_mode,omitempty"` // query, fragment, form_post
	Scopes       []string `json:"scopes,omitempty"`
	Audience     []string `json:"audience,omitempty"`
	Challenge    string   `json:"challenge,omitempty"` // PKCE, always S256
	ACRValues    []string `json:"acr_values,omitempty"`
	ACREssential bool     `json:"acr_essential,omitempty"` // fail rather than answer a lower acr
	Prompt       []string `json:"prompt,omitempty"`        // none, login, consent, select_account
	MaxAge       *int64   `json:"max_age,omitempty"`       // seconds
	SubjectHint  string   `json:"subject_hint,omitempty"`  // sub of a verified id_token_hint
	LoginHint    string   `json:"login_hint,omitempty"`
	UILocales    []string `json:"ui_locales,omitempty"`
	// Bind is the method a signed-in person wants to bind; the Flow then ends at ReturnTo.
	Bind string `json:"bind,omitempty"`
	// Unbind is the id of the credential the person wants to remove.
	Unbind string `json:"unbind,omitempty"`
	// Contact is the channel of the address that the person wants to replace.
	Contact subscriber.Channel `json:"contact,omitempty"`
	// Recover is the method that the person lost and replaces without it; see recovery.go.
	Recover string `json:"recover,omitempty"`
	// ReturnTo is a path of the provider where a Flow of the person's own page ends.
	ReturnTo string `json:"return_to,omitempty"`
}

// AccountClient is the reserved client id of the person's own page.
const AccountClient = "varco-account"

// Flow is one login from request to answer, as stored.
type Flow struct {
	ID          string
	Request     Request
	BrowserHash []byte // SHA-256 of the cookie of the browser that began it
	Sealed      []byte // pipeline state; sealing.ClassFlow, where = {"flow", ID}
	Version     int64  // compare-and-set, and the number of answers given
	Subject     string // once known
	CreatedAt   time.Time
	ExpiresAt   time.Time
	// Set by the last step:
	DoneAt        time.Time
	Outcome       Outcome
	CodeHash      []byte // SHA-256 of the authorization code
	CodeExpiresAt time.Time
	RedeemedAt    time.Time
}

// Outcome is what a finished Flow grants; the token endpoint turns it into a grant.
type Outcome struct {
	Subject  string    `json:"sub,omitempty"`
	Session  string    `json:"sid,omitempty"`
	Scopes   []string  `json:"scopes,omitempty"`
	Audience []string  `json:"aud,omitempty"`
	ACR      string    `json:"acr,omitempty"`
	AMR      []string  `json:"amr,omitempty"`
	AuthTime time.Time `json:"auth_time,omitzero"`
	Nonce    string    `json:"nonce,omitempty"`
	Offline  bool      `json:"offline,omitempty"`
	// Error is an OAuth error code: the Flow ended without a grant (access_denied, unmet_authentication_requirements).
	Error string `json:"error,omitempty"`
}

// Guard names a throttle counter and the version it must still have for a commit to hold. The empty guard always holds.
type Guard struct {
	Key     string
	Version int64 // 0: no row, or one that was never written
	Stored  bool  // the row exists, so that it can be locked
}

// Store is what this package asks of storage beside the domains' own stores.
type Store interface {
	InsertFlow(ctx context.Context, q tx.Q, f Flow) error
	Flow(ctx context.Context, q tx.Q, id string) (*Flow, error)
	// CommitFlow writes everything but ID, Request, BrowserHash, CreatedAt and RedeemedAt, if the stored version is
	// still f.Version and the guard holds, and raises the version; fault.Conflict when lost. One statement.
	CommitFlow(ctx context.Context, q tx.Q, f Flow, g Guard) error
	// Claimant returns who has an active name (nil when nobody has), their credentials, oldest first, and those counters that exist
	// of theirs (throttle.SubjectKey) and of keys, at most six. One statement, the same for names that do not exist.
	Claimant(ctx context.Context, q tx.Q, folded string, keys ...string) (*subscriber.Subscriber, []subscriber.Credential, []throttle.Counter, error)
	// Holder is Claimant for whoever holds the instance's credential with the handle.
	Holder(ctx context.Context, q tx.Q, instance, handle string, keys ...string) (*subscriber.Subscriber, []subscriber.Credential, []throttle.Counter, error)
	// PruneFlows deletes flows that expired before the time, at most limit.
	PruneFlows(ctx context.Context, q tx.Q, before time.Time, limit int) (int64, error)
}
