package sqlstore

import (
	"context"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ subscriber.CredentialStore = (*Store)(nil)

// CredentialsOf lists a subscriber's credentials, oldest first; see [subscriber.CredentialStore].
func (s *Store) CredentialsOf(ctx context.Context, q tx.Q, subject string) ([]subscriber.Credential, error) {
	rows, err := query.New(q).CredentialsOf(ctx, subject)
	if err != nil {
		return nil, mapped(err, "list a subscriber's credentials")
	}
	out := make([]subscriber.Credential, len(rows))
	for i, r := range rows {
		out[i] = credentialOf(r)
	}
	return out, nil
}

// CredentialByHandle finds a credential by its public key of look-up; see [subscriber.CredentialStore].
func (s *Store) CredentialByHandle(ctx context.Context, q tx.Q, instance, handle string) (*subscriber.Credential, error) {
	row, err := query.New(q).CredentialByHandle(ctx, query.CredentialByHandleParams{Instance: instance, Handle: handle})
	if err != nil {
		return nil, mapped(err, "find a credential")
	}
	c := credentialOf(row)
	return &c, nil
}

func credentialOf(r query.Credential) subscriber.Credential {
	return subscriber.Credential{
		ID: r.ID, Subject: r.Subject, Instance: r.Instance, Type: r.Type, Handle: r.Handle, Label: r.Label, Sealed: absent(r.Sealed),
		Version: uint32(r.StateVersion), Revision: r.Revision, CreatedAt: moment(r.CreatedAt), LastUsedAt: moment(r.LastUsedAt),
	}
}

// InsertCredential binds an authenticator; fault.NotFound when there is no such subscriber. See [subscriber.CredentialStore].
func (s *Store) InsertCredential(ctx context.Context, q tx.Q, c subscriber.Credential) error {
	n, err := query.New(q).InsertCredential(ctx, query.InsertCredentialParams{
		ID: c.ID, Subject: c.Subject, Instance: c.Instance, Type: c.Type, Handle: c.Handle, Label: c.Label, Sealed: blob(c.Sealed),
		StateVersion: int64(c.Version), Revision: c.Revision, CreatedAt: micros(c.CreatedAt), LastUsedAt: micros(c.LastUsedAt),
	})
	return changed(n, err, fault.Conflict, "insert a credential")
}

// UpdateCredential writes by compare-and-set on Revision; see [subscriber.CredentialStore].
func (s *Store) UpdateCredential(ctx context.Context, q tx.Q, c subscriber.Credential) error {
	n, err := query.New(q).UpdateCredential(ctx, query.UpdateCredentialParams{
		Sealed: blob(c.Sealed), StateVersion: int64(c.Version), Label: c.Label, Handle: c.Handle, LastUsedAt: micros(c.LastUsedAt),
		ID: c.ID, Subject: c.Subject, Revision: c.Revision,
	})
	return s.credentialChanged(ctx, q, n, err, c.ID, c.Subject, "update a credential")
}

// DeleteCredential unbinds by compare-and-set on revision; see [subscriber.CredentialStore].
func (s *Store) DeleteCredential(ctx context.Context, q tx.Q, id, subject string, revision int64) error {
	n, err := query.New(q).DeleteCredential(ctx, query.DeleteCredentialParams{ID: id, Subject: subject, Revision: revision})
	return s.credentialChanged(ctx, q, n, err, id, subject, "delete a credential")
}

func (s *Store) credentialChanged(ctx context.Context, q tx.Q, n int64, err error, id, subject, doing string) error {
	kind := fault.Conflict
	if err == nil && n == 0 {
		var left int64
		if left, err = query.New(q).CredentialExists(ctx, query.CredentialExistsParams{ID: id, Subject: subject}); left == 0 {
			kind = fault.NotFound
		}
	}
	return changed(n, err, kind, doing)
}
