package sqlstore

import (
	"context"

	"github.com/varco-id/varco/provider/internal/consent"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ consent.Store = (*Store)(nil)

// Consent finds what a person granted to a relying party; see [consent.Store].
func (s *Store) Consent(ctx context.Context, q tx.Q, subject, client string) (*consent.Consent, error) {
	r, err := query.New(q).Consent(ctx, query.ConsentParams{Subject: subject, ClientID: client})
	if err != nil {
		return nil, mapped(err, "find a consent")
	}
	c, err := consentOf(r)
	return &c, err
}

func consentOf(r query.Consent) (consent.Consent, error) {
	scopes, err := unlist(r.Scopes)
	return consent.Consent{Subject: r.Subject, Client: r.ClientID, Scopes: scopes, GrantedAt: moment(r.GrantedAt)}, err
}

// PutConsent replaces what was granted; see [consent.Store].
func (s *Store) PutConsent(ctx context.Context, q tx.Q, c consent.Consent) error {
	_, err := query.New(q).PutConsent(ctx, query.PutConsentParams{Subject: c.Subject, ClientID: c.Client, Scopes: list(c.Scopes), GrantedAt: micros(c.GrantedAt)})
	return mapped(err, "store a consent")
}

// ConsentsOf lists a person's consents by client_id; see [consent.Store].
func (s *Store) ConsentsOf(ctx context.Context, q tx.Q, subject string) ([]consent.Consent, error) {
	rows, err := query.New(q).ConsentsOf(ctx, subject)
	if err != nil {
		return nil, mapped(err, "list a person's consents")
	}
	out := make([]consent.Consent, len(rows))
	for i, r := range rows {
		if out[i], err = consentOf(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// DeleteConsent withdraws; see [consent.Store].
func (s *Store) DeleteConsent(ctx context.Context, q tx.Q, subject, client string) error {
	n, err := query.New(q).DeleteConsent(ctx, query.DeleteConsentParams{Subject: subject, ClientID: client})
	return changed(n, err, fault.NotFound, "delete a consent")
}
