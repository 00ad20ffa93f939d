package host_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/varco-id/varco/plugins/sdk"
)

// The services beside authentication. Each does what the request says, truthfully or not.

func (p *probe) HandleCallback(_ context.Context, r *sdk.CallbackRequest) (*sdk.CallbackResponse, error) {
	ok := &sdk.CallbackResponse{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{}`)}
	update := sdk.CredentialChange{Kind: sdk.ChangeUpdate, Version: 1}
	if r.Credential != nil {
		update.CredentialID, update.ExpectedRevision = r.Credential.ID, r.Credential.Revision
	}
	effect := sdk.Effect{IdempotencyKey: "k", Channel: "sms", To: "+39", Template: "title"}
	switch do := string(r.Body); do {
	case "everything":
		ok.CredentialChanges, ok.Effects = []sdk.CredentialChange{update}, []sdk.Effect{effect}
		ok.Signals = map[string][]byte{r.Pending[0].Context.FlowID: []byte("approved")}
		ok.Receipts = []sdk.Receipt{{ProviderID: "m1", Status: sdk.DeliveryDelivered}}
	case "seen":
		c := r.Pending[0].Context
		ok.Body = []byte(`"` + strings.Join(slices.Sorted(maps.Keys(c.Subject.Attributes)), " ") + `"`)
	case "cookie":
		ok.Header.Set("Set-Cookie", "session=stolen")
	case "security header":
		ok.Header.Set("Content-Security-Policy", "default-src *")
	case "hop by hop":
		ok.Header.Set("Connection", "upgrade")
	case "split":
		ok.Header.Set("ETag", "a\r\nSet-Cookie: session=stolen")
	case "location":
		ok.Header.Set("Location", "https://evil.example/")
	case "redirect":
		ok.Status = 302
	case "upgrade":
		ok.Status = 101
	case "no status":
		ok.Status = 0
	case "markup":
		ok.Header.Set("Content-Type", "text/html")
	case "image":
		ok.Header.Set("Content-Type", "image/svg+xml")
	case "no type":
		ok.Header.Del("Content-Type")
	case "huge":
		ok.Body = make([]byte, sdk.MaxBody+1)
	case "another's credential":
		update.CredentialID = "somebody else's"
		ok.CredentialChanges = []sdk.CredentialChange{update}
	case "lost update":
		update.ExpectedRevision++
		ok.CredentialChanges = []sdk.CredentialChange{update}
	case "new credential":
		ok.CredentialChanges = []sdk.CredentialChange{{Kind: sdk.ChangeCreate}}
	case "newer version":
		update.Version = 9
		ok.CredentialChanges = []sdk.CredentialChange{update}
	case "another's flow":
		ok.Signals = map[string][]byte{"somebody else's": nil}
	case "huge signal":
		ok.Signals = map[string][]byte{r.Pending[0].Context.FlowID: make([]byte, sdk.MaxSignal+1)}
	case "effect without key":
		effect.IdempotencyKey = ""
		ok.Effects = []sdk.Effect{effect}
	case "effect with markup":
		effect.Template = "no such text"
		ok.Effects = []sdk.Effect{effect}
	case "many effects":
		ok.Effects = slices.Repeat([]sdk.Effect{effect}, sdk.MaxEffects+1)
	case "empty receipt":
		ok.Receipts = []sdk.Receipt{{}}
	}
	return ok, nil
}

func (p *probe) HandleDelivery(_ context.Context, r *sdk.DeliveryReport) (*sdk.CallbackResponse, error) {
	switch r.Reason {
	case "signal":
		return &sdk.CallbackResponse{Signals: map[string][]byte{"flow": nil}}, nil
	case "receipt":
		return &sdk.CallbackResponse{Receipts: []sdk.Receipt{{ProviderID: "m1", Status: sdk.DeliveryGone}}}, nil
	case "another's credential":
		return &sdk.CallbackResponse{CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeRevoke, CredentialID: "somebody else's"}}}, nil
	}
	return &sdk.CallbackResponse{CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeRevoke, CredentialID: r.Credential.ID,
		ExpectedRevision: r.Credential.Revision}}}, nil
}

func (p *probe) Assess(ctx context.Context, r *sdk.RiskRequest) (*sdk.RiskAssessment, error) {
	switch r.To {
	case "silence":
		<-ctx.Done()
		return nil, ctx.Err()
	case "long reason":
		return &sdk.RiskAssessment{Verdict: sdk.RiskDeny, Reasons: []string{strings.Repeat("x", sdk.MaxReason+1)}}, nil
	case "forged line":
		return &sdk.RiskAssessment{Verdict: sdk.RiskDeny, Reasons: []string{"bad\nlevel=INFO msg=fine"}}, nil
	case "many reasons":
		return &sdk.RiskAssessment{Verdict: sdk.RiskDeny, Reasons: slices.Repeat([]string{"x"}, sdk.MaxReasons+1)}, nil
	}
	return &sdk.RiskAssessment{Verdict: sdk.RiskStepUp, Reasons: slices.Sorted(maps.Keys(r.Context.Subject.Attributes))}, nil
}

func (p *probe) Lookup(ctx context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	return p.Verify(ctx, r)
}

func (p *probe) Verify(_ context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	switch r.Name {
	case "challenge":
		return &sdk.LegacyResponse{Result: sdk.LegacyChallenge, Prompt: sdk.T("question"), State: []byte("s")}, nil
	case "mute challenge":
		return &sdk.LegacyResponse{Result: sdk.LegacyChallenge}, nil
	case "talkative":
		return &sdk.LegacyResponse{Result: sdk.LegacyNoMatch, Attributes: map[string]string{"phone": "+39"}}, nil
	case "state":
		return &sdk.LegacyResponse{Result: sdk.LegacyMatch, State: []byte("s")}, nil
	case "away once":
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.seen == nil {
			p.seen = make(map[string]int)
		}
		if p.seen[r.IdempotencyKey]++; p.seen[r.IdempotencyKey] == 1 {
			return nil, sdk.Unavailable(errors.New("the directory is down"))
		}
	}
	return &sdk.LegacyResponse{Result: sdk.LegacyMatch, Attributes: map[string]string{"name": r.Name}}, nil
}

func (p *probe) MarkMigrated(ctx context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	return p.Verify(ctx, r)
}

func (p *probe) Restore(ctx context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	return p.Verify(ctx, r)
}
