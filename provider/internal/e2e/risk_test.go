package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fraudEngine is a bank's own, which answers in its own words.
type fraudEngine struct {
	*httptest.Server
	mu    sync.Mutex
	say   string // what it answers; empty: nothing, ever
	asked []map[string]any
}

func newFraudEngine(t *testing.T, token string) *fraudEngine {
	t.Helper()
	e := &fraudEngine{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q map[string]any
		if json.NewDecoder(r.Body).Decode(&q) != nil || r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		e.mu.Lock()
		say := e.say
		e.asked = append(e.asked, q)
		e.mu.Unlock()
		if say == "" {
			<-r.Context().Done()
			return
		}
		_, _ = io.WriteString(w, say) // Varco went away
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *fraudEngine) says(answer string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.say = answer
}

// A bank's fraud engine is asked before people are signed in: it lets pass, asks for more, refuses, or says nothing.
func TestRisk(t *testing.T) {
	t.Parallel()
	in := install(t, relyingParty("web", nil))
	token := randomText(24)
	in.canary.keep("token of the fraud engine", token)
	write(t, filepath.Join(in.dir, "fraud.token"), []byte(token))
	engine := newFraudEngine(t, token)
	in.config["plugins"] = map[string]any{"password": map[string]any{}, "totp": map[string]any{}, "fraud": map[string]any{
		"plugin": "risk-http", "attributes": []string{"email"}, "secrets": map[string]any{"bearer": map[string]any{"file": "fraud.token"}},
		"config": map[string]any{"url": engine.URL + "/v2/score", "reasons_pointer": "/why",
			"verdict": map[string]any{"pointer": "/decision", "allow": []string{"ACCEPT"}, "step_up": []string{"REVIEW"}, "deny": []string{"REJECT"}}},
	}}
	in.config["risk"] = []any{map[string]any{"source": "fraud", "operations": []string{"sign_in"}, "deadline": "400ms"}}
	in.save(t)
	in.start(t)
	anna, web := in.newPerson(t, "anna"), in.goClient(t, "web")
	bruno := in.newPerson(t, "bruno") // an app has three codes at once, and the test needs four
	signsIn := func(p *person, want string) {
		t.Helper()
		var claims struct{ ACR string }
		if err := web.login(p).id.Claims(&claims); err != nil {
			t.Fatal(err)
		}
		if claims.ACR != want {
			t.Errorf("signed in with %s, want %s", claims.ACR, want)
		}
	}

	engine.says(`{"decision": "ACCEPT"}`)
	signsIn(anna, acrOne)
	engine.mu.Lock()
	q := engine.asked[0]
	engine.mu.Unlock()
	if q["operation"] != "sign_in" || q["subject"] != anna.ID || q["client"] != "web" || q["address"] != "127.0.0.1" ||
		q["attributes"].(map[string]any)["email"] != "anna@bank.test" || len(q["attributes"].(map[string]any)) != 1 {
		t.Errorf("the engine was asked %v", q)
	}
	engine.says(`{"decision": "REVIEW", "why": ["a new country"]}`)
	signsIn(anna, acrStrong)

	engine.says(`{"decision": "REJECT", "why": ["a list of stolen phones"]}`)
	visitor := in.visitor(t)
	request := web.begin()
	visitor.open(request.url)
	visitor.answer(anna)
	if visitor.page == nil || visitor.page.status != http.StatusForbidden || strings.Contains(visitor.page.text, "stolen") {
		t.Fatalf("refused by %+v", visitor.page)
	}
	back, b := visitor.page.button("Cancel and go back to Prova web")
	if back == nil {
		t.Fatalf("no way back from %s", visitor.page.text)
	}
	visitor.submit(back, b, nil)
	if got := visitor.left.params(); got.Get("error") != "access_denied" || got.Get("code") != "" || got.Get("state") != request.state || strings.Contains(visitor.left.URL, "stolen") {
		t.Errorf("the relying party gets %v", got)
	}

	engine.says("")
	signsIn(bruno, acrStrong)
	engine.says(`{"decision": "PERHAPS"}`)
	signsIn(bruno, acrStrong)
	engine.CloseClientConnections()
	engine.Close()
	signsIn(bruno, acrStrong)

	waitFor(t, "the verdicts are sealed", func() bool {
		out, _ := in.command("audit", "export").Output()
		for _, want := range []string{`"a new country"`, `"reasons":"a list of stolen phones"`, `"fault":"deadline"`, `"fault":"unavailable"`, `"login.refused"`} {
			if !bytes.Contains(out, []byte(want)) {
				return false
			}
		}
		return true
	})
	res, err := in.http.Get(in.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	metrics, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`verdict="allow"} 1`, `silent="true",source="fraud",verdict="step_up"} 3`, `verdict="deny"} 1`} {
		if !strings.Contains(string(metrics), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
