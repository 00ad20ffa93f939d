package sdk

import (
	"net/http"

	pb "github.com/varco-id/varco/plugins/sdk/varcopb"
)

func encodeHeader(h http.Header) map[string]*pb.HeaderValues {
	if len(h) == 0 {
		return nil
	}
	m := make(map[string]*pb.HeaderValues, len(h))
	for name, values := range h {
		m[name] = &pb.HeaderValues{Values: values}
	}
	return m
}

func decodeHeader(m map[string]*pb.HeaderValues) http.Header {
	if len(m) == 0 {
		return nil
	}
	h := make(http.Header, len(m))
	for name, values := range m {
		h[name] = values.GetValues()
	}
	return h
}

func (e *encoder) callbackRequest(r *CallbackRequest) *pb.HandleCallbackRequest {
	m := &pb.HandleCallbackRequest{
		InstanceId: r.InstanceID, Route: r.Route, Method: r.Method, Url: r.URL, Header: encodeHeader(r.Header), Body: r.Body,
		ClientCertificate: r.ClientCertificate, DpopThumbprint: r.DPoPThumbprint, Pending: list(r.Pending, e.pending),
		Now: encodeTime(r.Now), MaxStateVersion: r.MaxStateVersion,
	}
	if r.Credential != nil {
		m.Credential = encodeCredential(*r.Credential)
	}
	return m
}

func decodeCallbackRequest(m *pb.HandleCallbackRequest) *CallbackRequest {
	r := &CallbackRequest{
		InstanceID: m.GetInstanceId(), Route: m.GetRoute(), Method: m.GetMethod(), URL: m.GetUrl(),
		Header: decodeHeader(m.GetHeader()), Body: m.GetBody(), ClientCertificate: m.GetClientCertificate(),
		DPoPThumbprint: m.GetDpopThumbprint(), Pending: list(m.GetPending(), decodePending), Now: decodeTime(m.GetNow()),
		MaxStateVersion: m.GetMaxStateVersion(),
	}
	if m.GetCredential() != nil {
		c := decodeCredential(m.GetCredential())
		r.Credential = &c
	}
	return r
}

func (e *encoder) callbackResponse(r *CallbackResponse) *pb.HandleCallbackResponse {
	if r == nil {
		e.fail("a callback must answer with a response or an error")
		return nil
	}
	return &pb.HandleCallbackResponse{
		Status: e.count("status", r.Status), Header: encodeHeader(r.Header), Body: r.Body,
		CredentialChanges: list(r.CredentialChanges, e.change), Signals: r.Signals, Effects: list(r.Effects, encodeEffect),
		Receipts: list(r.Receipts, e.receipt),
	}
}

func (e *encoder) pending(p PendingFlow) *pb.PendingFlow {
	return &pb.PendingFlow{Context: e.context(&p.Context), State: p.State, StateVersion: p.StateVersion}
}

func decodePending(m *pb.PendingFlow) PendingFlow {
	return PendingFlow{Context: decodeContext(m.GetContext()), State: m.GetState(), StateVersion: m.GetStateVersion()}
}

func (e *encoder) receipt(r Receipt) *pb.Receipt {
	return &pb.Receipt{ProviderId: r.ProviderID, Status: enumDelivery.encode(e, r.Status), Reason: r.Reason}
}

func decodeReceipt(m *pb.Receipt) Receipt {
	return Receipt{ProviderID: m.GetProviderId(), Status: enumDelivery.decode(m.GetStatus()), Reason: m.GetReason()}
}

func (e *encoder) deliveryReport(r *DeliveryReport) *pb.HandleDeliveryRequest {
	m := &pb.HandleDeliveryRequest{InstanceId: r.InstanceID, IdempotencyKey: r.IdempotencyKey, Status: enumDelivery.encode(e, r.Status),
		Reason: r.Reason, Now: encodeTime(r.Now), MaxStateVersion: r.MaxStateVersion}
	if r.Credential != nil {
		m.Credential = encodeCredential(*r.Credential)
	}
	return m
}

func decodeDeliveryReport(m *pb.HandleDeliveryRequest) *DeliveryReport {
	r := &DeliveryReport{InstanceID: m.GetInstanceId(), IdempotencyKey: m.GetIdempotencyKey(), Status: enumDelivery.decode(m.GetStatus()),
		Reason: m.GetReason(), Now: decodeTime(m.GetNow()), MaxStateVersion: m.GetMaxStateVersion()}
	if m.GetCredential() != nil {
		c := decodeCredential(m.GetCredential())
		r.Credential = &c
	}
	return r
}

func decodeCallbackResponse(m *pb.HandleCallbackResponse) *CallbackResponse {
	return &CallbackResponse{
		Status: int(m.GetStatus()), Header: decodeHeader(m.GetHeader()), Body: m.GetBody(),
		CredentialChanges: list(m.GetCredentialChanges(), decodeChange), Signals: m.GetSignals(),
		Effects: list(m.GetEffects(), decodeEffect), Receipts: list(m.GetReceipts(), decodeReceipt),
	}
}

func encodeLegacyRequest(r LegacyRequest) *pb.LegacyRequest {
	return &pb.LegacyRequest{InstanceId: r.InstanceID, Name: r.Name, Secret: r.Secret, Answer: r.Answer, State: r.State,
		IdempotencyKey: r.IdempotencyKey}
}

func decodeLegacyRequest(m *pb.LegacyRequest) LegacyRequest {
	return LegacyRequest{InstanceID: m.GetInstanceId(), Name: m.GetName(), Secret: m.GetSecret(), Answer: m.GetAnswer(),
		State: m.GetState(), IdempotencyKey: m.GetIdempotencyKey()}
}

func (e *encoder) legacyResponse(r *LegacyResponse) *pb.LegacyResponse {
	if r == nil {
		e.fail("a legacy source must answer with a response or an error")
		return nil
	}
	return &pb.LegacyResponse{Result: enumLegacy.encode(e, r.Result), Prompt: encodeText(r.Prompt), State: r.State,
		Attributes: r.Attributes}
}

func decodeLegacyResponse(m *pb.LegacyResponse) *LegacyResponse {
	return &LegacyResponse{Result: enumLegacy.decode(m.GetResult()), Prompt: decodeText(m.GetPrompt()), State: m.GetState(),
		Attributes: m.GetAttributes()}
}

func encodeMessage(m Message) *pb.SendRequest {
	return &pb.SendRequest{InstanceId: m.InstanceID, IdempotencyKey: m.IdempotencyKey, Kind: m.Kind, To: m.To,
		Subject: m.Subject, Body: m.Body, ExpiresAt: encodeTime(m.ExpiresAt), Locale: m.Locale, MaybeSentSince: encodeTime(m.MaybeSentSince)}
}

func decodeMessage(m *pb.SendRequest) Message {
	return Message{InstanceID: m.GetInstanceId(), IdempotencyKey: m.GetIdempotencyKey(), Kind: m.GetKind(), To: m.GetTo(),
		Subject: m.GetSubject(), Body: m.GetBody(), ExpiresAt: decodeTime(m.GetExpiresAt()), Locale: m.GetLocale(),
		MaybeSentSince: decodeTime(m.GetMaybeSentSince())}
}

func (e *encoder) sendResult(r *SendResult) *pb.SendResponse {
	if r == nil {
		e.fail("a delivery channel must answer with a result or an error")
		return nil
	}
	return &pb.SendResponse{ProviderId: r.ProviderID, Accepted: r.Accepted, Permanent: r.Permanent, Gone: r.Gone, Reason: r.Reason}
}

func decodeSendResult(m *pb.SendResponse) *SendResult {
	return &SendResult{ProviderID: m.GetProviderId(), Accepted: m.GetAccepted(), Permanent: m.GetPermanent(), Gone: m.GetGone(), Reason: m.GetReason()}
}

func (e *encoder) riskRequest(r *RiskRequest) *pb.AssessRequest {
	return &pb.AssessRequest{Context: e.context(&r.Context), Operation: enumOperation.encode(e, r.Operation), Channel: r.Channel, To: r.To, Amr: r.AMR}
}

func decodeRiskRequest(m *pb.AssessRequest) *RiskRequest {
	return &RiskRequest{Context: decodeContext(m.GetContext()), Operation: enumOperation.decode(m.GetOperation()), Channel: m.GetChannel(),
		To: m.GetTo(), AMR: m.GetAmr()}
}

func (e *encoder) assessment(a *RiskAssessment) *pb.AssessResponse {
	if a == nil {
		e.fail("a risk source must answer with an assessment or an error")
		return nil
	}
	return &pb.AssessResponse{Verdict: enumVerdict.encode(e, a.Verdict), Reasons: a.Reasons}
}

func decodeAssessment(m *pb.AssessResponse) *RiskAssessment {
	return &RiskAssessment{Verdict: enumVerdict.decode(m.GetVerdict()), Reasons: m.GetReasons()}
}

func encodeImportInput(i ImportInput) *pb.ImportInput {
	return &pb.ImportInput{Subject: encodeSubject(&i.Subject), Json: i.JSON}
}

func decodeImportInput(m *pb.ImportInput) ImportInput {
	i := ImportInput{JSON: m.GetJson()}
	if s := decodeSubject(m.GetSubject()); s != nil {
		i.Subject = *s
	}
	return i
}

// importResult leaves the change out when there is an error: the host must not create what the plugin refused.
func (e *encoder) importResult(r ImportResult) *pb.ImportResult {
	if r.Error != "" {
		return &pb.ImportResult{Error: r.Error}
	}
	return &pb.ImportResult{Change: e.change(r.Change)}
}

func decodeImportResult(m *pb.ImportResult) ImportResult {
	if m.GetError() != "" {
		return ImportResult{Error: m.GetError()}
	}
	return ImportResult{Change: decodeChange(m.GetChange())}
}
