package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

const (
	testTo     = "+39333000111"
	testBody   = "Codice 918273"
	signingKey = "a-key-for-messages-made-by-a-machine"
	receiptKey = "a-key-for-receipts-made-by-a-machine"
	bearer     = "some-bearer-token"
)

var logged = new(safeBuffer)

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(logged, nil)))
	code := m.Run()
	for _, secret := range []string{testTo[1:], "918273", signingKey, receiptKey, bearer} {
		if strings.Contains(logged.b.String(), secret) {
			println("in the log: " + secret)
			code = 1
		}
	}
	os.Exit(code)
}

// theGateway is a bank's gateway that keeps its promise: one key, one message.
type theGateway struct {
	*httptest.Server
	mu    sync.Mutex
	taken map[string]string // ids by key
	asked []*http.Request
	sent  []string // bodies
	fault http.HandlerFunc
	first bool // the fault is of the first request alone
	after bool // it comes after the message was taken
}

func newGateway(t *testing.T) *theGateway {
	t.Helper()
	g := &theGateway{taken: map[string]string{}}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *theGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	g.asked, g.sent = append(g.asked, r), append(g.sent, string(body))
	fault := g.fault
	if g.first && len(g.asked) > 1 {
		fault = nil
	}
	if fault == nil || g.after {
		if key := r.Header.Get("Idempotency-Key"); g.taken[key] == "" {
			g.taken[key] = "id-" + strconv.Itoa(len(g.taken)+1)
		}
	}
	id := g.taken[r.Header.Get("Idempotency-Key")]
	g.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprintf(w, `{"id": %q}`, id)
}

func (g *theGateway) config(change ...func(c map[string]any)) string {
	c := map[string]any{"url": g.URL + "/messages", "signing_key": signingKey, "receipt_key": receiptKey, "bearer": bearer, "timeout": "300ms"}
	for _, f := range change {
		f(c)
	}
	raw, _ := json.Marshal(c)
	return string(raw)
}

func message(key string) sdk.Message {
	return sdk.Message{InstanceID: sdktest.InstanceID, IdempotencyKey: key, Kind: "sms", To: testTo, Body: testBody, Locale: "it",
		ExpiresAt: time.Date(2036, 11, 22, 10, 0, 0, 0, time.UTC)}
}

func TestRulesOfEveryPlugin(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, sdktest.Start(t, New(), newGateway(t).config()))
}

func TestRequest(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	p := sdktest.Start(t, New(), g.config())
	m := message("k1")
	m.Kind, m.To, m.Subject, m.MaybeSentSince = "email", "a@bank.test", "Ciao", time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	if r, err := p.Send(t.Context(), m); err != nil || !r.Accepted || r.ProviderID != "id-1" {
		t.Fatalf("%+v, %v", r, err)
	}
	// The form is others' to read: it changes by additions only.
	const want = `{"key":"k1","kind":"email","to":"a@bank.test","subject":"Ciao","body":"Codice 918273","locale":"it","expires_at":"2036-11-22T10:00:00Z","maybe_sent_since":"2026-11-22T09:00:00Z"}`
	r := g.asked[0]
	if g.sent[0] != want || r.Method != http.MethodPost || r.URL.Path != "/messages" || r.Header.Get("Idempotency-Key") != "k1" ||
		r.Header.Get("Authorization") != "Bearer "+bearer || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v\n%s", r.URL, r.Header, g.sent[0])
	}
	at, mac, _ := strings.Cut(strings.TrimPrefix(r.Header.Get(header), "t="), ",v1=")
	h := hmac.New(sha256.New, []byte(signingKey))
	h.Write([]byte(at + "." + want))
	if mac != hex.EncodeToString(h.Sum(nil)) {
		t.Errorf("signature %q", r.Header.Get(header))
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	code := func(n int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(n)
			_, _ = io.WriteString(w, body)
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	}
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	type outcome struct {
		accepted, permanent, gone bool
		code                      codes.Code
		reason                    string
	}
	for name, c := range map[string]struct {
		fault http.HandlerFunc
		want  outcome
	}{
		"200":                     {code(200, `{"id": "k", "more": 1}`), outcome{accepted: true}},
		"200, nothing said":       {code(200, ""), outcome{code: codes.DeadlineExceeded}},
		"200, noise":              {code(200, "<html>"), outcome{code: codes.DeadlineExceeded}},
		"200, an id of lines":     {code(200, `{"id": "a\nb"}`), outcome{code: codes.DeadlineExceeded}},
		"200, too long an id":     {code(200, `{"id": "`+strings.Repeat("a", maxID+1)+`"}`), outcome{code: codes.DeadlineExceeded}},
		"400":                     {code(400, `{"error": "invalid_number"}`), outcome{permanent: true, reason: "the gateway answered 400: invalid_number"}},
		"422 quotes the number":   {code(422, `{"error": "`+testTo+` is wrong"}`), outcome{permanent: true, reason: "the gateway answered 422"}},
		"410":                     {code(410, ""), outcome{permanent: true, gone: true, reason: "exist any more"}},
		"401":                     {code(401, ""), outcome{reason: "signing_key"}},
		"404":                     {code(404, ""), outcome{reason: "url"}},
		"307":                     {code(307, ""), outcome{reason: "url"}},
		"408":                     {code(408, ""), outcome{reason: "408"}},
		"429":                     {code(429, ""), outcome{code: codes.ResourceExhausted}},
		"409: under way":          {code(409, ""), outcome{code: codes.DeadlineExceeded}},
		"500":                     {code(500, ""), outcome{reason: "500"}},
		"503":                     {code(503, ""), outcome{reason: "503"}},
		"502: a proxy's":          {code(502, ""), outcome{code: codes.DeadlineExceeded}},
		"504: a proxy's":          {code(504, ""), outcome{code: codes.DeadlineExceeded}},
		"no answer":               {hang, outcome{code: codes.DeadlineExceeded}},
		"cut off":                 {cut, outcome{code: codes.DeadlineExceeded}},
		"an answer without end":   {func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 2<<20)); hang(w, r) }, outcome{code: codes.DeadlineExceeded}},
		"an answer that drips in": {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200); w.(http.Flusher).Flush(); hang(w, r) }, outcome{code: codes.DeadlineExceeded}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t)
			g.fault = c.fault
			p := sdktest.Start(t, New(), g.config())
			r, err := p.Send(t.Context(), message("k"))
			got := outcome{code: status.Code(err)}
			if err == nil {
				got.accepted, got.permanent, got.gone = r.Accepted, r.Permanent, r.Gone
				if r.Accepted && r.ProviderID != "k" {
					t.Errorf("id %q", r.ProviderID)
				}
				if !strings.Contains(r.Reason, c.want.reason) || strings.Contains(r.Reason, "333000111") {
					t.Errorf("reason %q", r.Reason)
				}
				if err := r.Validate(); err != nil {
					t.Error(err)
				}
			}
			want := c.want
			if want.reason = ""; got != want {
				t.Errorf("%+v, want %+v: %v", got, want, err)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	p := sdktest.Start(t, New(), g.config(func(c map[string]any) { c["health_url"] = g.URL }))
	g.Close()
	if _, err := p.Send(t.Context(), message("k")); status.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}
	if h, err := p.Check(t.Context(), sdktest.InstanceID); err != nil || h.OK || h.Message == "" {
		t.Errorf("%+v, %v", h, err)
	}
}

// TestALostAnswer: the same key again, from another process, is the same message.
func TestALostAnswer(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.fault, g.first, g.after = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true, true
	if _, err := sdktest.Start(t, New(), g.config()).Send(t.Context(), message("k")); status.Code(err) != codes.DeadlineExceeded {
		t.Fatal(err)
	}
	r, err := sdktest.Start(t, New(), g.config()).Send(t.Context(), message("k"))
	if err != nil || !r.Accepted || r.ProviderID != "id-1" || len(g.taken) != 1 {
		t.Errorf("%+v, %v, %d taken", r, err, len(g.taken))
	}
}

func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	p := sdktest.Start(t, New(), g.config(func(c map[string]any) { c["kinds"] = []string{"sms"} }))
	for name, spoil := range map[string]func(*sdk.Message){
		"kind":     func(m *sdk.Message) { m.Kind = "email" },
		"address":  func(m *sdk.Message) { m.To = "" },
		"no key":   func(m *sdk.Message) { m.IdempotencyKey = "" },
		"key":      func(m *sdk.Message) { m.IdempotencyKey = "a\r\nX-Evil: 1" },
		"too long": func(m *sdk.Message) { m.Body = strings.Repeat("x", maxMessage) },
		"too late": func(m *sdk.Message) { m.ExpiresAt = time.Now().Add(-time.Second) },
	} {
		m := message(name)
		spoil(&m)
		if r, err := p.Send(t.Context(), m); err != nil || r.Accepted || !r.Permanent || r.Reason == "" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if len(g.asked) != 0 {
		t.Errorf("the gateway was asked %d times", len(g.asked))
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	p := sdktest.Start(t, New(), g.config(func(c map[string]any) { c["health_url"] = g.URL + "/health" }))
	if h, err := p.Check(t.Context(), sdktest.InstanceID); err != nil || !h.OK || g.asked[0].Method != http.MethodGet || g.asked[0].Header.Get(header) == "" {
		t.Errorf("%+v, %v", h, err)
	}
	g.fault = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
	if h, err := p.Check(t.Context(), sdktest.InstanceID); err != nil || h.OK || !strings.Contains(h.Message, "401") {
		t.Errorf("%+v, %v", h, err)
	}
	if err := p.Remove(t.Context(), sdktest.InstanceID); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Send(t.Context(), message("k")); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("%v", err)
	}
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	p := sdktest.Start(t, New(), newGateway(t).config())
	now := time.Now()
	good := `{"receipts": [{"id": "id-1", "status": "delivered"}, {"id": "id-2", "status": "failed", "error": "unreachable"}, {"id": "id-3", "status": "gone", "error": "see ` + testTo + `"}], "more": 1}`
	many := `{"receipts": [` + strings.TrimSuffix(strings.Repeat(`{"id": "a", "status": "delivered"},`, 65), ",") + `]}`
	for name, c := range map[string]struct {
		body, signature string
		status          int
	}{
		"good":                   {good, sign(receiptKey, now, []byte(good)), 204},
		"one of two keys":        {good, sign(receiptKey, now, []byte(good)) + ",v1=00", 204},
		"the other of two keys":  {good, strings.Replace(sign(receiptKey, now, []byte(good)), ",", ",v1=00,", 1), 204},
		"no signature":           {good, "", 401},
		"with the other way's":   {good, sign(signingKey, now, []byte(good)), 401},
		"of another body":        {good, sign(receiptKey, now, []byte("{}")), 401},
		"old":                    {good, sign(receiptKey, now.Add(-6*time.Minute), []byte(good)), 401},
		"of the future":          {good, sign(receiptKey, now.Add(6*time.Minute), []byte(good)), 401},
		"another time than said": {good, strings.Replace(sign(receiptKey, now, []byte(good)), "t=", "t=0", 1), 401},
		"no time":                {good, "v1=" + hex.EncodeToString(sum(receiptKey, "", []byte(good))), 401},
		"hidden behind many":     {good, strings.Replace(sign(receiptKey, now, []byte(good)), ",", ",v1=00,v1=00,v1=00,v1=00,", 1), 401},
		"not JSON":               {"x", sign(receiptKey, now, []byte("x")), 400},
		"two":                    {"{}{}", sign(receiptKey, now, []byte("{}{}")), 400},
		"none":                   {"{}", sign(receiptKey, now, []byte("{}")), 400},
		"too many":               {many, sign(receiptKey, now, []byte(many)), 400},
		"a status unheard of":    {`{"receipts":[{"id":"a","status":"sent"}]}`, sign(receiptKey, now, []byte(`{"receipts":[{"id":"a","status":"sent"}]}`)), 400},
		"no id":                  {`{"receipts":[{"status":"gone"}]}`, sign(receiptKey, now, []byte(`{"receipts":[{"status":"gone"}]}`)), 400},
	} {
		r := &sdk.CallbackRequest{InstanceID: sdktest.InstanceID, Route: receiptsPath, Method: http.MethodPost, URL: "https://id.bank.test/plugins/x/receipts",
			Header: http.Header{}, Body: []byte(c.body)}
		if c.signature != "" {
			r.Header.Set(header, c.signature)
		}
		answer, err := p.HandleCallback(t.Context(), r)
		if err != nil || answer.Status != c.status {
			t.Errorf("%s: %+v, %v", name, answer, err)
			continue
		}
		if err := answer.Validate(p.Description, r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.status != 204 {
			if len(answer.Receipts) > 0 {
				t.Errorf("%s: receipts are believed", name)
			}
			continue
		}
		want := []sdk.Receipt{{ProviderID: "id-1", Status: "delivered"},
			{ProviderID: "id-2", Status: "failed", Reason: "the gateway says that it did not arrive: unreachable"},
			{ProviderID: "id-3", Status: "gone", Reason: "the gateway says that it did not arrive"}}
		if fmt.Sprint(answer.Receipts) != fmt.Sprint(want) {
			t.Errorf("%s: %+v", name, answer.Receipts)
		}
	}
	// Without a key nobody's signature counts, that of the empty key neither.
	p = sdktest.Start(t, New(), newGateway(t).config(func(c map[string]any) { delete(c, "receipt_key") }))
	r := &sdk.CallbackRequest{InstanceID: sdktest.InstanceID, Route: receiptsPath, Body: []byte(good), Header: http.Header{header: {sign("", now, []byte(good))}}}
	if answer, err := p.HandleCallback(t.Context(), r); err != nil || answer.Status != 401 {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(configSchema)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", v); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	base := `{"url": "https://sms.bank.example/v1/messages", "signing_key": "` + signingKey + `"`
	for raw, pointer := range map[string]string{ // pointer of a problem; "ok" for none
		base + `}`: "ok",
		base + `, "kinds": ["sms", "voice"], "bearer": "x", "timeout": "900ms", "receipt_key": "` + receiptKey + `", "health_url": "https://a.example/"}`: "ok",
		`{}`:                                   "/url",
		`{"url": "https://sms.bank.example/"}`: "/signing_key",
		`{"url": "http://sms.bank.example/", "signing_key": "` + signingKey + `"}`: "/url",
		base + `, "kinds": []}`:                         "/kinds",
		base + `, "kinds": ["fax"]}`:                    "/kinds/0",
		base + `, "timeout": "10s"}`:                    "/timeout",
		base + `, "receipt_key": "short"}`:              "/receipt_key",
		base + `, "receipt_key": "` + signingKey + `"}`: "/receipt_key",
		base + `, "ca_file": "ca.pem"}`:                 "/ca_file",
		base + `, "ca_file": "/nowhere"}`:               "/ca_file",
		base + `, "client_key_file": "/nowhere"}`:       "/client_key_file",
		base + `, "health_url": "file:///etc/passwd"}`:  "/health_url",
		base + `, "hostname": "x"}`:                     "/hostname",
	} {
		problems, err := New().ValidateConfig(context.Background(), sdk.Configuration{JSON: []byte(raw)})
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case pointer == "ok" && len(problems) > 0:
			t.Errorf("%s: %v", raw, problems)
		case pointer == "ok":
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
			if err == nil {
				err = schema.Validate(v)
			}
			if err != nil {
				t.Errorf("%s: the schema refuses it: %v", raw, err)
			}
		case len(problems) == 0 || problems[0].Pointer != pointer:
			t.Errorf("%s: problems %v, want one at %q", raw, problems, pointer)
		}
	}
}

// Whatever is given, only what holds the one good signature of its own time is believed.
func FuzzVerify(f *testing.F) {
	now := time.Unix(1_700_000_000, 0)
	f.Add(sign(receiptKey, now, []byte("body")), "body")
	f.Add("t=,v1=", "")
	f.Fuzz(func(t *testing.T, given, body string) {
		at, _, _ := strings.Cut(strings.TrimPrefix(given, "t="), ",")
		good := hex.EncodeToString(sum(receiptKey, at, []byte(body)))
		if verify(receiptKey, given, now, []byte(body)) && !strings.Contains(strings.ToLower(given), good) {
			t.Fatalf("%q is believed", given)
		}
	})
}
