package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ grant.Store = (*Store)(nil)

// Redeem exchanges a code for a grant, once; see [grant.Store]. It matches nothing, too, when the session the code came from
// has ended or the subscriber is not active any more.
func (s *Store) Redeem(ctx context.Context, q tx.Q, r grant.Redemption) (*grant.Grant, error) {
	if len(r.CodeHash) == 0 {
		return nil, fault.New(fault.NotFound, "redeem a code") // the hash of a flow without a code is empty as well
	}
	g := r.Grant
	err := s.atomically(ctx, q, func(q tx.Q) error {
		stored, err := query.New(q).RedeemCode(ctx, query.RedeemCodeParams{
			Now: micros(r.Now), GrantID: g.ID, ID: r.Flow, CodeHash: r.CodeHash, ClientID: r.Client, RedirectURI: r.RedirectURI, Challenge: r.Challenge,
		})
		if err != nil {
			return mapped(err, "redeem a code")
		}
		o, err := decodeOutcome(stored.Outcome)
		if err != nil {
			return err
		}
		g.Client, g.Flow, g.Subject, g.Session, g.Scopes, g.Audience = r.Client, r.Flow, o.Subject, o.Session, o.Scopes, o.Audience
		g.ACR, g.AMR, g.AuthTime, g.Nonce, g.Offline = o.ACR, o.AMR, o.AuthTime, o.Nonce, o.Offline
		g.Cooling = grant.Cooling{Until: moment(stored.CoolingUntil), Reason: stored.CoolingReason}
		return s.InsertGrant(ctx, q, g)
	})
	if err != nil {
		return nil, err
	}
	return &g, nil
}

// CodeReplayed revokes what a code gave when it comes again; see [grant.Store].
func (s *Store) CodeReplayed(ctx context.Context, q tx.Q, flow string, codeHash []byte, at time.Time) (bool, error) {
	if len(codeHash) == 0 {
		return false, nil
	}
	replayed := false
	err := s.atomically(ctx, q, func(q tx.Q) error {
		id, err := query.New(q).RedeemedGrant(ctx, query.RedeemedGrantParams{ID: flow, CodeHash: codeHash})
		if replayed = err == nil; errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return mapped(err, "find what a code gave")
		}
		return s.Revoke(ctx, q, id, at)
	})
	return replayed && err == nil, err
}

// InsertGrant stores a grant; see [grant.Store]. In a transaction on PostgreSQL it travels with the next statement, and an error, of a taken
// id too, may come with that or with the commit.
func (s *Store) InsertGrant(ctx context.Context, q tx.Q, g grant.Grant) error {
	err := query.New(deferring{q}).InsertGrant(ctx, query.InsertGrantParams{
		ID: g.ID, ClientID: g.Client, Subject: g.Subject, Session: g.Session, Flow: g.Flow, Scopes: list(g.Scopes), Audience: list(g.Audience),
		ACR: g.ACR, AMR: list(g.AMR), AuthTime: micros(g.AuthTime), Nonce: g.Nonce, Offline: g.Offline, Generation: g.Generation,
		CreatedAt: micros(g.CreatedAt), ExpiresAt: micros(g.ExpiresAt), RevokedAt: micros(g.RevokedAt),
	})
	return mapped(err, "insert a grant")
}

// Grant finds a grant; RevokedAt is set also when its session ended and it is not offline. See [grant.Store].
func (s *Store) Grant(ctx context.Context, q tx.Q, id string) (*grant.Grant, error) {
	r, err := query.New(q).Grant(ctx, id)
	if err != nil {
		return nil, mapped(err, "find a grant")
	}
	return grantOf(r)
}

func grantOf(r query.GrantRow) (*grant.Grant, error) {
	g := &grant.Grant{
		ID: r.ID, Client: r.ClientID, Subject: r.Subject, Session: r.Session, Flow: r.Flow, ACR: r.ACR, AuthTime: moment(r.AuthTime), Nonce: r.Nonce,
		Offline: r.Offline, Generation: r.Generation, CreatedAt: moment(r.CreatedAt), ExpiresAt: moment(r.ExpiresAt), RevokedAt: moment(r.RevokedAt),
	}
	var err error
	if g.Scopes, err = unlist(r.Scopes); err != nil {
		return nil, err
	}
	if g.Audience, err = unlist(r.Audience); err != nil {
		return nil, err
	}
	g.AMR, err = unlist(r.AMR)
	return g, err
}

// Rotate makes the next refresh token of a grant, once for each generation; see [grant.Store]. A grant whose session ended (unless
// it is offline) or whose subscriber is not active does not live.
func (s *Store) Rotate(ctx context.Context, q tx.Q, id, client string, generation int64, now time.Time) (*grant.Grant, error) {
	r, err := query.New(q).Rotate(ctx, query.RotateParams{ID: id, ClientID: client, Generation: generation, Now: micros(now)})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.Conflict, "rotate a refresh token")
	}
	if err != nil {
		return nil, mapped(err, "rotate a refresh token")
	}
	g, err := grantOf(query.GrantRow{
		ID: r.ID, ClientID: r.ClientID, Subject: r.Subject, Session: r.Session, Flow: r.Flow, Scopes: r.Scopes, Audience: r.Audience, ACR: r.ACR,
		AMR: r.AMR, AuthTime: r.AuthTime, Nonce: r.Nonce, Offline: r.Offline, Generation: r.Generation, CreatedAt: r.CreatedAt,
		ExpiresAt: r.ExpiresAt, RevokedAt: r.RevokedAt,
	})
	if err == nil {
		g.Cooling = grant.Cooling{Until: moment(r.CoolingUntil), Reason: r.CoolingReason}
	}
	return g, err
}

// Revoke ends a grant; ending an ended or unknown one is no error. See [grant.Store].
func (s *Store) Revoke(ctx context.Context, q tx.Q, id string, at time.Time) error {
	_, err := query.New(q).Revoke(ctx, query.RevokeParams{RevokedAt: micros(at), ID: id})
	return mapped(err, "revoke a grant")
}

// RevokeOf ends the grants that a subscriber gave a relying party; see [grant.Store].
func (s *Store) RevokeOf(ctx context.Context, q tx.Q, subject, client string, at time.Time) error {
	_, err := query.New(q).RevokeOf(ctx, query.RevokeOfParams{RevokedAt: micros(at), Subject: subject, ClientID: client})
	return mapped(err, "revoke the grants of a relying party")
}

// RevokeAccess revokes one access token; see [grant.Store].
func (s *Store) RevokeAccess(ctx context.Context, q tx.Q, jti string, expires time.Time) error {
	_, err := query.New(q).RevokeAccess(ctx, query.RevokeAccessParams{Jti: jti, ExpiresAt: micros(expires)})
	return mapped(err, "revoke an access token")
}

// Live finds a grant and says whether it, its session (unless it is offline), its subscriber and the access token are all still
// good. What the subscriber is called comes with it, so that userinfo needs no statement more. See [grant.Store].
func (s *Store) Live(ctx context.Context, q tx.Q, id, jti string, now time.Time) (*grant.LiveGrant, bool, error) {
	r, err := query.New(q).LiveGrant(ctx, query.LiveGrantParams{Jti: jti, ID: id})
	if err != nil {
		return nil, false, mapped(err, "find a grant")
	}
	g, err := grantOf(query.GrantRow{
		ID: r.ID, ClientID: r.ClientID, Subject: r.Subject, Session: r.Session, Flow: r.Flow, Scopes: r.Scopes, Audience: r.Audience, ACR: r.ACR,
		AMR: r.AMR, AuthTime: r.AuthTime, Nonce: r.Nonce, Offline: r.Offline, Generation: r.Generation, CreatedAt: r.CreatedAt,
		ExpiresAt: r.ExpiresAt, RevokedAt: r.RevokedAt,
	})
	if err != nil {
		return nil, false, err
	}
	g.Cooling = grant.Cooling{Until: moment(r.CoolingUntil), Reason: r.CoolingReason}
	at := micros(now)
	live := r.RevokedAt == 0 && (r.ExpiresAt == 0 || r.ExpiresAt > at) && r.AccessRevoked == 0 &&
		(r.Session == "" || r.Offline || r.SessionExpiresAt > at) &&
		(r.Subject == "" || r.SubscriberStatus == string(subscriber.Active))
	return &grant.LiveGrant{Grant: *g, Claims: absent([]byte(r.Claims)), Locale: r.Locale, UpdatedAt: moment(r.SubscriberUpdatedAt)}, live, nil
}

// AccessRevoked says whether an access token was revoked by its jti; see [grant.Store].
func (s *Store) AccessRevoked(ctx context.Context, q tx.Q, jti string) (bool, error) {
	n, err := query.New(q).AccessRevoked(ctx, jti)
	return n > 0, mapped(err, "look for a revoked access token")
}

// Once remembers a key that may be used once; see [grant.Store].
func (s *Store) Once(ctx context.Context, q tx.Q, key string, expires time.Time) error {
	n, err := query.New(q).Once(ctx, query.OnceParams{Key: key, ExpiresAt: micros(expires)})
	return changed(n, err, fault.Conflict, "remember a key")
}
