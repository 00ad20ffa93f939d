package subscriber

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Rows is what the service asks of storage.
type Rows interface {
	Store
	CredentialsOf(ctx context.Context, q tx.Q, subject string) ([]Credential, error)
	// EndSessionsOf ends every OP session of a subscriber.
	EndSessionsOf(ctx context.Context, q tx.Q, subject string, at time.Time) error
}

// Importer turns what an operator knows of an authenticator into a credential; the plugin does, the host calls it.
type Importer interface {
	// Import answers one result for each input, and the type of credential the instance makes.
	Import(ctx context.Context, instance string, inputs []sdk.ImportInput) (results []sdk.ImportResult, credentialType string, err error)
}

// Service is what an operator does with subscribers. Every change is one audited transaction.
type Service struct {
	DB      tx.DB
	Rows    Rows
	Audit   audit.Writer
	Box     sealing.Box
	Plugins Importer
	// Forgive forgets the failures counted against a subscriber, in the transaction of the unblocking.
	Forgive func(ctx context.Context, q tx.Q, subject string) error
	// Register notes the addresses of a new subscriber, in the transaction that adds them; nil: nowhere.
	Register func(ctx context.Context, q tx.Q, s *Subscriber) error
	// History notes what the person's own page tells of; nil: nowhere.
	History func(ctx context.Context, q tx.Q, events ...audit.Event) error
	Now     func() time.Time // nil: time.Now
}

// Details is a subscriber with what belongs to it; of the credentials nothing secret.
type Details struct {
	Subscriber  Subscriber
	Names       []Name
	Credentials []Credential
}

// Find returns the subscriber of an id or of a name; fault.NotFound if there is none. An id comes first: nobody can
// take another's place by choosing a name.
func (s *Service) Find(ctx context.Context, idOrName string) (*Subscriber, error) {
	found, err := s.Rows.SubscriberByID(ctx, s.DB, idOrName)
	if !fault.Is(err, fault.NotFound) {
		return found, err
	}
	folded, err := Fold(idOrName)
	if err != nil {
		return nil, fault.New(fault.NotFound, "no subscriber has that id or name")
	}
	found, err = s.Rows.SubscriberByName(ctx, s.DB, folded)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "no subscriber has that id or name")
	}
	return found, err
}

// Show returns a subscriber, by id or name, with names and credentials.
func (s *Service) Show(ctx context.Context, idOrName string) (*Details, error) {
	found, err := s.Find(ctx, idOrName)
	if err != nil {
		return nil, err
	}
	d := &Details{Subscriber: *found}
	if d.Names, err = s.Rows.NamesOf(ctx, s.DB, found.ID); err != nil {
		return nil, err
	}
	if d.Credentials, err = s.Rows.CredentialsOf(ctx, s.DB, found.ID); err != nil {
		return nil, err
	}
	for i := range d.Credentials {
		d.Credentials[i].Sealed = nil // whoever asks for this shows it
	}
	return d, nil
}

// MaxPage is the most subscribers of one page of List.
const MaxPage = 1000

// List returns at most limit subscribers whose ids follow after, by id.
func (s *Service) List(ctx context.Context, after string, limit int) ([]Subscriber, error) {
	if limit < 1 || limit > MaxPage {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("a page has between 1 and %d subscribers", MaxPage))
	}
	return s.Rows.ListSubscribers(ctx, s.DB, after, limit)
}

// Block keeps a subscriber, by id or name, from signing in, and ends their sessions.
func (s *Service) Block(ctx context.Context, actor, idOrName, reason string) (*Subscriber, error) {
	return s.status(ctx, actor, idOrName, Blocked, reason)
}

// Unblock is the way back from every block: an operator's, and those of throttling.
func (s *Service) Unblock(ctx context.Context, actor, idOrName, reason string) (*Subscriber, error) {
	return s.status(ctx, actor, idOrName, Active, reason)
}

func (s *Service) status(ctx context.Context, actor, idOrName string, to Status, reason string) (*Subscriber, error) {
	found, err := s.Find(ctx, idOrName)
	if err != nil {
		return nil, err
	}
	now := s.now()
	err = s.DB.InTx(ctx, func(q tx.Q) error {
		kept, kind := reason, audit.SubscriberBlocked
		if to == Active {
			kept, kind = "", audit.SubscriberUnblocked
			if err := s.Forgive(ctx, q, found.ID); err != nil {
				return err
			}
		} else if err := s.Rows.EndSessionsOf(ctx, q, found.ID, now); err != nil {
			return err
		}
		if err := s.Rows.SetStatus(ctx, q, found.ID, to, kept, now, found.Version); err != nil {
			return err
		}
		return s.tell(ctx, q, kind, actor, found.ID, map[string]string{"reason": reason})
	})
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "change the status of subscriber "+found.ID)
	}
	return s.Rows.SubscriberByID(ctx, s.DB, found.ID)
}

// Remove deletes a subscriber, by id or name, with everything that belongs to it. The audit log keeps the id.
func (s *Service) Remove(ctx context.Context, actor, idOrName string) (*Subscriber, error) {
	found, err := s.Find(ctx, idOrName)
	if err != nil {
		return nil, err
	}
	err = s.DB.InTx(ctx, func(q tx.Q) error {
		if err := s.Rows.EndSessionsOf(ctx, q, found.ID, s.now()); err != nil {
			return err
		}
		if err := s.Rows.RemoveSubscriber(ctx, q, found.ID); err != nil {
			return err
		}
		return s.tell(ctx, q, audit.SubscriberRemoved, actor, found.ID, nil)
	})
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "remove subscriber "+found.ID)
	}
	return found, nil
}

func (s *Service) tell(ctx context.Context, q tx.Q, kind audit.Kind, actor, subject string, data map[string]string) error {
	e := audit.Event{At: s.now(), Kind: kind, Subject: subject, Actor: actor, Data: data}
	if s.History != nil && kind != audit.SubscriberRemoved {
		if err := s.History(ctx, q, e); err != nil {
			return err
		}
	}
	return audit.Write(ctx, q, s.Audit, e)
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// claimsOf checks claims and writes them as they are stored.
func claimsOf(claims map[string]any) (json.RawMessage, error) {
	if _, ok := claims["sub"]; ok {
		return nil, fault.New(fault.Invalid, "sub is not a claim to set: it is the subscriber's id")
	}
	if claims == nil {
		claims = map[string]any{}
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the claims are not JSON")
	}
	if len(raw) > MaxClaims {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("the claims are larger than %d bytes", MaxClaims))
	}
	return raw, nil
}
