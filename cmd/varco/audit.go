package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/varco-id/varco/provider"
)

// auditCmd is `varco audit`.
type auditCmd struct {
	Verify     auditVerifyCmd     `cmd:"" help:"Look for events that were altered, removed or reordered; exit code 1 when there are some."`
	Export     auditExportCmd     `cmd:"" help:"Write events as JSON lines, each with its proof."`
	Checkpoint auditCheckpointCmd `cmd:"" help:"Print the newest signed checkpoint, to be kept elsewhere."`
	Key        auditKeyCmd        `cmd:"" help:"Print the public key that checks checkpoints."`
}

type auditVerifyCmd struct {
	Checkpoint []string `type:"path" sep:"none" placeholder:"FILE" help:"A checkpoint kept elsewhere that the log must agree with; repeat for more."`
}

func (auditVerifyCmd) Help() string {
	return `A log that was cut back or rewritten by a holder of the signing key looks whole to anyone who kept no checkpoint:
keep some outside the database.

Example:
  varco audit checkpoint > monday.checkpoint
  varco audit verify --checkpoint monday.checkpoint`
}

func (c *auditVerifyCmd) Run(s *session) error {
	var trust provider.AuditTrust
	for _, name := range c.Checkpoint {
		text, err := s.file(name)
		if err != nil {
			return err
		}
		trust.Checkpoints = append(trust.Checkpoints, string(text))
	}
	report, err := do(s, provider.AuditVerify, trust)
	if err != nil {
		return err
	}
	err = s.show(report, func(w io.Writer) {
		for _, f := range report.Findings {
			if f.Event >= 0 {
				fmt.Fprintf(w, "event %d: ", f.Event)
			}
			fmt.Fprintf(w, "%s (%s)\n", f.Text, f.Problem)
		}
		if len(report.Findings) == 0 {
			fmt.Fprintf(w, "The log is sound: %s in the signed order; checkpoints that agree: %d.\n", plural(int(report.Checked), "event"), report.Checkpoints)
		}
	})
	if err == nil && len(report.Findings) > 0 {
		err = errFound
	}
	return err
}

type auditExportCmd struct {
	From  int64     `help:"First place in the log."`
	To    int64     `help:"Place to stop before; 0 is the end."`
	Since time.Time `placeholder:"TIME" help:"Events decided at this time or later, like 2026-03-01T00:00:00Z."`
	Until time.Time `placeholder:"TIME" help:"Events decided before this time."`
	File  string    `short:"f" default:"-" placeholder:"FILE" help:"Where to write; - is standard output."`
}

func (auditExportCmd) Help() string {
	return "The first line is the signed checkpoint; every other is an event with its place and its proof (RFC 6962).\n\nExample:\n  varco audit export --since 2026-03-01T00:00:00Z -f march.jsonl"
}

func (c *auditExportCmd) Run(s *session) (err error) {
	caller, done, err := s.installation()
	if err != nil {
		return err
	}
	defer done()
	out := s.out
	if c.File != "-" {
		// O_EXCL: an export is evidence; it does not replace another one.
		f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return usage("the export cannot be written: " + err.Error())
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	return provider.AuditExport(s, caller, provider.AuditRange{From: c.From, To: c.To, Since: c.Since, Until: c.Until}, out)
}

type auditCheckpointCmd struct{}

func (auditCheckpointCmd) Help() string {
	return "Example:\n  varco audit checkpoint > monday.checkpoint"
}

func (auditCheckpointCmd) Run(s *session) error {
	head, err := do(s, provider.AuditCheckpoint, provider.None{})
	if err != nil {
		return err
	}
	if head.Size == 0 {
		return errors.New("no event is sealed yet: a running server seals within a second")
	}
	return s.show(head, func(w io.Writer) { fmt.Fprint(w, head.Checkpoint) })
}

type auditKeyCmd struct{}

func (auditKeyCmd) Help() string { return "Example:\n  varco audit key" }

func (auditKeyCmd) Run(s *session) error {
	head, err := do(s, provider.AuditCheckpoint, provider.None{})
	if err != nil {
		return err
	}
	return s.show(map[string]string{"public_key": head.PublicKey}, func(w io.Writer) { fmt.Fprintln(w, head.PublicKey) })
}
