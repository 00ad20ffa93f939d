package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/sdk"
)

// The methods of the authenticator.
const (
	methodPIN  = "pin"  // a password, kept as a hash
	methodCode = "code" // a code sent by SMS, kept in the state
	methodApp  = "app"  // the codes of an app, counted in the credential
)

const highest = 2 // state version

// model is an authenticator.
type model struct {
	*base

	codes  sync.Map // of "replicas.steps"
	shared string   // of "load.flows"
	kept   [][]byte // of "load.leaks memory"
	lock   sync.Mutex
}

var (
	_ sdk.Authenticator = (*model)(nil)
	_ sdk.Enrollment    = (*model)(nil)
)

func newModel(bad defect) *model {
	texts := map[string]map[string]string{
		"en": {"pin": "Password", "code": "Text message", "app": "App", "go": "Go on", "field": "Answer", "new": "New password",
			"wrong": "Not right.", "qr": "A code to scan", "hint": "{n} digits", "wait": "Waiting", "sent": "Your code is {code}.", "other": "Other"},
		"it": {"pin": "Password", "code": "Messaggio", "app": "App", "go": "Avanti", "field": "Risposta", "new": "Nuova password",
			"wrong": "Non corretto.", "qr": "Un codice da inquadrare", "hint": "{n} cifre", "wait": "In attesa", "sent": "Il codice è {code}.", "other": "Altro"},
	}
	m := &model{}
	opening := m.ask(bad, methodPIN, false)
	m.base = newBase(bad, &sdk.Description{Name: "model", CredentialType: "model", StateVersion: highest, Texts: texts, Methods: []sdk.Method{
		{ID: methodPIN, Title: "pin", Factors: []sdk.Factor{sdk.FactorKnowledge}, AMR: []string{"pwd"}, CanEnrol: true, Opening: &opening},
		{ID: methodCode, Title: "code", Factors: []sdk.Factor{sdk.FactorPossession}, AMR: []string{"sms"}},
		{ID: methodApp, Title: "app", Factors: []sdk.Factor{sdk.FactorPossession}, AMR: []string{"otp"}, CanEnrol: true},
	}})
	switch bad {
	case "crash.stopped":
		endOnContinue()
	case "load.idle":
		go func() {
			for {
				hashed("again and again", nil)
				time.Sleep(time.Millisecond)
			}
		}()
	}
	return m
}

// kept is what a credential holds.
type kept struct {
	Kind string `json:"kind"`
	Salt []byte `json:"salt,omitempty"`
	Sum  []byte `json:"sum,omitempty"`
	Seed []byte `json:"seed,omitempty"`
	Last int64  `json:"last,omitempty"`
}

// asked is what the state of a sent code holds.
type asked struct {
	Sum     []byte    `json:"sum"`
	Until   time.Time `json:"until"`
	Subject string    `json:"subject"`
}

func hashed(secret string, salt []byte) []byte {
	sum := sha256.Sum256(append(bytes.Clone(salt), secret...))
	for range 8_000 {
		sum = sha256.Sum256(sum[:])
	}
	return sum[:]
}

// ask is the page of a method.
func (m *model) ask(bad defect, method string, wrong bool) sdk.View {
	f := sdk.TextField{Name: "code", Kind: sdk.FieldOneTimeCode, Label: sdk.T("field"), Hint: sdk.T("hint", "n", "6"), MaxLength: 10}
	if method == methodPIN {
		f = sdk.TextField{Name: "password", Kind: sdk.FieldPassword, Label: sdk.T("pin"), MaxLength: 128}
	}
	if wrong && bad != "ui.error" {
		f.Error = sdk.T("wrong")
	}
	extra := sdk.TextField{Name: "extra", Kind: sdk.FieldText, Label: sdk.T("other"), Optional: true}
	if method == methodPIN && strings.HasPrefix(string(bad), "ui.texts") {
		bad = "" // in the opening view it would be a mistake of the description
	}
	switch bad {
	case "ui.kinds":
		f.Kind = sdk.FieldText
	case "ui.length":
		f.MaxLength = 6
	case "ui.texts missing":
		f.Hint = sdk.T("zz.no.such.text")
	case "ui.texts parameter":
		f.Hint = sdk.T("hint")
	case "ui.view":
		f.MinLength = f.MaxLength + 1
	case "ui.nodes":
		extra.Name = "what the person wants"
	case "ui.labels":
		extra.Label = f.Label
	}
	nodes := []sdk.Node{sdk.Field(f), sdk.Submit("go", sdk.T("go"))}
	if strings.HasPrefix(string(bad), "ui.nodes") || bad == "ui.labels" {
		nodes = append([]sdk.Node{sdk.Field(extra)}, nodes...)
	}
	return sdk.Screen(sdk.T(method), nodes...)
}

// find returns the credential of a kind.
func (m *model) find(r *sdk.StepRequest, kind string) (*kept, *sdk.Credential, error) {
	for i := range r.Credentials {
		c := &r.Credentials[i]
		refuse := sdk.NotConfigured
		if c.Version > highest && m.bad == "state.version" || c.Version <= highest && m.bad == "state.credential" {
			refuse = func(err error) error { return err }
		}
		if c.Version > highest {
			return nil, nil, refuse(errors.New("of a newer release"))
		}
		if c.Version < highest && m.bad == "upgrade" {
			return nil, nil, sdk.NotConfigured(errors.New("of an older release"))
		}
		var k kept
		if json.Unmarshal(c.Data, &k) != nil || k.Kind == "" {
			return nil, nil, refuse(errors.New("not readable"))
		}
		if k.Kind == kind {
			return &k, c, nil
		}
	}
	return nil, nil, nil
}

func (m *model) version(r *sdk.StepRequest) uint32 {
	if m.bad == "state.highest" {
		return highest
	}
	return min(highest, r.Context.MaxStateVersion)
}

func (m *model) refused(reason sdk.Reason, view *sdk.View, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	f := &sdk.Failure{Reason: reason, Counts: reason == sdk.ReasonBadCredential || reason == sdk.ReasonReplayed, Retryable: true, View: view}
	switch m.bad {
	case "steps.counts":
		f.Counts = false
	case "steps.outcome":
		f.Reason, f.Counts = "", false
	}
	answer := &sdk.StepResponse{Failure: f, StateVersion: m.version(r)}
	if r.StateVersion <= m.version(r) {
		answer.State, answer.StateVersion = r.State, r.StateVersion
	}
	return answer, nil
}

func (m *model) success(r *sdk.StepRequest, amr string, c *sdk.Credential) *sdk.StepResponse {
	s := &sdk.Success{AMR: []string{amr}}
	if c != nil {
		s.CredentialID = c.ID
	}
	switch m.bad {
	case "steps.subject":
		s.Subject = "the-president"
	case "steps.amr":
		s.AMR = []string{"hwk"}
	case "steps.size":
		s.Evidence = make([]byte, sdk.MaxEvidence+1)
	}
	return &sdk.StepResponse{Success: s, StateVersion: m.version(r)}
}

// Begin implements sdk.Authenticator.
func (m *model) Begin(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if err := m.before(ctx, r); err != nil {
		return nil, err
	}
	view := m.ask(m.bad, r.Context.MethodID, false)
	switch r.Context.MethodID {
	case methodPIN:
		if m.bad == "steps.nobody" && r.Context.Subject != nil && len(r.Credentials) == 0 {
			return m.success(r, "pwd", nil), nil // nothing to check
		}
		if m.bad == "steps.opening view" {
			view.Nodes = append([]sdk.Node{sdk.Say(sdk.T("wait"))}, view.Nodes...)
		}
		return &sdk.StepResponse{Challenge: &sdk.Challenge{View: view}, StateVersion: m.version(r)}, nil
	case methodCode:
		return m.send(r, view)
	case methodApp:
		if !r.Context.Identified && m.bad != "timing.named" {
			return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}, StateVersion: m.version(r)}, nil
		}
		if k, _, err := m.find(r, methodApp); err != nil || k == nil {
			return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}, StateVersion: m.version(r)}, err
		}
		return &sdk.StepResponse{Challenge: &sdk.Challenge{View: view}, StateVersion: m.version(r)}, nil
	}
	return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{}}, nil
}

// before is where a plugin goes wrong whatever it is asked.
func (m *model) before(ctx context.Context, r *sdk.StepRequest) error {
	switch m.bad {
	case "crash.cancelled":
		if ctx.Err() != nil || !wait(ctx, 300*time.Microsecond) {
			os.Exit(3)
		}
	case "load.leaks memory":
		m.lock.Lock()
		m.kept = append(m.kept, bytes.Repeat([]byte("leak"), 32<<10))
		m.lock.Unlock()
	case "load.leaks files":
		_, _ = os.Open(os.DevNull)
	case "load.leaks threads":
		keepThread()
	case "steps.clock":
		if d := time.Until(r.Context.Now); d > 24*time.Hour*100 {
			return sdk.Unavailable(errors.New("the host's clock is wrong"))
		}
	}
	_, err := m.config(r.Context.InstanceID)
	return err
}

func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func (m *model) send(r *sdk.StepRequest, view sdk.View) (*sdk.StepResponse, error) {
	if r.Context.Subject == nil || !r.Context.Identified || r.Context.Subject.Attributes["phone"] == "" {
		return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}, StateVersion: m.version(r)}, nil
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return nil, err
	}
	code := fmt.Sprintf("%06d", n)
	a := asked{Sum: hashed(code, nil), Until: r.Context.Now.Add(5 * time.Minute), Subject: r.Context.Subject.ID}
	effect := sdk.Effect{IdempotencyKey: r.Context.IdempotencyKey, Channel: "sms", To: r.Context.Subject.Attributes["phone"], Template: "sent",
		Params: map[string]string{"code": code}, ExpiresAt: a.Until}
	state, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	switch m.bad {
	case "idempotency.repeat":
		effect.IdempotencyKey = rand.Text()
	case "idempotency.keys":
		effect.IdempotencyKey = "the-code-of-" + r.Context.Subject.ID
	case "steps.effect":
		effect.Channel = ""
	case "steps.secrets":
		slog.Info("sending", "code", code)
	case "state.limits":
		state = append(bytes.Repeat([]byte(" "), sdk.MaxState), state...)
	case "replicas.steps":
		m.codes.Store(r.Context.FlowID, state)
		state = nil
	}
	return &sdk.StepResponse{Challenge: &sdk.Challenge{View: view}, State: state, StateVersion: m.version(r), Effects: []sdk.Effect{effect}}, nil
}

// Continue implements sdk.Authenticator.
func (m *model) Continue(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if err := m.before(ctx, r); err != nil {
		return nil, err
	}
	given := r.Inputs["code"]
	if r.Context.MethodID == methodPIN {
		given = r.Inputs["password"]
	}
	switch {
	case m.bad == "steps.shapes" && len(given) > 4096:
		return nil, errors.New("cannot cope")
	case m.bad == "crash.alive" && strings.Contains(given, "\x00"):
		os.Exit(4)
	case m.bad == "load.flows":
		m.lock.Lock()
		m.shared = given
		m.lock.Unlock()
		time.Sleep(2 * time.Millisecond)
		m.lock.Lock()
		given = m.shared
		m.lock.Unlock()
	}
	if !utf8.ValidString(given) || given == "" || len(given) > 128 {
		view := m.ask(m.bad, r.Context.MethodID, true)
		return m.refused(sdk.ReasonInvalidInput, &view, r)
	}
	switch r.Context.MethodID {
	case methodPIN:
		return m.checkPIN(r, given)
	case methodCode:
		return m.checkCode(r, given)
	case methodApp:
		return m.checkApp(r, given)
	}
	return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{}}, nil
}

func (m *model) checkPIN(r *sdk.StepRequest, given string) (*sdk.StepResponse, error) {
	if m.bad == "steps.secrets typed" {
		slog.Info("trying", "password", given)
	}
	if m.bad == "steps.opening begin" && r.Context.Step == 0 {
		return nil, sdk.Aborted(errors.New("Begin was not called"))
	}
	k, c, err := m.find(r, methodPIN)
	if err != nil {
		return nil, err
	}
	view := m.ask(m.bad, methodPIN, true)
	if k == nil {
		if m.bad != "timing.unknown work" {
			hashed(given, make([]byte, 16))
		}
		switch m.bad {
		case "timing.shape reason":
			return m.refused(sdk.ReasonNotEnrolled, &view, r)
		case "timing.shape view":
			return m.refused(sdk.ReasonBadCredential, nil, r)
		}
		return m.refused(sdk.ReasonBadCredential, &view, r)
	}
	if m.bad == "timing.unknown sleep" {
		time.Sleep(25 * time.Millisecond)
	}
	want, got := k.Sum, hashed(given, k.Salt)
	if m.bad == "steps.wrong" && strings.HasPrefix(given, "correct horse") {
		got = want // only the first characters count
	}
	if subtle.ConstantTimeCompare(want, got) != 1 {
		return m.refused(sdk.ReasonBadCredential, &view, r)
	}
	answer := m.success(r, "pwd", c)
	if m.bad == "steps.credential" {
		answer.CredentialChanges = []sdk.CredentialChange{{Kind: sdk.ChangeUpdate, CredentialID: c.ID, Data: c.Data, Version: c.Version, ExpectedRevision: c.Revision + 1}}
	}
	return answer, nil
}

func (m *model) checkCode(r *sdk.StepRequest, given string) (*sdk.StepResponse, error) {
	view := m.ask(m.bad, methodCode, true)
	raw := r.State
	if m.bad == "replicas.steps" {
		stored, _ := m.codes.Load(r.Context.FlowID)
		raw, _ = stored.([]byte)
	}
	var a asked
	err := json.Unmarshal(raw, &a)
	switch {
	case m.bad == "state.damaged trusted" && err != nil && len(raw) > 0:
		return m.success(r, "sms", nil), nil
	case m.bad == "state.damaged bug" && err != nil && len(raw) > 0:
		return nil, err
	case r.StateVersion > highest && m.bad == "state.version":
		return nil, errors.New("of a newer release")
	case r.StateVersion > highest, err != nil, len(a.Sum) == 0, r.Context.Subject == nil:
		return m.refused(sdk.ReasonExpired, nil, r)
	case r.StateVersion < highest && m.bad == "upgrade":
		return m.refused(sdk.ReasonExpired, nil, r)
	case r.Context.Now.After(a.Until) && m.bad != "state.expired":
		return m.refused(sdk.ReasonExpired, nil, r)
	case a.Subject != r.Context.Subject.ID && m.bad != "state.foreign":
		return m.refused(sdk.ReasonExpired, nil, r)
	}
	if subtle.ConstantTimeCompare(a.Sum, hashed(given, nil)) != 1 {
		return m.refused(sdk.ReasonBadCredential, &view, r)
	}
	return m.success(r, "sms", nil), nil
}

func codeAt(seed []byte, step int64) string {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

func (m *model) checkApp(r *sdk.StepRequest, given string) (*sdk.StepResponse, error) {
	view := m.ask(m.bad, methodApp, true)
	k, c, err := m.find(r, methodApp)
	if err != nil {
		return nil, err
	}
	if k == nil {
		return m.refused(sdk.ReasonBadCredential, &view, r)
	}
	now := r.Context.Now.Unix() / 30
	if m.bad == "state.highest credential" {
		k.Last = min(k.Last, now)
	}
	for step := now - 1; step <= now+1; step++ {
		if subtle.ConstantTimeCompare([]byte(given), []byte(codeAt(k.Seed, step))) != 1 {
			continue
		}
		if step <= k.Last && m.bad != "idempotency.replay" {
			return m.refused(sdk.ReasonReplayed, &view, r)
		}
		answer := m.success(r, "otp", c)
		if m.bad == "replicas.race" {
			return answer, nil
		}
		k.Last = step
		answer.CredentialChanges = []sdk.CredentialChange{m.change(r, sdk.ChangeUpdate, k, c)}
		return answer, nil
	}
	return m.refused(sdk.ReasonBadCredential, &view, r)
}

func (m *model) change(r *sdk.StepRequest, kind sdk.ChangeKind, k *kept, c *sdk.Credential) sdk.CredentialChange {
	data, err := json.Marshal(k)
	if err != nil {
		panic(err) // plain members
	}
	out := sdk.CredentialChange{Kind: kind, Data: data, Version: m.version(r)}
	if m.bad == "state.highest credential" {
		out.Version = highest
	}
	if c != nil {
		out.CredentialID, out.ExpectedRevision = c.ID, c.Revision
	}
	return out
}

// Cancel implements sdk.Authenticator.
func (m *model) Cancel(context.Context, *sdk.StepRequest) error {
	if m.bad == "steps.cancel" {
		time.Sleep(1200 * time.Millisecond)
	}
	return nil
}
