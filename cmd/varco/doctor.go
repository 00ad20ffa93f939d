package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/varco-id/varco/provider"
)

type doctorCmd struct{}

func (doctorCmd) Help() string {
	return "Looks at files, keys, database, plugins, certificate, clock and the issuer as relying parties see it; exit code 1 when\nsomething is wrong.\n\nExample:\n  varco doctor"
}

func (doctorCmd) Run(s *session) error {
	config, err := s.config()
	var found []provider.Check
	var mistakes provider.Mistakes
	switch {
	case errors.As(err, &mistakes):
		for _, m := range mistakes {
			found = append(found, provider.Check{Name: "configuration", State: provider.CheckWrong, Text: m.String()})
		}
	case err != nil:
		return err
	default:
		found = provider.Examine(s, config)
	}
	wrong, warnings := 0, 0
	err = s.show(found, func(w io.Writer) {
		for _, c := range found {
			fmt.Fprintf(w, "%-8s  %s: %s\n", c.State, c.Name, c.Text)
			if c.Hint != "" {
				fmt.Fprintf(w, "          → %s\n", c.Hint)
			}
		}
	})
	for _, c := range found {
		switch c.State {
		case provider.CheckWrong:
			wrong++
		case provider.CheckWarn:
			warnings++
		}
	}
	if s.options.Output != "json" {
		fmt.Fprintf(s.out, "\n%s checked, %d wrong, %s.\n", plural(len(found), "thing"), wrong, plural(warnings, "warning"))
	}
	if err == nil && wrong > 0 {
		err = errFound
	}
	return err
}
