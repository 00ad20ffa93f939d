package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/varco-id/varco/provider"
)

// subscriberContactCmd is `varco subscriber contact`.
type subscriberContactCmd struct {
	Show subscriberContactShowCmd `cmd:"" help:"Show the addresses of a person, those given up too."`
	Set  subscriberContactSetCmd  `cmd:"" help:"Replace an address, after the bank made sure who asked for it."`
}

type subscriberContactShowCmd struct {
	ID string `arg:"" help:"Name or id."`
}

func (subscriberContactShowCmd) Help() string {
	return "Example:\n  varco subscriber contact show anna.rossi"
}

func (c *subscriberContactShowCmd) Run(s *session) error {
	found, err := do(s, provider.SubscriberContacts, provider.ByID{ID: c.ID})
	if err != nil {
		return err
	}
	return s.showContacts(found)
}

type subscriberContactSetCmd struct {
	ID       string `arg:"" help:"Name or id."`
	Email    string `xor:"address" required:"" help:"The new e-mail address."`
	Mobile   string `xor:"address" required:"" help:"The new mobile number, with its country: +39 333 1234567."`
	Verified bool   `help:"The bank has made sure that the address is the person's."`
	Reason   string `required:"" help:"How the bank made sure who asked; the audit log keeps it."`
}

func (subscriberContactSetCmd) Help() string {
	return `Every address known before is told, with a link that takes the change back; relying parties are told to be careful for a while.

Example:
  varco subscriber contact set anna.rossi --mobile "+39 333 1234567" --verified --reason "identity card AX123 at the branch"`
}

func (c *subscriberContactSetCmd) Run(s *session) error {
	m := provider.Move{ID: c.ID, Channel: "email", Address: c.Email, Verified: c.Verified, Reason: c.Reason}
	if c.Mobile != "" {
		m.Channel, m.Address = "sms", c.Mobile
	}
	moved, err := do(s, provider.SubscriberMove, m)
	if err != nil {
		return err
	}
	return s.showContacts(moved)
}

func (s *session) showContacts(c provider.ContactInfos) error {
	return s.show(c, func(w io.Writer) {
		row(w, "subscriber", c.ID)
		for _, a := range c.Contacts {
			state := "not verified"
			if !a.VerifiedAt.IsZero() {
				state = "verified " + when(a.VerifiedAt)
			}
			if !a.EndedAt.IsZero() {
				state += ", until " + when(a.EndedAt)
			}
			row(w, map[string]string{"email": "e-mail", "sms": "mobile"}[a.Channel], a.Address+", since "+when(a.Since)+", "+state)
		}
		if !c.CoolingUntil.IsZero() {
			row(w, "cooling-off", "until "+when(c.CoolingUntil)+" ("+c.CoolingReason+")")
		}
	})
}

type subscriberHistoryCmd struct {
	ID     string `arg:"" help:"Name or id."`
	Before string `placeholder:"ID" help:"Go on before this event."`
	Limit  int    `default:"50" help:"At most so many (1 to 1000)."`
}

func (subscriberHistoryCmd) Help() string {
	return "What the person's own page shows. The record of decisions is the audit log.\n\nExample:\n  varco subscriber history anna.rossi --limit 20"
}

func (c *subscriberHistoryCmd) Run(s *session) error {
	list, err := do(s, provider.SubscriberHistory, provider.HistoryPage{ID: c.ID, Before: c.Before, Limit: c.Limit})
	if err != nil {
		return err
	}
	return s.show(list, func(w io.Writer) {
		row(w, "AT", "WHAT", "FROM", "DETAILS")
		for _, e := range list {
			details := ""
			for _, name := range slices.Sorted(maps.Keys(e.Data)) {
				details += name + "=" + e.Data[name] + " "
			}
			row(w, when(e.At), e.Kind, e.Address, details)
		}
		if len(list) == c.Limit {
			fmt.Fprintf(w, "There may be more: go on with --before %s\n", list[len(list)-1].ID)
		}
	})
}
