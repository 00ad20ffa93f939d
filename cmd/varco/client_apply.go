package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/varco-id/varco/provider"
)

type clientApplyCmd struct {
	File  string `short:"f" required:"" placeholder:"FILE" help:"YAML or JSON with the key clients, as in the configuration; - for standard input."`
	Prune bool   `help:"Remove relying parties that were declared before and are absent now."`
}

func (clientApplyCmd) Help() string {
	return `All or nothing; a second run changes nothing. Secrets that are made are shown once.

Example:
  varco client apply -f clients.yaml`
}

func (c *clientApplyCmd) Run(s *session) error {
	data, err := s.file(c.File)
	if err != nil {
		return err
	}
	clients, err := provider.ParseClients(c.File, data)
	if err != nil {
		return err
	}
	done, err := do(s, provider.ClientApply, provider.ClientsDeclared{Clients: clients, Prune: c.Prune})
	if err != nil {
		return err
	}
	return s.show(done, func(w io.Writer) {
		for _, part := range []struct {
			what string
			ids  []string
		}{{"added", done.Added}, {"changed", done.Changed}, {"removed", done.Removed}, {"unchanged", done.Unchanged}} {
			if len(part.ids) > 0 {
				row(w, part.what, strings.Join(part.ids, " "))
			}
		}
		for _, id := range slices.Sorted(maps.Keys(done.Secrets)) {
			row(w, "client_secret of "+id, done.Secrets[id])
		}
		if len(done.Secrets) > 0 {
			fmt.Fprintln(w, "Secrets are shown this once: keep them where the relying parties read theirs.")
		}
	})
}

// maxFile is the most bytes read from a file a command names.
const maxFile = 1 << 20

// file reads a file named on the command line.
func (s *session) file(name string) ([]byte, error) {
	in := s.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usage("the file cannot be read: " + err.Error())
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	if len(data) > maxFile {
		return nil, usage("the file is larger than 1 MiB")
	}
	return data, nil
}
