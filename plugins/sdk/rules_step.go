package sdk

import "slices"

// Validate says whether the host would accept r as the answer of the plugin described by d to req. The error is a
// [*Violation].
func (r *StepResponse) Validate(d *Description, req *StepRequest) error {
	return first(r.checkOutcome(d, req), r.checkState(req), r.checkChanges(req), checkEffects(d, r.Effects, req.Credentials))
}

func (r *StepResponse) checkOutcome(d *Description, req *StepRequest) *Violation {
	outcomes := 0
	for _, set := range []bool{r.Challenge != nil, r.Pending != nil, r.Success != nil, r.Failure != nil, r.NotApplicable != nil, r.Identify != nil} {
		if set {
			outcomes++
		}
	}
	switch {
	case outcomes != 1:
		return broken(RuleOutcome, "%d outcomes, want one", outcomes)
	case r.Challenge != nil:
		return d.checkView(&r.Challenge.View)
	case r.Pending != nil:
		if r.Pending.PollAfter < 0 {
			return broken(RuleOutcome, "poll after a negative time")
		}
		if len(r.Pending.Handle) > MaxHandle {
			return broken(RuleSize, "a handle of %d bytes, over %d", len(r.Pending.Handle), MaxHandle)
		}
		return d.checkView(&r.Pending.View)
	case r.Success != nil:
		return r.Success.check(d, req)
	case r.Failure != nil:
		if r.Failure.Reason == "" {
			return broken(RuleOutcome, "a failure without a reason")
		}
		if r.Failure.Counts && r.Failure.Reason == ReasonInvalidInput {
			return broken(RuleOutcome, "invalid input never counts as an attempt")
		}
		return d.checkView(r.Failure.View)
	case r.Identify != nil:
		return r.Identify.check(d, req)
	}
	return nil
}

func (i *Identify) check(d *Description, req *StepRequest) *Violation {
	at := slices.IndexFunc(d.Methods, func(m Method) bool { return m.ID == req.Context.MethodID })
	switch {
	case at < 0 || !d.Methods[at].IdentifiesSubject:
		return broken(RuleSubject, "asks who somebody is, by a method that does not identify the subject")
	case req.Context.Subject != nil:
		return broken(RuleSubject, "asks who somebody is in a flow that knows its subject")
	case req.Context.Sought != "":
		return broken(RuleSubject, "asks who somebody is a second time in one step")
	case i.Handle == "" || len(i.Handle) > MaxHandle:
		return broken(RuleSubject, "asks for a handle of %d bytes, want 1 to %d", len(i.Handle), MaxHandle)
	}
	return nil
}

// check is the heart of what a host must not believe: who was authenticated, and how strongly.
func (s *Success) check(d *Description, req *StepRequest) *Violation {
	i := slices.IndexFunc(d.Methods, func(m Method) bool { return m.ID == req.Context.MethodID })
	if i < 0 {
		return broken(RuleOutcome, "success of the unknown method %q", req.Context.MethodID)
	}
	method, subject := &d.Methods[i], req.Context.Subject
	switch {
	case subject != nil && s.Subject != "" && s.Subject != subject.ID:
		return broken(RuleSubject, "success for another subject than the flow's")
	case subject == nil && !method.IdentifiesSubject:
		return broken(RuleSubject, "success for nobody, by a method that does not identify the subject")
	case subject == nil:
		return broken(RuleSubject, "success for nobody: ask first, by Identify, who the credential belongs to")
	}
	for _, value := range s.AMR {
		if !slices.Contains(method.AMR, value) {
			return broken(RuleAMR, "%q is above the ceiling of method %q", value, method.ID)
		}
	}
	if s.CredentialID != "" && credentialOf(req, s.CredentialID) == nil {
		return broken(RuleCredential, "success with a credential that was not handed in")
	}
	if len(s.Evidence) > MaxEvidence {
		return broken(RuleSize, "evidence of %d bytes, over %d", len(s.Evidence), MaxEvidence)
	}
	return checkAttributes(s.Attributes)
}

func (r *StepResponse) checkState(req *StepRequest) *Violation {
	highest := req.Context.MaxStateVersion
	switch {
	case len(r.State) > MaxState:
		return broken(RuleState, "%d bytes, over %d", len(r.State), MaxState)
	case highest != 0 && r.StateVersion > highest:
		return broken(RuleState, "version %d, over %d", r.StateVersion, highest)
	}
	return nil
}

func (r *StepResponse) checkChanges(req *StepRequest) *Violation {
	if len(r.CredentialChanges) > MaxChanges {
		return broken(RuleSize, "%d credential changes, over %d", len(r.CredentialChanges), MaxChanges)
	}
	for i := range r.CredentialChanges {
		c := &r.CredentialChanges[i]
		if v := c.check(); v != nil {
			return v
		}
		if highest := req.Context.MaxStateVersion; highest != 0 && c.Version > highest {
			return broken(RuleState, "credential data of version %d, over %d", c.Version, highest)
		}
		if c.Kind == ChangeCreate {
			if req.Context.Subject == nil && r.Success == nil {
				return broken(RuleCredential, "a credential for nobody")
			}
			continue
		}
		given := credentialOf(req, c.CredentialID)
		if given == nil {
			return broken(RuleCredential, "%s of a credential that was not handed in", c.Kind)
		}
		if given.Revision != c.ExpectedRevision {
			return broken(RuleCredential, "%s expects revision %d, handed in was %d", c.Kind, c.ExpectedRevision, given.Revision)
		}
	}
	return nil
}

// check looks at a change by itself.
func (c *CredentialChange) check() *Violation {
	switch {
	case c.Kind != ChangeCreate && c.Kind != ChangeUpdate && c.Kind != ChangeRevoke:
		return broken(RuleCredential, "unknown change %q", c.Kind)
	case c.Kind == ChangeCreate && c.CredentialID != "":
		return broken(RuleCredential, "the host makes the id of a new credential")
	case len(c.Data) > MaxCredential:
		return broken(RuleCredential, "data of %d bytes, over %d", len(c.Data), MaxCredential)
	case len(c.Handle) > MaxHandle || len(c.Label) > MaxLabel:
		return broken(RuleCredential, "handle or label too long")
	}
	return nil
}

// Validate says whether the host would accept r. The error is a [*Violation].
func (r *ImportResult) Validate() error {
	switch {
	case r.Error != "":
		return nil
	case r.Change.Kind != ChangeCreate:
		return broken(RuleCredential, "an import must create a credential, not %q", r.Change.Kind)
	}
	return first(r.Change.check())
}

func checkEffects(d *Description, effects []Effect, given []Credential) *Violation {
	if len(effects) > MaxEffects {
		return broken(RuleSize, "%d effects, over %d", len(effects), MaxEffects)
	}
	for _, f := range effects {
		if f.IdempotencyKey == "" || f.Channel == "" {
			return broken(RuleEffect, "an effect needs an idempotency key and a channel")
		}
		if f.CredentialID != "" && !slices.ContainsFunc(given, func(c Credential) bool { return c.ID == f.CredentialID }) {
			return broken(RuleEffect, "an effect for a credential that was not handed in")
		}
		if v := d.checkText("effect", Text{Key: f.Template, Params: f.Params}, true); v != nil {
			return v
		}
	}
	return nil
}

func credentialOf(req *StepRequest, id string) *Credential {
	for i := range req.Credentials {
		if req.Credentials[i].ID == id {
			return &req.Credentials[i]
		}
	}
	return nil
}
