package sdk

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func describedForTest() *Description {
	return &Description{
		Name: "probe", Version: "1.0.0", CredentialType: "probe", StateVersion: 3,
		Services: []Service{ServiceAuthenticator, ServiceEnrollment},
		Methods: []Method{
			{ID: "plain", Title: "title", Factors: []Factor{FactorKnowledge}, AMR: []string{"pwd"}, CanEnrol: true},
			{ID: "finder", Title: "title", Factors: []Factor{FactorPossession}, AMR: []string{"hwk"}, IdentifiesSubject: true},
		},
		Texts: map[string]map[string]string{
			"en": {"title": "Probe", "hello": "Hello {name}"},
			"it": {"title": "Sonda", "hello": "Ciao {name}"},
		},
	}
}

func wantRule(t *testing.T, err error, want Rule) {
	t.Helper()
	var v *Violation
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (!errors.As(err, &v) || v.Rule != want):
		t.Errorf("got %v, want rule %s", err, want)
	}
}

func TestDescriptionRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Description)
		want   Rule
	}{
		"good":                   {func(*Description) {}, ""},
		"no name":                {func(d *Description) { d.Name = "" }, RuleDescription},
		"name for a path":        {func(d *Description) { d.Name = "../x" }, RuleDescription},
		"no version":             {func(d *Description) { d.Version = "" }, RuleDescription},
		"too slow":               {func(d *Description) { d.StepTimeout = MaxStepTimeout + 1 }, RuleDescription},
		"schema":                 {func(d *Description) { d.ConfigSchema = []byte("{") }, RuleDescription},
		"no authenticator":       {func(d *Description) { d.Services = nil }, RuleDescription},
		"no methods":             {func(d *Description) { d.Methods = nil }, RuleDescription},
		"same method twice":      {func(d *Description) { d.Methods[1].ID = "plain" }, RuleDescription},
		"no factor":              {func(d *Description) { d.Methods[0].Factors = nil }, RuleDescription},
		"invented factor":        {func(d *Description) { d.Methods[0].Factors = []Factor{"magic"} }, RuleDescription},
		"enrol without service":  {func(d *Description) { d.Services = d.Services[:1] }, RuleDescription},
		"enrol without type":     {func(d *Description) { d.CredentialType = "" }, RuleDescription},
		"key kind":               {func(d *Description) { d.InstanceKeys = []InstanceKey{{Name: "k", Kind: "DES"}} }, RuleDescription},
		"route out of its place": {func(d *Description) { d.route("POST", "../../token", "") }, RuleDescription},
		"route without service":  {func(d *Description) { d.Routes = []Route{{Name: "r", Method: "POST", Path: "r"}} }, RuleDescription},
		"route at the root":      {func(d *Description) { d.route("POST", "/r", "") }, RuleDescription},
		"route of the host":      {func(d *Description) { d.route("GET", "return", "") }, RuleDescription},
		"route's method":         {func(d *Description) { d.route("CONNECT", "r", "") }, RuleDescription},
		"route with a query":     {func(d *Description) { d.route("GET", "r?x", "") }, RuleDescription},
		"route half wild":        {func(d *Description) { d.route("GET", "r/{x", "") }, RuleDescription},
		"handle nowhere":         {func(d *Description) { d.route("POST", "r", "path:x") }, RuleDescription},
		"handle by no pointer":   {func(d *Description) { d.route("POST", "r", "json:x") }, RuleDescription},
		"handle of no kind":      {func(d *Description) { d.route("POST", "r", "query:x") }, RuleDescription},
		"route twice": {func(d *Description) {
			d.route("POST", "r", "")
			d.Routes = append(d.Routes, d.Routes[0])
		}, RuleDescription},
		"no English":      {func(d *Description) { delete(d.Texts, "en") }, RuleText},
		"missing title":   {func(d *Description) { d.Methods[0].Title = "nope" }, RuleText},
		"markup":          {func(d *Description) { d.Texts["it"]["title"] = "<script>" }, RuleText},
		"closing bracket": {func(d *Description) { d.Texts["en"]["title"] = "a > b" }, RuleText},
		"empty text":      {func(d *Description) { d.Texts["it"]["title"] = " " }, RuleText},
		"stray key":       {func(d *Description) { d.Texts["it"]["other"] = "x" }, RuleText},
		"stray parameter": {func(d *Description) { d.Texts["it"]["hello"] = "Ciao {nome}" }, RuleText},
		"bad locale":      {func(d *Description) { d.Texts["../en"] = nil }, RuleText},
		"opening":         {func(d *Description) { d.Methods[0].Opening = &View{Nodes: []Node{{}}} }, RuleView},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := describedForTest()
			c.change(d)
			wantRule(t, d.Validate(), c.want)
		})
	}
}

func TestResponseRules(t *testing.T) {
	t.Parallel()
	alice := &Subject{ID: "alice"}
	given := []Credential{{ID: "c1", Revision: 7}}
	ok := func(s Success) *StepResponse { return &StepResponse{Success: &s} }
	change := func(c CredentialChange) *StepResponse {
		return &StepResponse{Success: &Success{}, CredentialChanges: []CredentialChange{c}}
	}
	for name, c := range map[string]struct {
		method  string
		subject *Subject
		answer  *StepResponse
		want    Rule
	}{
		"success":                    {"plain", alice, ok(Success{AMR: []string{"pwd"}, CredentialID: "c1"}), ""},
		"success naming the subject": {"plain", alice, ok(Success{Subject: "alice"}), ""},
		"for somebody else":          {"plain", alice, ok(Success{Subject: "mallory"}), RuleSubject},
		"for nobody":                 {"plain", nil, ok(Success{Subject: "alice"}), RuleSubject},
		"finder names":               {"finder", nil, ok(Success{Subject: "alice"}), RuleSubject},
		"finder names nobody":        {"finder", nil, ok(Success{}), RuleSubject},
		"finder in another's flow":   {"finder", alice, ok(Success{Subject: "mallory"}), RuleSubject},
		"unknown method":             {"other", alice, ok(Success{}), RuleOutcome},
		"amr above the ceiling":      {"plain", alice, ok(Success{AMR: []string{"pwd", "hwk"}}), RuleAMR},
		"amr of another method":      {"finder", alice, ok(Success{AMR: []string{"pwd"}}), RuleAMR},
		"foreign credential":         {"plain", alice, ok(Success{CredentialID: "c2"}), RuleCredential},
		"much evidence":              {"plain", alice, ok(Success{Evidence: make([]byte, MaxEvidence+1)}), RuleSize},
		"no outcome":                 {"plain", alice, &StepResponse{}, RuleOutcome},
		"two outcomes":               {"plain", alice, &StepResponse{Success: &Success{}, NotApplicable: &NotApplicable{}}, RuleOutcome},
		"failure":                    {"plain", alice, &StepResponse{Failure: &Failure{Reason: ReasonBadCredential, Counts: true}}, ""},
		"failure without reason":     {"plain", alice, &StepResponse{Failure: &Failure{}}, RuleOutcome},
		"invalid input that counts":  {"plain", alice, &StepResponse{Failure: &Failure{Reason: ReasonInvalidInput, Counts: true}}, RuleOutcome},
		"negative poll":              {"plain", alice, &StepResponse{Pending: &Pending{PollAfter: -1}}, RuleOutcome},
		"state":                      {"plain", alice, &StepResponse{Success: &Success{}, State: make([]byte, MaxState), StateVersion: 2}, ""},
		"large state":                {"plain", alice, &StepResponse{Success: &Success{}, State: make([]byte, MaxState+1)}, RuleState},
		"new state":                  {"plain", alice, &StepResponse{Success: &Success{}, StateVersion: 3}, RuleState},
		"create":                     {"plain", alice, change(CredentialChange{Kind: ChangeCreate, Data: make([]byte, MaxCredential)}), ""},
		"create for nobody": {"plain", nil, &StepResponse{Challenge: &Challenge{},
			CredentialChanges: []CredentialChange{{Kind: ChangeCreate}}}, RuleCredential},
		"create with an id":   {"plain", alice, change(CredentialChange{Kind: ChangeCreate, CredentialID: "c1"}), RuleCredential},
		"large data":          {"plain", alice, change(CredentialChange{Kind: ChangeCreate, Data: make([]byte, MaxCredential+1)}), RuleCredential},
		"long handle":         {"plain", alice, change(CredentialChange{Kind: ChangeCreate, Handle: strings.Repeat("h", MaxHandle+1)}), RuleCredential},
		"new data":            {"plain", alice, change(CredentialChange{Kind: ChangeCreate, Version: 3}), RuleState},
		"update":              {"plain", alice, change(CredentialChange{Kind: ChangeUpdate, CredentialID: "c1", ExpectedRevision: 7}), ""},
		"blind update":        {"plain", alice, change(CredentialChange{Kind: ChangeUpdate, CredentialID: "c1"}), RuleCredential},
		"update of another's": {"plain", alice, change(CredentialChange{Kind: ChangeUpdate, CredentialID: "c2"}), RuleCredential},
		"revoke of another's": {"plain", alice, change(CredentialChange{Kind: ChangeRevoke, CredentialID: "c2"}), RuleCredential},
		"unknown change":      {"plain", alice, change(CredentialChange{Kind: "#9"}), RuleCredential},
		"many changes":        {"plain", alice, &StepResponse{Success: &Success{}, CredentialChanges: make([]CredentialChange, MaxChanges+1)}, RuleSize},
		"many effects":        {"plain", alice, &StepResponse{Success: &Success{}, Effects: make([]Effect, MaxEffects+1)}, RuleSize},
		"effect": {"plain", alice, &StepResponse{Success: &Success{}, Effects: []Effect{{IdempotencyKey: "k", Channel: "sms",
			Template: "hello", Params: map[string]string{"name": "A"}}}}, ""},
		"effect without key":  {"plain", alice, &StepResponse{Success: &Success{}, Effects: []Effect{{Channel: "sms", Template: "title"}}}, RuleEffect},
		"effect without text": {"plain", alice, &StepResponse{Success: &Success{}, Effects: []Effect{{IdempotencyKey: "k", Channel: "sms"}}}, RuleText},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := &StepRequest{Context: StepContext{MethodID: c.method, Subject: c.subject, MaxStateVersion: 2}, Credentials: given}
			wantRule(t, c.answer.Validate(describedForTest(), request), c.want)
		})
	}
}

func TestViewRules(t *testing.T) {
	t.Parallel()
	title := T("title")
	png := []byte("\x89PNG\r\n\x1a\n")
	field := func(f TextField) Node { f.Name, f.Label = "f", title; return Field(f) }
	for name, c := range map[string]struct {
		nodes []Node
		want  Rule
	}{
		"field":              {[]Node{field(TextField{Kind: FieldText, Value: "shown", MinLength: 1, MaxLength: 9})}, ""},
		"nameless field":     {[]Node{Field(TextField{Label: title})}, RuleView},
		"unlabelled field":   {[]Node{Field(TextField{Name: "f"})}, RuleText},
		"same field twice":   {[]Node{field(TextField{}), field(TextField{})}, RuleView},
		"lengths":            {[]Node{field(TextField{MinLength: 9, MaxLength: 1})}, RuleView},
		"shown password":     {[]Node{field(TextField{Kind: FieldPassword, Value: "hunter2"})}, RuleView},
		"unknown hint":       {[]Node{field(TextField{Hint: T("nope")})}, RuleText},
		"paragraph":          {[]Node{Say(T("hello", "name", "<b>escaped by the host</b>"))}, ""},
		"missing parameter":  {[]Node{Say(T("hello"))}, RuleText},
		"choice":             {[]Node{{Choice: &Choice{Name: "c", Label: title, Options: []Option{{Value: "1", Label: title}}}}}, ""},
		"empty choice":       {[]Node{{Choice: &Choice{Name: "c", Label: title}}}, RuleView},
		"unlabelled option":  {[]Node{{Choice: &Choice{Name: "c", Label: title, Options: []Option{{Value: "1"}}}}}, RuleText},
		"qr":                 {[]Node{{QR: &QR{Content: "x", Alt: title, Typed: "x"}}}, ""},
		"qr nobody can type": {[]Node{{QR: &QR{Content: "x", Alt: title}}}, RuleView},
		"qr without alt":     {[]Node{{QR: &QR{Content: "x", Typed: "x"}}}, RuleText},
		"large qr":           {[]Node{{QR: &QR{Content: strings.Repeat("x", MaxQR+1), Alt: title, Typed: "x"}}}, RuleView},
		"webauthn":           {[]Node{{WebAuthn: &WebAuthn{Options: []byte(`{}`)}}}, ""},
		"webauthn not JSON":  {[]Node{{WebAuthn: &WebAuthn{Options: []byte(`</script>`)}}}, RuleView},
		"action":             {[]Node{Submit("go", title)}, ""},
		"nameless action":    {[]Node{Submit("", title)}, RuleView},
		"number":             {[]Node{{NumberMatch: &NumberMatch{Digits: "42", Label: title}}}, ""},
		"not a number":       {[]Node{{NumberMatch: &NumberMatch{Digits: "4x", Label: title}}}, RuleView},
		"transaction":        {[]Node{{Transaction: &Shown{Rows: []ShownRow{{Label: title, Value: "12 €"}}}}}, ""},
		"empty transaction":  {[]Node{{Transaction: &Shown{}}}, RuleView},
		"wait":               {[]Node{{Wait: &Wait{Text: title}}}, ""},
		"wait for nothing":   {[]Node{{Wait: &Wait{}}}, RuleText},
		"image":              {[]Node{{Image: &Image{PNG: png, Alt: title}}}, ""},
		"svg":                {[]Node{{Image: &Image{PNG: []byte("<svg onload=…>"), Alt: title}}}, RuleView},
		"large image":        {[]Node{{Image: &Image{PNG: append(png, make([]byte, MaxImage)...), Alt: title}}}, RuleView},
		"redirect":           {[]Node{{Redirect: &Redirect{URL: "https://idp.test/authorize", Label: title}}}, ""},
		"redirect at home":   {[]Node{{Redirect: &Redirect{URL: "http://127.0.0.1:8080/", Label: title}}}, ""},
		"plain redirect":     {[]Node{{Redirect: &Redirect{URL: "http://idp.test/", Label: title}}}, RuleView},
		"script redirect":    {[]Node{{Redirect: &Redirect{URL: "javascript:alert(1)", Label: title}}}, RuleView},
		"disguised redirect": {[]Node{{Redirect: &Redirect{URL: "https://bank.test@evil.test/", Label: title}}}, RuleView},
		"too large":          {[]Node{Say(T("hello", "name", strings.Repeat("x", MaxView)))}, RuleView},
		"empty":              {[]Node{{}}, RuleView},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := Ask(Screen(title, c.nodes...))
			wantRule(t, answer.Validate(describedForTest(), &StepRequest{}), c.want)
		})
	}
}

func TestImportRules(t *testing.T) {
	t.Parallel()
	for _, c := range map[string]struct {
		result ImportResult
		want   Rule
	}{
		"create":  {ImportResult{Change: CredentialChange{Kind: ChangeCreate}}, ""},
		"error":   {ImportResult{Error: "unknown hash"}, ""},
		"update":  {ImportResult{Change: CredentialChange{Kind: ChangeUpdate, CredentialID: "c"}}, RuleCredential},
		"nothing": {ImportResult{}, RuleCredential},
		"large":   {ImportResult{Change: CredentialChange{Kind: ChangeCreate, Data: make([]byte, MaxCredential+1)}}, RuleCredential},
	} {
		wantRule(t, c.result.Validate(), c.want)
	}
}

func TestIdentifyRules(t *testing.T) {
	t.Parallel()
	ask := func(handle string) *StepResponse { return &StepResponse{Identify: &Identify{Handle: handle}} }
	for name, c := range map[string]struct {
		method string
		about  StepContext
		answer *StepResponse
		want   Rule
	}{
		"asks":                     {"finder", StepContext{}, ask("h"), ""},
		"asks for a long one":      {"finder", StepContext{}, ask(strings.Repeat("h", MaxHandle+1)), RuleSubject},
		"asks for none":            {"finder", StepContext{}, ask(""), RuleSubject},
		"asks twice":               {"finder", StepContext{Sought: "h"}, ask("h"), RuleSubject},
		"asks though it knows":     {"finder", StepContext{Subject: &Subject{ID: "alice"}}, ask("h"), RuleSubject},
		"asks and may not":         {"plain", StepContext{}, ask("h"), RuleSubject},
		"says yes without asking":  {"finder", StepContext{}, &StepResponse{Success: &Success{Subject: "alice"}}, RuleSubject},
		"says yes and got nothing": {"finder", StepContext{Sought: "h"}, &StepResponse{Success: &Success{Subject: "alice"}}, RuleSubject},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.about.MethodID = c.method
			wantRule(t, c.answer.Validate(describedForTest(), &StepRequest{Context: c.about}), c.want)
		})
	}
}

// route gives the description a route.
func (d *Description) route(method, path, handle string) {
	d.Services = append(slices.Clone(d.Services), ServiceCallbacks)
	d.Routes = []Route{{Name: "r", Method: method, Path: path, HandleIn: handle}}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	for path, handle := range map[string]string{"r": "", "devices/{device}/answer": "path:device", "a.b/c_d~e": "header:X-Device", "R2": "json:/a/b"} {
		d := Description{Services: []Service{ServiceCallbacks}, Routes: []Route{{Name: "r", Method: "POST", Path: path, HandleIn: handle}}}
		if v := d.checkRoutes(); v != nil {
			t.Errorf("%s, %s: %v", path, handle, v)
		}
	}
}
