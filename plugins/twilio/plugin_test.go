package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

const (
	testTo   = "+39333000111"
	testBody = "Codice 918273: è il tuo"
)

// logged is everything this package's tests make the plugin log.
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

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(logged, nil)))
	code := m.Run()
	for _, secret := range []string{testTo, testTo[1:], "918273", testToken, testSecret} {
		if strings.Contains(logged.String(), secret) {
			println("in the log: " + secret)
			code = 1
		}
	}
	os.Exit(code)
}

func configFor(f *fakeTwilio, change ...func(c map[string]any)) string {
	c := map[string]any{"account_sid": testAccount, "auth_token": testToken, "from": "+390200000000", "api_url": f.URL, "public_url": "https://id.bank.test/"}
	for _, f := range change {
		f(c)
	}
	raw, _ := json.Marshal(c)
	return string(raw)
}

func start(t *testing.T, change ...func(c map[string]any)) (*sdktest.Plugin, *fakeTwilio) {
	t.Helper()
	f := newTwilio(t)
	return sdktest.Start(t, New(), configFor(f, change...)), f
}

func message(key string) sdk.Message {
	return sdk.Message{InstanceID: sdktest.InstanceID, IdempotencyKey: key, Kind: "sms", To: testTo, Body: testBody, ExpiresAt: time.Now().Add(5 * time.Minute), Locale: "it"}
}

// send sends within a short deadline, and looks at what comes back.
func send(t *testing.T, p *sdktest.Plugin, m sdk.Message) (*sdk.SendResult, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	r, err := p.Send(ctx, m)
	said := ""
	if err != nil {
		said = err.Error()
	} else {
		said = r.Reason
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, secret := range []string{m.To, "39333000111", "918273", testToken} {
		if secret != "" && strings.Contains(said, secret) {
			t.Errorf("%q is in %q", secret, said)
		}
	}
	return r, err
}

func TestRulesOfEveryPlugin(t *testing.T) {
	t.Parallel()
	p, _ := start(t)
	sdktest.Run(t, p)
}

func TestTextMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(c map[string]any)
		want   url.Values
	}{
		"a number": {func(map[string]any) {}, url.Values{"From": {"+390200000000"}, "StatusCallback": {"https://id.bank.test/plugins/under-test/status"}}},
		"a service and an API key": {func(c map[string]any) {
			delete(c, "from")
			c["messaging_service_sid"], c["api_key_sid"], c["api_key_secret"] = testService, testKey, testSecret
		}, url.Values{"MessagingServiceSid": {testService}, "StatusCallback": {"https://id.bank.test/plugins/under-test/status"}}},
		"letters, without callbacks": {func(c map[string]any) { c["from"] = "Banca Uno"; delete(c, "public_url") }, url.Values{"From": {"Banca Uno"}}},
	} {
		p, f := start(t, c.change)
		r, err := send(t, p, message("k"))
		if err != nil || !r.Accepted || !strings.HasPrefix(r.ProviderID, "SM") {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		form := f.lastForm()
		if v := form.Get("ValidityPeriod"); v != "300" && v != "299" {
			t.Errorf("%s: validity %q", name, v)
		}
		c.want.Set("To", testTo)
		c.want.Set("Body", testBody)
		c.want.Set("ValidityPeriod", form.Get("ValidityPeriod"))
		if form.Encode() != c.want.Encode() {
			t.Errorf("%s: %v, want %v", name, form, c.want)
		}
	}
}

func TestEdgeAndRegion(t *testing.T) {
	t.Parallel()
	c, problems := parseConfig([]byte(`{"account_sid": "` + testAccount + `", "auth_token": "` + testToken + `", "from": "+390200000000", "edge": "dublin", "region": "ie1"}`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var host string
	a := account{Config: c, now: time.Now}
	api, call := a.api(t.Context())
	call.transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		host = r.URL.Host
		return nil, context.Canceled
	})
	_, _ = api.PageMessage(nil, "", "")
	if host != "api.dublin.ie1.twilio.com" {
		t.Errorf("asked %q", host)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRefusals(t *testing.T) {
	t.Parallel()
	p, f := start(t, func(c map[string]any) { c["prefixes"] = []string{"+39", "+41"} })
	for name, c := range map[string]struct {
		spoil                    func(*sdk.Message)
		permanent, gone, noAsked bool
		reason                   string
	}{
		"bad number":         {func(m *sdk.Message) { m.To = "+390000021211" }, true, false, false, "21211"},
		"unsubscribed":       {func(m *sdk.Message) { m.To = "+390000021610" }, true, false, false, "START"},
		"not mobile":         {func(m *sdk.Message) { m.To = "+390000021614" }, true, false, false, "21614"},
		"country closed":     {func(m *sdk.Message) { m.To = "+390000021408" }, false, false, false, "geographic permissions"},
		"sender cannot":      {func(m *sdk.Message) { m.To = "+390000021612" }, false, false, false, "21612"},
		"unheard-of code":    {func(m *sdk.Message) { m.To = "+390000099999" }, false, false, false, "29999"},
		"prefix":             {func(m *sdk.Message) { m.To = "+8823333" + "000111" }, true, false, true, "prefixes"},
		"no number":          {func(m *sdk.Message) { m.To = "" }, true, false, true, "form"},
		"not international":  {func(m *sdk.Message) { m.To = "333000111" }, true, false, true, "form"},
		"two numbers":        {func(m *sdk.Message) { m.To = testTo + "\n+39333000112" }, true, false, true, "form"},
		"another channel":    {func(m *sdk.Message) { m.To = "whatsapp:" + testTo }, true, false, true, "form"},
		"no text":            {func(m *sdk.Message) { m.Body = "" }, true, false, true, "no text"},
		"control characters": {func(m *sdk.Message) { m.Body = "a\x00b" }, true, false, true, "characters"},
		"too many segments":  {func(m *sdk.Message) { m.Body = strings.Repeat("ê", 4*67+1) }, true, false, true, "segments"},
		"too long":           {func(m *sdk.Message) { m.Body = strings.Repeat("a", 1601) }, true, false, true, "too long"},
		"too late":           {func(m *sdk.Message) { m.ExpiresAt = time.Now().Add(-time.Second) }, true, false, true, "after its time"},
		"push":               {func(m *sdk.Message) { m.Kind = "push" }, true, false, true, "sms and voice"},
		"no key":             {func(m *sdk.Message) { m.IdempotencyKey = "" }, true, false, true, "key"},
		"too long to say":    {func(m *sdk.Message) { m.Kind, m.Body = "voice", strings.Repeat("a", 1001) }, true, false, true, "too long"},
	} {
		m := message(name)
		c.spoil(&m)
		before := len(f.requests())
		r, err := send(t, p, m)
		if err != nil || r.Accepted || r.Permanent != c.permanent || r.Gone != c.gone || !strings.Contains(r.Reason, c.reason) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if asked := len(f.requests()) > before; asked == c.noAsked {
			t.Errorf("%s: Twilio was asked: %v", name, asked)
		}
	}
	if f.count() != 0 {
		t.Errorf("%d messages were made", f.count())
	}
}

// TestFaults: what the host may believe of a message after each way in which Twilio fails, and how many messages there are.
func TestFaults(t *testing.T) {
	t.Parallel()
	type outcome struct {
		accepted bool
		code     codes.Code // of the error; OK: none
		made     int
	}
	for name, c := range map[string]struct {
		create, list []fault
		want         outcome
	}{
		"429":                          {[]fault{{status: 429, code: 20429, header: http.Header{"Retry-After": {"3"}}}}, nil, outcome{false, codes.ResourceExhausted, 0}},
		"503":                          {[]fault{{status: 503, code: 20503}}, nil, outcome{false, codes.OK, 0}},
		"500, not taken":               {[]fault{{status: 500, code: 20500}}, nil, outcome{false, codes.OK, 0}},
		"500, taken":                   {[]fault{{status: 500, code: 20500, takes: true}}, nil, outcome{true, codes.OK, 1}},
		"502 of a gateway, taken":      {[]fault{{status: 502, body: "<html>", takes: true}}, nil, outcome{true, codes.OK, 1}},
		"500, and no list":             {[]fault{{status: 500, code: 20500}}, []fault{{status: 500, code: 20500}}, outcome{false, codes.DeadlineExceeded, 0}},
		"504, not there":               {[]fault{{status: 504, body: "x"}}, nil, outcome{false, codes.DeadlineExceeded, 0}},
		"504, taken":                   {[]fault{{status: 504, body: "x", takes: true}}, nil, outcome{true, codes.OK, 1}},
		"no answer, not taken":         {[]fault{{hangs: true}}, nil, outcome{false, codes.DeadlineExceeded, 0}},
		"no answer, taken":             {[]fault{{hangs: true, takes: true}}, nil, outcome{true, codes.OK, 1}},
		"no answer, taken, and hangs":  {[]fault{{hangs: true, takes: true}}, []fault{{hangs: true}}, outcome{false, codes.DeadlineExceeded, 1}},
		"cut off, not taken":           {[]fault{{}}, nil, outcome{false, codes.DeadlineExceeded, 0}},
		"cut off, taken":               {[]fault{{takes: true}}, nil, outcome{true, codes.OK, 1}},
		"201 with noise, taken":        {[]fault{{status: 201, body: "noise", takes: true}}, nil, outcome{true, codes.OK, 1}},
		"200 with nothing, not taken":  {[]fault{{status: 200, body: "{}"}}, nil, outcome{false, codes.DeadlineExceeded, 0}},
		"a redirect":                   {[]fault{{status: 307, header: http.Header{"Location": {"/elsewhere"}}}}, nil, outcome{false, codes.OK, 0}},
		"account suspended":            {[]fault{{status: 403, code: 20005}}, nil, outcome{false, codes.OK, 0}},
		"400 of something that is not": {[]fault{{status: 400, body: "<html>"}}, nil, outcome{false, codes.OK, 0}},
	} {
		for _, kind := range []string{"sms", "voice"} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				p, f := start(t)
				f.faults, f.lists = slices.Clone(c.create), slices.Clone(c.list)
				m := message("k")
				m.Kind = kind
				r, err := send(t, p, m)
				got := outcome{accepted: r != nil && r.Accepted, code: status.Code(err), made: f.count()}
				if got != c.want || r != nil && r.Permanent {
					t.Errorf("%+v, want %+v: %+v, %v", got, c.want, r, err)
				}
				if name == "429" && !strings.Contains(status.Convert(err).Proto().String(), "RetryInfo") {
					t.Errorf("when to come back is not said: %v", err)
				}
			})
		}
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	p, f := start(t)
	f.Close()
	if _, err := send(t, p, message("k")); status.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}
	if h, err := p.Check(t.Context(), sdktest.InstanceID); err != nil || h.OK {
		t.Errorf("%+v, %v", h, err)
	}
}

// TestLookedUpBeforeItIsSentAgain: another process of the plugin, which remembers nothing, is told that the message may have left.
func TestLookedUpBeforeItIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"sms", "voice"} {
		began := time.Now()
		again := func(f *fakeTwilio) (*sdk.SendResult, error) {
			m := message("k")
			m.Kind, m.MaybeSentSince = kind, began
			return send(t, sdktest.Start(t, New(), configFor(f)), m)
		}
		first := message("k")
		first.Kind = kind

		// It had been taken.
		p, f := start(t)
		f.faults, f.lists = []fault{{takes: true}}, []fault{{}}
		if _, err := send(t, p, first); status.Code(err) != codes.DeadlineExceeded {
			t.Fatalf("%s: %v", kind, err)
		}
		r, err := again(f)
		if err != nil || !r.Accepted || f.count() != 1 {
			t.Errorf("%s, taken: %+v, %v, %d made", kind, r, err, f.count())
		}
		// It cannot be asked: nobody sends blindly.
		f.lists = []fault{{status: 500, code: 20500}}
		if _, err := again(f); status.Code(err) != codes.DeadlineExceeded || f.count() != 1 {
			t.Errorf("%s, no list: %v, %d made", kind, err, f.count())
		}

		// It had not.
		p, f = start(t)
		f.faults, f.lists = []fault{{}}, []fault{{}}
		if _, err := send(t, p, first); status.Code(err) != codes.DeadlineExceeded {
			t.Fatalf("%s: %v", kind, err)
		}
		if r, err = again(f); err != nil || !r.Accepted || f.count() != 1 {
			t.Errorf("%s, not taken: %+v, %v, %d made", kind, r, err, f.count())
		}
	}
}

func TestWhatIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		members map[string]any // of the message in the account
		found   bool           // else another one is made
		result  sdk.SendResult
	}{
		"waiting":         {nil, true, sdk.SendResult{Accepted: true}},
		"delivered":       {map[string]any{"status": "delivered"}, true, sdk.SendResult{Accepted: true}},
		"trial":           {map[string]any{"body": "Sent from your Twilio trial account - " + testBody}, true, sdk.SendResult{Accepted: true}},
		"trimmed":         {map[string]any{"body": " " + testBody + "\r\n"}, true, sdk.SendResult{Accepted: true}},
		"undelivered":     {map[string]any{"status": "undelivered", "error_code": 30003}, true, sdk.SendResult{Permanent: true}},
		"unknown handset": {map[string]any{"status": "failed", "error_code": 30005}, true, sdk.SendResult{Permanent: true, Gone: true}},
		"another text":    {map[string]any{"body": "Codice 111111: è il tuo"}, false, sdk.SendResult{Accepted: true}},
		"earlier":         {map[string]any{"date_created": time.Now().Add(-time.Hour).UTC().Format(time.RFC1123Z)}, false, sdk.SendResult{Accepted: true}},
		"inbound":         {map[string]any{"direction": "inbound"}, false, sdk.SendResult{Accepted: true}},
		"no date":         {map[string]any{"date_created": nil}, false, sdk.SendResult{Accepted: true}},
		"no id":           {map[string]any{"sid": "x"}, false, sdk.SendResult{Accepted: true}},
		"text taken out":  {map[string]any{"body": ""}, false, sdk.SendResult{Accepted: true}},
	} {
		p, f := start(t)
		f.add("Messages", url.Values{"To": {testTo}, "Body": {testBody}})
		f.change(c.members)
		m := message("k")
		m.MaybeSentSince = time.Now()
		r, err := send(t, p, m)
		if err != nil || r.Accepted != c.result.Accepted || r.Permanent != c.result.Permanent || r.Gone != c.result.Gone || (f.count() == 1) != c.found {
			t.Errorf("%s: %+v, %v, %d made", name, r, err, f.count())
		}
	}
}

func TestAKeyIsSentOnce(t *testing.T) {
	t.Parallel()
	p, f := start(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if r, err := p.Send(t.Context(), message("same")); err != nil || !r.Accepted {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	wg.Wait()
	if f.count() != 1 {
		t.Errorf("%d messages were made", f.count())
	}
	if err := p.Configure(t.Context(), sdk.Configuration{InstanceID: sdktest.InstanceID, JSON: []byte(configFor(f, func(c map[string]any) { c["max_segments"] = 2 }))}); err != nil {
		t.Fatal(err)
	}
	if r, err := p.Send(t.Context(), message("same")); err != nil || !r.Accepted || f.count() != 1 {
		t.Errorf("after a new configuration: %+v, %v, %d made", r, err, f.count())
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(c map[string]any)
		list   []fault
		ok     bool
		says   string
	}{
		"well":              {func(map[string]any) {}, nil, true, ""},
		"without callbacks": {func(c map[string]any) { delete(c, "public_url") }, nil, true, "public_url"},
		"wrong token":       {func(c map[string]any) { c["auth_token"] = strings.Repeat("0", 32) }, nil, false, "20003"},
		"suspended":         {func(map[string]any) {}, []fault{{status: 403, code: 20005}}, false, "20005"},
		"not Twilio":        {func(map[string]any) {}, []fault{{status: 200, body: "<html>"}}, false, "not Twilio"},
		"a redirect":        {func(map[string]any) {}, []fault{{status: 302, body: "{}"}}, false, "not Twilio"},
		"broken":            {func(map[string]any) {}, []fault{{}}, false, "does not answer"},
	} {
		p, f := start(t, c.change)
		f.lists = c.list
		h, err := p.Check(t.Context(), sdktest.InstanceID)
		if err != nil || h.OK != c.ok || !strings.Contains(h.Message, c.says) || strings.Contains(h.Message, testTo) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
		if f.count() != 0 {
			t.Errorf("%s: something was sent", name)
		}
	}
}

func TestUnknownInstance(t *testing.T) {
	t.Parallel()
	p, _ := start(t)
	if err := p.Remove(t.Context(), sdktest.InstanceID); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Send(t.Context(), message("k")); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("%v", err)
	}
}
