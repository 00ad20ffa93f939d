package subscriber

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/text/language"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/tx"
)

// The bounds of a subscriber.
const (
	MaxClaims  = 16 * 1024 // bytes of JSON
	MaxAliases = 16
)

// New is a subscriber to add.
type New struct {
	Username string
	Aliases  []string       // further names to sign in with
	Locale   string         // BCP 47; empty when unknown
	Claims   map[string]any // OIDC standard claims (Core 5.1) without sub
	// Credentials are authenticators to bind at once.
	Credentials []NewCredential
}

// NewCredential is what an operator knows of an authenticator, in the form its plugin's page documents.
type NewCredential struct {
	Instance string // of the plugin
	JSON     json.RawMessage
}

// Add makes a subscriber with names and credentials. fault.Conflict if a name is taken, fault.Invalid for what cannot
// be, with a text for the operator.
func (s *Service) Add(ctx context.Context, actor string, n New) (*Subscriber, error) {
	now := s.now()
	sub := Subscriber{ID: id.NewSubject(), Status: Active, Version: 1, CreatedAt: now, UpdatedAt: now}
	if n.Locale != "" {
		tag, err := language.Parse(n.Locale)
		if err != nil {
			return nil, fault.New(fault.Invalid, "the locale is not a BCP 47 tag like it or en-GB")
		}
		sub.Locale = tag.String()
	}
	var err error
	if sub.Claims, err = claimsOf(n.Claims); err != nil {
		return nil, err
	}
	names, err := namesOf(sub.ID, n)
	if err != nil {
		return nil, err
	}
	creds, err := s.credentials(ctx, sub, n)
	if err != nil {
		return nil, err
	}
	err = s.DB.InTx(ctx, func(q tx.Q) error {
		if err := s.Rows.InsertSubscriber(ctx, q, sub, names, creds); err != nil {
			return err
		}
		if s.Register != nil {
			if err := s.Register(ctx, q, &sub); err != nil {
				return err
			}
		}
		if err := s.tell(ctx, q, audit.SubscriberAdded, actor, sub.ID, map[string]string{"source": "operator"}); err != nil {
			return err
		}
		for _, c := range creds {
			data := map[string]string{"credential": c.ID, "instance": c.Instance, "after": "import"}
			if err := s.tell(ctx, q, audit.CredentialBound, actor, sub.ID, data); err != nil {
				return err
			}
		}
		return nil
	})
	if fault.Is(err, fault.Conflict) {
		return nil, fault.Wrap(fault.Conflict, err, "one of the names is taken, or was once: a name is never given twice")
	}
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "add a subscriber")
	}
	return &sub, nil
}

// namesOf folds the names of a new subscriber.
func namesOf(subject string, n New) ([]Name, error) {
	if len(n.Aliases) > MaxAliases {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("a subscriber has at most %d aliases", MaxAliases))
	}
	var names []Name
	seen := map[string]bool{}
	add := func(shown string, kind NameKind) error {
		folded, err := Fold(shown)
		if err != nil {
			return fault.Wrap(fault.Invalid, err, fmt.Sprintf("%q cannot be a name to sign in with", shown))
		}
		if seen[folded] {
			return fault.New(fault.Invalid, fmt.Sprintf("%q is there twice", shown))
		}
		seen[folded] = true
		names = append(names, Name{Folded: folded, Shown: shown, Subject: subject, Kind: kind})
		return nil
	}
	if err := add(n.Username, NameUsername); err != nil {
		return nil, err
	}
	for _, a := range n.Aliases {
		if err := add(a, NameAlias); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// credentials asks the plugins for the credentials of a new subscriber and seals them. It runs before the transaction:
// no plugin is called inside one.
func (s *Service) credentials(ctx context.Context, sub Subscriber, n New) ([]Credential, error) {
	var creds []Credential
	for _, nc := range n.Credentials {
		input := sdk.ImportInput{Subject: sdk.Subject{ID: sub.ID, Name: n.Username}, JSON: nc.JSON}
		results, kind, err := s.Plugins.Import(ctx, nc.Instance, []sdk.ImportInput{input})
		switch {
		case err != nil:
			return nil, fault.Wrap(fault.KindOf(err), err, "plugin "+nc.Instance+" could not take the credential")
		case len(results) != 1:
			return nil, fault.New(fault.Internal, "plugin "+nc.Instance+" gave another number of answers than it was asked for")
		case results[0].Error != "":
			return nil, fault.New(fault.Invalid, nc.Instance+": "+results[0].Error)
		}
		change := results[0].Change
		c := Credential{ID: id.New(), Subject: sub.ID, Instance: nc.Instance, Type: kind, Handle: change.Handle, Label: change.Label,
			Version: change.Version, Revision: 1, CreatedAt: sub.CreatedAt}
		c.Sealed, err = s.Box.Seal(sealing.ClassCredential, change.Data, "credential", c.ID, c.Instance, c.Subject)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "seal a credential")
		}
		creds = append(creds, c)
	}
	return creds, nil
}
