package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/varco-id/varco/provider"
)

// subscriberCmd is `varco subscriber`.
type subscriberCmd struct {
	Add     subscriberAddCmd     `cmd:"" help:"Add a person."`
	Show    subscriberShowCmd    `cmd:"" help:"Show a person, with names and authenticators."`
	List    subscriberListCmd    `cmd:"" help:"List people."`
	Block   subscriberBlockCmd   `cmd:"" help:"Keep a person from signing in and end their sessions."`
	Unblock subscriberUnblockCmd `cmd:"" help:"Let a person sign in again, whatever blocked them."`
	Recover subscriberRecoverCmd `cmd:"" help:"Let a person who lost a way to sign in recover, after the bank made sure who they are."`
	Approve subscriberApproveCmd `cmd:"" help:"Approve a recovery that another operator asked for."`
	Contact subscriberContactCmd `cmd:"" help:"Show or replace the addresses of a person."`
	History subscriberHistoryCmd `cmd:"" help:"Show what happened to a person's account."`
	Remove  subscriberRemoveCmd  `cmd:"" help:"Remove a person with everything that belongs to them."`
}

type subscriberShowCmd struct {
	ID string `arg:"" help:"Name or id."`
}

func (subscriberShowCmd) Help() string { return "Example:\n  varco subscriber show anna.rossi" }

func (c *subscriberShowCmd) Run(s *session) error {
	found, err := do(s, provider.SubscriberShow, provider.ByID{ID: c.ID})
	if err != nil {
		return err
	}
	return s.showSubscriber(found)
}

func (s *session) showSubscriber(p provider.SubscriberInfo) error {
	return s.show(p, func(w io.Writer) {
		row(w, "id", p.ID)
		row(w, "status", status(p))
		for _, n := range p.Names {
			row(w, n.Kind, n.Name)
		}
		row(w, "language", p.Locale)
		row(w, "claims", string(p.Claims))
		row(w, "added", when(p.CreatedAt))
		row(w, "changed", when(p.UpdatedAt))
		for _, a := range p.Credentials {
			used := "never used"
			if !a.LastUsedAt.IsZero() {
				used = "used " + when(a.LastUsedAt)
			}
			row(w, "authenticator", strings.Join(strings.Fields(a.Instance+" "+a.Label), " ")+", bound "+when(a.CreatedAt)+", "+used)
		}
	})
}

func status(p provider.SubscriberInfo) string {
	if p.BlockedReason != "" {
		return p.Status + " (" + p.BlockedReason + ")"
	}
	return p.Status
}

type subscriberListCmd struct {
	After string `placeholder:"ID" help:"Go on after this id."`
	Limit int    `default:"100" help:"At most so many (1 to 1000)."`
}

func (subscriberListCmd) Help() string { return "Example:\n  varco subscriber list --limit 20" }

func (c *subscriberListCmd) Run(s *session) error {
	list, err := do(s, provider.SubscriberList, provider.SubscriberPage{After: c.After, Limit: c.Limit})
	if err != nil {
		return err
	}
	return s.show(list, func(w io.Writer) {
		row(w, "ID", "NAME", "STATUS", "LANGUAGE", "ADDED")
		for _, p := range list {
			row(w, p.ID, fullName(p.Claims), status(p), p.Locale, when(p.CreatedAt))
		}
		if len(list) == c.Limit {
			fmt.Fprintf(w, "There may be more: go on with --after %s\n", list[len(list)-1].ID)
		}
	})
}

// fullName is the claim "name".
func fullName(claims json.RawMessage) string {
	var c struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(claims, &c) // without a name there is nothing to show
	return c.Name
}

type subscriberBlockCmd struct {
	ID     string `arg:"" help:"Name or id."`
	Reason string `required:"" help:"Why; the audit log keeps it."`
}

func (subscriberBlockCmd) Help() string {
	return "Example:\n  varco subscriber block anna.rossi --reason \"phone stolen, ticket 4711\""
}

func (c *subscriberBlockCmd) Run(s *session) error {
	return s.setStatus(provider.SubscriberBlock, c.ID, c.Reason, "is blocked and signed out everywhere")
}

type subscriberUnblockCmd struct {
	ID     string `arg:"" help:"Name or id."`
	Reason string `required:"" help:"Why; the audit log keeps it."`
}

func (subscriberUnblockCmd) Help() string {
	return "Example:\n  varco subscriber unblock anna.rossi --reason \"identified at the branch\""
}

func (c *subscriberUnblockCmd) Run(s *session) error {
	return s.setStatus(provider.SubscriberUnblock, c.ID, c.Reason, "may sign in again")
}

func (s *session) setStatus(o provider.Operation[provider.StatusChange, provider.SubscriberInfo], id, reason, what string) error {
	changed, err := do(s, o, provider.StatusChange{ID: id, Reason: reason})
	if err != nil {
		return err
	}
	return s.show(changed, func(w io.Writer) { fmt.Fprintf(w, "Subscriber %s %s.\n", changed.ID, what) })
}

type subscriberRemoveCmd struct {
	ID string `arg:"" help:"Name or id."`
}

func (subscriberRemoveCmd) Help() string {
	return "The audit log keeps what happened, under the id alone.\n\nExample:\n  varco subscriber remove anna.rossi"
}

func (c *subscriberRemoveCmd) Run(s *session) error {
	removed, err := do(s, provider.SubscriberRemove, provider.ByID{ID: c.ID})
	if err != nil {
		return err
	}
	return s.show(removed, func(w io.Writer) { fmt.Fprintf(w, "Subscriber %s is removed.\n", removed.ID) })
}
