package main

import (
	"fmt"
	"io"

	"github.com/varco-id/varco/provider"
)

// dbCmd is `varco db`.
type dbCmd struct {
	Migrate dbMigrateCmd `cmd:"" help:"Bring the schema up to date."`
	Status  dbStatusCmd  `cmd:"" help:"Show which migrations were applied; exit code 1 when some are pending."`
}

type dbMigrateCmd struct{}

func (dbMigrateCmd) Help() string {
	return "Any number of replicas may run it at once. The schema stays good for the release before this one.\n\nExample:\n  varco db migrate"
}

func (dbMigrateCmd) Run(s *session) error {
	done, err := do(s, provider.DBMigrate, provider.None{})
	if err != nil {
		return err
	}
	return s.show(done, func(w io.Writer) {
		for _, m := range done {
			row(w, "applied", fmt.Sprint(m.Version), m.Name)
		}
		if len(done) == 0 {
			fmt.Fprintln(w, "The schema is up to date.")
		}
	})
}

type dbStatusCmd struct{}

func (dbStatusCmd) Help() string { return "Example:\n  varco db status" }

func (dbStatusCmd) Run(s *session) error {
	status, err := do(s, provider.DBStatus, provider.None{})
	if err != nil {
		return err
	}
	err = s.show(status, func(w io.Writer) {
		row(w, "VERSION", "MIGRATION", "APPLIED")
		for _, m := range status.Migrations {
			applied := when(m.AppliedAt)
			if applied == "" {
				applied = "pending"
			}
			row(w, fmt.Sprint(m.Version), m.Name, applied)
		}
		if status.Pending > 0 {
			fmt.Fprintf(w, "%s pending: run `varco db migrate`\n", plural(status.Pending, "migration"))
		}
	})
	if err == nil && status.Pending > 0 {
		err = errFound
	}
	return err
}
