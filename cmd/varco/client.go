package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/varco-id/varco/provider"
)

// clientCmd is `varco client`.
type clientCmd struct {
	Add          clientAddCmd    `cmd:"" help:"Register a relying party."`
	List         clientListCmd   `cmd:"" help:"List the relying parties."`
	Show         clientShowCmd   `cmd:"" help:"Show one registration."`
	RotateSecret clientRotateCmd `cmd:"" help:"Give a relying party a new secret."`
	Remove       clientRemoveCmd `cmd:"" help:"Remove a relying party; its tokens stop working."`
	Apply        clientApplyCmd  `cmd:"" help:"Make registrations be as a file says."`
}

type clientListCmd struct{}

func (clientListCmd) Help() string { return "Example:\n  varco client list" }

func (clientListCmd) Run(s *session) error {
	list, err := do(s, provider.ClientList, provider.None{})
	if err != nil {
		return err
	}
	return s.show(list, func(w io.Writer) {
		row(w, "CLIENT", "NAME", "AUTHENTICATES WITH", "GRANTS", "DECLARED", "CHANGED")
		for _, c := range list {
			row(w, c.ClientID, c.Name, string(c.AuthMethod()), strings.Join(c.GrantTypes, " "), yes(c.Declared), when(c.UpdatedAt))
		}
	})
}

type clientShowCmd struct {
	ID string `arg:"" help:"client_id."`
}

func (clientShowCmd) Help() string { return "Example:\n  varco client show bank-web -o json" }

func (c *clientShowCmd) Run(s *session) error {
	found, err := do(s, provider.ClientShow, provider.ByID{ID: c.ID})
	if err != nil {
		return err
	}
	return s.show(found, func(w io.Writer) {
		row(w, "client_id", found.ClientID)
		row(w, "name", found.Name)
		row(w, "authenticates with", string(found.AuthMethod()))
		row(w, "redirect URIs", strings.Join(found.RedirectURIs, " "))
		row(w, "after logout", strings.Join(found.PostLogoutRedirectURIs, " "))
		row(w, "grants", strings.Join(found.GrantTypes, " "))
		row(w, "scopes", strings.Join(found.Scopes, " "))
		row(w, "weakest login", found.ACRMinimum)
		row(w, "declared", yes(found.Declared))
		row(w, "added", when(found.CreatedAt))
		row(w, "changed", when(found.UpdatedAt))
		if !found.OldSecretUntil.IsZero() {
			row(w, "old secret until", when(found.OldSecretUntil))
		}
	})
}

type clientRotateCmd struct {
	ID      string        `arg:"" help:"client_id."`
	Overlap time.Duration `default:"24h" help:"How long the old secret stays good; 0 for one that leaked."`
}

func (clientRotateCmd) Help() string {
	return "Both secrets work during the overlap: configure the new one, then let the old one expire.\n\nExample:\n  varco client rotate-secret bank-web --overlap 1h"
}

func (c *clientRotateCmd) Run(s *session) error {
	rotated, err := do(s, provider.ClientRotateSecret, provider.SecretRotation{ID: c.ID, Overlap: provider.Duration(c.Overlap)})
	if err != nil {
		return err
	}
	return s.showSecret(rotated, "has a new secret")
}

type clientRemoveCmd struct {
	ID string `arg:"" help:"client_id."`
}

func (clientRemoveCmd) Help() string { return "Example:\n  varco client remove bank-web" }

func (c *clientRemoveCmd) Run(s *session) error {
	if _, err := do(s, provider.ClientRemove, provider.ByID{ID: c.ID}); err != nil {
		return err
	}
	return s.show(provider.ByID{ID: c.ID}, func(w io.Writer) { fmt.Fprintf(w, "Relying party %s is removed.\n", c.ID) })
}

// showSecret shows a registration whose secret was just made.
func (s *session) showSecret(c provider.ClientSecret, what string) error {
	return s.show(c, func(w io.Writer) {
		fmt.Fprintf(w, "Relying party %s %s.\n", c.Client.ClientID, what)
		if c.Secret != "" {
			fmt.Fprintf(w, "client_secret: %s\nIt is shown this once: keep it where the relying party reads its secrets.\n", c.Secret)
		}
	})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
