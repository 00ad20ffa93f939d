package provider

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
)

// Operations on the audit log.
var (
	AuditVerify     = operation("audit.verify", (*Admin).auditVerify)
	AuditCheckpoint = operation("audit.checkpoint", (*Admin).auditCheckpoint)
)

// auditExport streams, so it is no common operation.
var auditExport = Operation[AuditRange, None]{"audit.export"}

func init() {
	handlers[auditExport.name] = func(a *Admin, ctx context.Context, in []byte, w io.Writer) error {
		var r AuditRange
		if err := json.Unmarshal(in, &r); err != nil {
			return fault.Wrap(fault.Invalid, err, "the request cannot be read")
		}
		return a.auditExport(ctx, r, w)
	}
}

// AuditExport writes sealed events as JSON lines, each with its proof: first the signed checkpoint, then one event a line.
func AuditExport(ctx context.Context, c Caller, r AuditRange, w io.Writer) error {
	return auditExport.stream(ctx, c, r, w)
}

// AuditRange chooses events; the zero value is all of them.
type AuditRange struct {
	From  int64     `json:"from,omitempty"` // places in the log, To exclusive; To 0 is the end
	To    int64     `json:"to,omitempty"`
	Since time.Time `json:"since,omitzero"` // by the time of the decision, Until exclusive
	Until time.Time `json:"until,omitzero"`
}

// AuditTrust is what a verification believes beside the database.
type AuditTrust struct {
	// Checkpoints kept outside the database; nothing else shows a log that was cut back by a holder of the key.
	Checkpoints []string `json:"checkpoints,omitempty"`
}

// AuditReport is what a verification found. The log is sound when Findings is empty.
type AuditReport struct {
	Size        int64          `json:"size"`        // events, as the log's head says
	Checked     int64          `json:"checked"`     // events whose place in the signed log is proven
	Checkpoints int            `json:"checkpoints"` // kept and trusted ones that agree
	Root        string         `json:"root,omitempty"`
	Findings    []AuditFinding `json:"findings"`
}

// AuditFinding is one thing wrong.
type AuditFinding struct {
	Problem string `json:"problem"`
	Event   int64  `json:"event"` // -1: the log as a whole
	Text    string `json:"text"`
}

// AuditHead is the newest signed checkpoint: to be kept outside the database.
type AuditHead struct {
	Checkpoint string `json:"checkpoint"`
	PublicKey  string `json:"public_key"` // checks it
	Size       int64  `json:"size"`
}

func (a *Admin) auditVerify(ctx context.Context, in AuditTrust) (AuditReport, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return AuditReport{}, err
	}
	options := audit.VerifyOptions{Keys: d.audit.known}
	for _, c := range in.Checkpoints {
		options.Trusted = append(options.Trusted, []byte(c))
	}
	found, err := audit.Verify(ctx, a.store, a.store, options)
	if err != nil {
		return AuditReport{}, err
	}
	report := AuditReport{Size: found.Size, Checked: found.Checked, Checkpoints: found.Checkpoints, Findings: []AuditFinding{}}
	if found.Head.Size > 0 {
		report.Root = found.Head.Root.String()
	}
	for _, f := range found.Findings {
		report.Findings = append(report.Findings, AuditFinding{string(f.Problem), f.Index, f.Text})
	}
	return report, nil
}

func (a *Admin) auditExport(ctx context.Context, in AuditRange, w io.Writer) error {
	d, err := a.ready(ctx)
	if err != nil {
		return err
	}
	read := audit.Event{Kind: audit.AuditRead, Actor: actorOf(ctx)}
	if err := audit.Write(ctx, a.store, a.store, read); err != nil {
		return err
	}
	_, err = audit.Export(ctx, a.store, a.store, w, audit.ExportOptions{Keys: d.audit.known, From: in.From, To: in.To, Since: in.Since, Until: in.Until})
	return err
}

func (a *Admin) auditCheckpoint(ctx context.Context, _ None) (AuditHead, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return AuditHead{}, err
	}
	state, err := a.store.LogState(ctx, a.store)
	if err != nil {
		return AuditHead{}, fault.Wrap(fault.KindOf(err), err, "read the audit log's head")
	}
	head := AuditHead{Checkpoint: string(state.Checkpoint), PublicKey: d.audit.public, Size: state.Size}
	if state.Size == 0 {
		return head, nil
	}
	if _, err := audit.Open(state.Checkpoint, d.audit.known); err != nil {
		return AuditHead{}, fault.Wrap(fault.Conflict, err, "the audit log's head is not signed by a known key: run `varco audit verify`")
	}
	return head, nil
}
