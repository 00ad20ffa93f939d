package sdk

import pb "github.com/varco-id/varco/plugins/sdk/varcopb"

func (e *encoder) context(c *StepContext) *pb.StepContext {
	m := &pb.StepContext{
		InstanceId: c.InstanceID, MethodId: c.MethodID, ConfigRevision: c.ConfigRevision, FlowId: c.FlowID,
		Step: c.Step, IdempotencyKey: c.IdempotencyKey, Intent: enumIntent.encode(e, c.Intent),
		Subject: encodeSubject(c.Subject), Now: encodeTime(c.Now), Locale: c.Locale,
		Client:         &pb.Client{Id: c.Client.ID, Name: c.Client.Name},
		Browser:        &pb.Browser{Address: c.Browser.Address, UserAgent: c.Browser.UserAgent, Known: c.Browser.Known},
		FailedAttempts: c.FailedAttempts, ExpiresAt: encodeTime(c.ExpiresAt), MaxStateVersion: c.MaxStateVersion,
		RpId: c.RPID, Origins: c.Origins, ReturnUrl: c.ReturnURL, ReturnState: c.ReturnState, Identified: c.Identified, Sought: c.Sought,
	}
	if t := c.Transaction; t != nil {
		m.Transaction = &pb.Transaction{Type: t.Type, Payload: t.Payload, Display: t.Display}
	}
	return m
}

func decodeContext(m *pb.StepContext) StepContext {
	c := StepContext{
		InstanceID: m.GetInstanceId(), MethodID: m.GetMethodId(), ConfigRevision: m.GetConfigRevision(),
		FlowID: m.GetFlowId(), Step: m.GetStep(), IdempotencyKey: m.GetIdempotencyKey(),
		Intent: enumIntent.decode(m.GetIntent()), Subject: decodeSubject(m.GetSubject()), Now: decodeTime(m.GetNow()),
		Locale:         m.GetLocale(),
		Client:         ClientInfo{ID: m.GetClient().GetId(), Name: m.GetClient().GetName()},
		Browser:        BrowserInfo{Address: m.GetBrowser().GetAddress(), UserAgent: m.GetBrowser().GetUserAgent(), Known: m.GetBrowser().GetKnown()},
		FailedAttempts: m.GetFailedAttempts(), ExpiresAt: decodeTime(m.GetExpiresAt()),
		MaxStateVersion: m.GetMaxStateVersion(), RPID: m.GetRpId(), Origins: m.GetOrigins(),
		ReturnURL: m.GetReturnUrl(), ReturnState: m.GetReturnState(), Identified: m.GetIdentified(), Sought: m.GetSought(),
	}
	if t := m.GetTransaction(); t != nil {
		c.Transaction = &Transaction{Type: t.Type, Payload: t.Payload, Display: t.Display}
	}
	return c
}

func encodeSubject(s *Subject) *pb.Subject {
	if s == nil {
		return nil
	}
	return &pb.Subject{Id: s.ID, Name: s.Name, Attributes: s.Attributes}
}

func decodeSubject(s *pb.Subject) *Subject {
	if s == nil {
		return nil
	}
	return &Subject{ID: s.Id, Name: s.Name, Attributes: s.Attributes}
}

func encodeCredential(c Credential) *pb.Credential {
	return &pb.Credential{Id: c.ID, Type: c.Type, Handle: c.Handle, Label: c.Label, Data: c.Data, Revision: c.Revision,
		Version: c.Version}
}

func decodeCredential(c *pb.Credential) Credential {
	return Credential{ID: c.GetId(), Type: c.GetType(), Handle: c.GetHandle(), Label: c.GetLabel(), Data: c.GetData(),
		Revision: c.GetRevision(), Version: c.GetVersion()}
}

func (e *encoder) change(c CredentialChange) *pb.CredentialChange {
	return &pb.CredentialChange{Kind: enumChangeKind.encode(e, c.Kind), CredentialId: c.CredentialID, Handle: c.Handle,
		Label: c.Label, Data: c.Data, Version: c.Version, ExpectedRevision: c.ExpectedRevision}
}

func decodeChange(c *pb.CredentialChange) CredentialChange {
	return CredentialChange{Kind: enumChangeKind.decode(c.GetKind()), CredentialID: c.GetCredentialId(),
		Handle: c.GetHandle(), Label: c.GetLabel(), Data: c.GetData(), Version: c.GetVersion(),
		ExpectedRevision: c.GetExpectedRevision()}
}

func encodeEffect(f Effect) *pb.Effect {
	return &pb.Effect{IdempotencyKey: f.IdempotencyKey, Channel: f.Channel, To: f.To, Template: f.Template,
		Params: f.Params, ExpiresAt: encodeTime(f.ExpiresAt), CredentialId: f.CredentialID}
}

func decodeEffect(f *pb.Effect) Effect {
	return Effect{IdempotencyKey: f.GetIdempotencyKey(), Channel: f.GetChannel(), To: f.GetTo(),
		Template: f.GetTemplate(), Params: f.GetParams(), ExpiresAt: decodeTime(f.GetExpiresAt()),
		CredentialID: f.GetCredentialId()}
}

func (e *encoder) stepRequest(r *StepRequest) *pb.StepRequest {
	return &pb.StepRequest{Context: e.context(&r.Context), Credentials: list(r.Credentials, encodeCredential),
		State: r.State, StateVersion: r.StateVersion, Inputs: r.Inputs, Signals: r.Signals}
}

func decodeStepRequest(m *pb.StepRequest) *StepRequest {
	return &StepRequest{Context: decodeContext(m.GetContext()), Credentials: list(m.GetCredentials(), decodeCredential),
		State: m.GetState(), StateVersion: m.GetStateVersion(), Inputs: m.GetInputs(), Signals: m.GetSignals()}
}

func (e *encoder) stepResponse(r *StepResponse) *pb.StepResponse {
	if r == nil {
		e.fail("a step must answer with a response or an error")
		return nil
	}
	e.one("outcome of the step", r.Challenge != nil, r.Pending != nil, r.Success != nil, r.Failure != nil, r.NotApplicable != nil, r.Identify != nil)
	m := &pb.StepResponse{State: r.State, StateVersion: r.StateVersion,
		CredentialChanges: list(r.CredentialChanges, e.change), Effects: list(r.Effects, encodeEffect)}
	switch {
	case r.Challenge != nil:
		m.Outcome = &pb.StepResponse_Challenge{Challenge: &pb.Challenge{View: e.view(&r.Challenge.View)}}
	case r.Pending != nil:
		m.Outcome = &pb.StepResponse_Pending{Pending: &pb.Pending{View: e.view(&r.Pending.View),
			PollAfter: encodeDuration(r.Pending.PollAfter), Handle: r.Pending.Handle}}
	case r.Success != nil:
		m.Outcome = &pb.StepResponse_Success{Success: &pb.Success{Subject: r.Success.Subject, Amr: r.Success.AMR,
			CredentialId: r.Success.CredentialID, Evidence: r.Success.Evidence, Attributes: r.Success.Attributes}}
	case r.Failure != nil:
		m.Outcome = &pb.StepResponse_Failure{Failure: &pb.Failure{Reason: enumReason.encode(e, r.Failure.Reason),
			Counts: r.Failure.Counts, Retryable: r.Failure.Retryable, View: e.view(r.Failure.View)}}
	case r.NotApplicable != nil:
		m.Outcome = &pb.StepResponse_NotApplicable{NotApplicable: &pb.NotApplicable{
			Reason: enumReason.encode(e, r.NotApplicable.Reason)}}
	case r.Identify != nil:
		m.Outcome = &pb.StepResponse_Identify{Identify: &pb.Identify{Handle: r.Identify.Handle}}
	}
	return m
}

func decodeStepResponse(m *pb.StepResponse) *StepResponse {
	r := &StepResponse{State: m.GetState(), StateVersion: m.GetStateVersion(),
		CredentialChanges: list(m.GetCredentialChanges(), decodeChange), Effects: list(m.GetEffects(), decodeEffect)}
	switch o := m.GetOutcome().(type) {
	case *pb.StepResponse_Challenge:
		r.Challenge = &Challenge{View: decodeViewValue(o.Challenge.GetView())}
	case *pb.StepResponse_Pending:
		r.Pending = &Pending{View: decodeViewValue(o.Pending.GetView()), PollAfter: o.Pending.GetPollAfter().AsDuration(),
			Handle: o.Pending.GetHandle()}
	case *pb.StepResponse_Success:
		s := o.Success
		r.Success = &Success{Subject: s.GetSubject(), AMR: s.GetAmr(), CredentialID: s.GetCredentialId(),
			Evidence: s.GetEvidence(), Attributes: s.GetAttributes()}
	case *pb.StepResponse_Failure:
		f := o.Failure
		r.Failure = &Failure{Reason: enumReason.decode(f.GetReason()), Counts: f.GetCounts(), Retryable: f.GetRetryable(),
			View: decodeView(f.GetView())}
	case *pb.StepResponse_NotApplicable:
		r.NotApplicable = &NotApplicable{Reason: enumReason.decode(o.NotApplicable.GetReason())}
	case *pb.StepResponse_Identify:
		r.Identify = &Identify{Handle: o.Identify.GetHandle()}
	}
	return r
}
