package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/varco-id/varco/provider"
)

type subscriberRecoverCmd struct {
	ID          string   `arg:"" help:"Name or id."`
	Reason      string   `required:"" help:"How the bank made sure who it is; the audit log keeps it."`
	Lost        []string `placeholder:"METHOD" help:"A method to set up anew, like password or totp; repeat for more. Default: the one the person names."`
	NothingLeft bool     `name:"nothing-left" help:"The person has nothing else to prove: the code alone is enough for what is named by --lost."`
}

func (subscriberRecoverCmd) Help() string {
	return `Prints a code once. Hand it over after making sure who it is; the person chooses "Problems signing in?" on the sign-in page
and enters it there, with what else they have. It is used once; a newer one voids it. All addresses are told when it was used.

Examples:
  varco subscriber recover anna.rossi --reason "identity card AX123 at the branch"
  varco subscriber recover anna.rossi --lost password --lost totp --nothing-left --reason "video call 4711"`
}

func (c *subscriberRecoverCmd) Run(s *session) error {
	issued, err := do(s, provider.SubscriberRecover, provider.RecoveryOrder{ID: c.ID, Lost: c.Lost, Alone: c.NothingLeft, Reason: c.Reason})
	if err != nil {
		return err
	}
	return s.showTicket(issued)
}

type subscriberApproveCmd struct {
	Ticket string `arg:"" help:"Id of the ticket, which the first operator was told."`
}

func (subscriberApproveCmd) Help() string {
	return "Where recovery.ticket_approvals is 2. Whoever asked for the ticket cannot approve it.\n\nExample:\n  varco subscriber approve fJ2mX0a9T3uYc1bQ8dKe7w"
}

func (c *subscriberApproveCmd) Run(s *session) error {
	issued, err := do(s, provider.SubscriberApprove, provider.ByID{ID: c.Ticket})
	if err != nil {
		return err
	}
	return s.showTicket(issued)
}

func (s *session) showTicket(t provider.TicketInfo) error {
	return s.show(t, func(w io.Writer) {
		row(w, "ticket", t.ID)
		row(w, "subscriber", t.Subject)
		row(w, "sets up anew", strings.Join(t.Lost, ", "))
		row(w, "requested by", t.RequestedBy)
		if t.Code == "" {
			fmt.Fprintf(w, "Another operator must approve it: varco subscriber approve %s\n", t.ID)
			return
		}
		row(w, "approved by", t.ApprovedBy)
		row(w, "good until", when(t.ExpiresAt))
		row(w, "code", t.Code)
		fmt.Fprintln(w, "The code is shown this once.")
	})
}
