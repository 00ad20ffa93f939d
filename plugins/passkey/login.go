package passkey

import (
	"bytes"
	"context"
	"errors"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/varco-id/varco/plugins/sdk"
)

// inputAnswer is what the host's script sends: a PublicKeyCredential as JSON.
const inputAnswer = "webauthn"

// known says whether the step is about a subject whose credentials may be shown: one who proved something, and not one who was merely named.
func known(ctx sdk.StepContext) bool { return ctx.Subject != nil && ctx.Identified }

// Begin implements [sdk.Authenticator].
func (p *Plugin) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	i, err := p.instance(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	return p.ask(i, r, "")
}

// ask begins a ceremony. Somebody who is known gets a list of their credentials, anybody else a dialogue that finds them.
func (p *Plugin) ask(i instance, r *sdk.StepRequest, problem string) (*sdk.StepResponse, error) {
	rp, err := p.relyingParty(i, r.Context)
	if err != nil {
		return notHere(), nil // an RP ID that is none, such as an IP address
	}
	option := webauthn.WithUserVerification(p.verification())
	var request *protocol.CredentialAssertion
	var session *webauthn.SessionData
	switch {
	case known(r.Context):
		who := person{id: userHandle(r.Context.Subject.ID)}
		for _, c := range r.Credentials {
			d, err := decode(c)
			if err != nil {
				return nil, err
			}
			id, err := idOf(c.Handle)
			if err != nil || d.Copied || (d.Eligible && !i.AllowSynced) {
				continue
			}
			who.credentials = append(who.credentials, d.record(id))
		}
		if len(who.credentials) == 0 {
			return notHere(), nil
		}
		request, session, err = rp.BeginLogin(who, option)
	case p.verifies():
		request, session, err = rp.BeginDiscoverableLogin(option)
	default:
		return notHere(), nil
	}
	if err != nil {
		return nil, err
	}
	return p.show(r, ceremony{Session: *session}, p.loginView(request.Response, problem)), nil
}

func notHere() *sdk.StepResponse {
	return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}, StateVersion: stateVersion}
}

func (p *Plugin) show(r *sdk.StepRequest, c ceremony, v sdk.View) *sdk.StepResponse {
	c.Until = until(r.Context)
	answer := sdk.Ask(v)
	answer.State, answer.StateVersion = encode(c), stateVersion
	return answer
}

// loginView is the same for everybody but for the list of credentials.
func (p *Plugin) loginView(options any, problem string) sdk.View {
	v := sdk.Screen(sdk.T(p.key("login.title")))
	if problem != "" {
		v.Nodes = append(v.Nodes, sdk.Node{Paragraph: &sdk.Paragraph{Text: sdk.T(problem), Style: sdk.StyleError}})
	}
	v.Nodes = append(v.Nodes, sdk.Say(sdk.T(p.key("login.guidance"))),
		sdk.Node{WebAuthn: &sdk.WebAuthn{Options: encode(options)}}, sdk.Submit("use", sdk.T(p.key("login.use"))))
	return v
}

// again is a failure with a new challenge: an answer counts for one attempt.
func (p *Plugin) again(i instance, r *sdk.StepRequest, f sdk.Failure, problem string, changes ...sdk.CredentialChange) (*sdk.StepResponse, error) {
	answer, err := p.ask(i, r, problem)
	if err != nil || answer.Challenge == nil { // the last usable credential was just given up
		return &sdk.StepResponse{Failure: &f, CredentialChanges: changes, StateVersion: stateVersion}, err
	}
	f.View, f.Retryable = &answer.Challenge.View, true
	answer.Challenge, answer.Failure, answer.CredentialChanges = nil, &f, changes
	return answer, nil
}

// Continue implements [sdk.Authenticator]. Whether nobody has the credential or its answer is wrong, it does the same work and says the
// same.
func (p *Plugin) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	i, err := p.instance(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	rp, err := p.relyingParty(i, r.Context)
	if err != nil {
		return notHere(), nil
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes([]byte(r.Inputs[inputAnswer]))
	if err != nil || len(answer.RawID) > maxID {
		return p.again(i, r, sdk.Failure{Reason: sdk.ReasonInvalidInput}, "error.answer")
	}
	asked, err := open(r, false)
	if err != nil {
		return p.again(i, r, sdk.Failure{Reason: sdk.ReasonExpired}, "error.expired")
	}
	handle := handleOf(answer.RawID)
	if !known(r.Context) && r.Context.Sought == "" && p.verifies() {
		return &sdk.StepResponse{Identify: &sdk.Identify{Handle: handle}}, nil
	}
	wrong := sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true}
	c, d, err := find(r, handle)
	if err != nil {
		return nil, err
	}
	if c == nil {
		d = decoy()
	}
	used, err := verify(rp, asked, answer, d, subjectOf(r, d, answer))
	switch {
	case err != nil || c == nil:
		return p.again(i, r, wrong, "error.wrong")
	case d.Copied:
		return p.again(i, r, sdk.Failure{Reason: sdk.ReasonLocked, Counts: true}, "error.copied")
	case used.Authenticator.CloneWarning:
		d.Copied = true
		return p.again(i, withCopied(r, c.ID, d), sdk.Failure{Reason: sdk.ReasonLocked, Counts: true}, "error.copied", change(*c, d))
	case d.Eligible && !i.AllowSynced:
		return p.again(i, r, sdk.Failure{Reason: sdk.ReasonNotEnrolled}, "error.synced")
	}
	out := &sdk.StepResponse{
		Success:      &sdk.Success{Subject: r.Context.Subject.ID, AMR: amr(d), CredentialID: c.ID},
		StateVersion: stateVersion,
	}
	if now := (data{Count: used.Authenticator.SignCount, BackedUp: used.Flags.BackupState}); now.Count != d.Count || now.BackedUp != d.BackedUp {
		d.Count, d.BackedUp = now.Count, now.BackedUp
		out.CredentialChanges = []sdk.CredentialChange{change(*c, d)}
	}
	return out, nil
}

// find returns the credential with the handle among those handed in, nil when it is not there.
func find(r *sdk.StepRequest, handle string) (*sdk.Credential, data, error) {
	for n := range r.Credentials {
		if c := &r.Credentials[n]; c.Handle == handle && r.Context.Subject != nil {
			d, err := decode(*c)
			return c, d, err
		}
	}
	return nil, data{}, nil
}

// subjectOf is who must be behind the answer.
func subjectOf(r *sdk.StepRequest, d data, answer *protocol.ParsedCredentialAssertionData) person {
	p := person{credentials: []webauthn.Credential{d.record(answer.RawID)}, id: d.UserHandle}
	switch {
	case len(p.id) > 0:
	case r.Context.Subject != nil:
		p.id = userHandle(r.Context.Subject.ID)
	default: // nobody: so that the decoy fails by its signature and not before
		p.id = answer.Response.UserHandle
	}
	return p
}

// verify checks an answer against what was asked (WebAuthn section 7.2).
func verify(rp *webauthn.WebAuthn, asked ceremony, answer *protocol.ParsedCredentialAssertionData, d data, who person) (*webauthn.Credential, error) {
	session := asked.Session
	if len(session.UserID) > 0 {
		session.UserID = who.id
		// The list was of the subject's credentials; this is the one of them that answered.
		if !containsID(session.AllowedCredentialIDs, answer.RawID) {
			return nil, errors.New("passkey: an answer of a credential that was not asked")
		}
		session.AllowedCredentialIDs = [][]byte{answer.RawID}
		return rp.ValidateLogin(who, session, answer)
	}
	return rp.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return who, nil }, session, answer)
}

func containsID(all [][]byte, id []byte) bool {
	for _, one := range all {
		if bytes.Equal(one, id) {
			return true
		}
	}
	return false
}

// amr says what is known (RFC 8176): a key was used, of one device or a synced one, and somebody was there. How the owner was checked is not.
func amr(d data) []string {
	if d.Eligible {
		return []string{"swk", "user"}
	}
	return []string{"hwk", "user"}
}

func change(c sdk.Credential, d data) sdk.CredentialChange {
	return sdk.CredentialChange{Kind: sdk.ChangeUpdate, CredentialID: c.ID, Handle: c.Handle, Label: c.Label,
		Data: encode(d), Version: stateVersion, ExpectedRevision: c.Revision}
}

// withCopied is r as it will be once the change is committed.
func withCopied(r *sdk.StepRequest, id string, d data) *sdk.StepRequest {
	after := *r
	after.Credentials = make([]sdk.Credential, len(r.Credentials))
	for n, c := range r.Credentials {
		if c.ID == id {
			c.Data, c.Version = encode(d), stateVersion
		}
		after.Credentials[n] = c
	}
	return &after
}

// Cancel implements [sdk.Authenticator]; there is nothing to undo.
func (*Plugin) Cancel(context.Context, *sdk.StepRequest) error { return nil }

// maxID is the longest credential id there is, in bytes (WebAuthn section 7.1).
const maxID = 1023
