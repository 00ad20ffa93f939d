package op_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/id"
)

func (e *env) ended(sessionID string) bool {
	e.Helper()
	s, err := e.store.Session(e.Context(), e.store, sessionID)
	must(e.T, err)
	return !s.EndedAt.IsZero()
}

const bye = "https://rp.bank.test/bye"

func forgets(w *httptest.ResponseRecorder) bool {
	for _, c := range w.Result().Cookies() {
		if c.Name == "session" && c.MaxAge < 0 {
			return true
		}
	}
	return false
}

func TestLogoutWithHintReturnsWithState(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p)
	w := e.get("/logout", url.Values{"id_token_hint": {got.ID}, "post_logout_redirect_uri": {bye}, "state": {"a&b=c é"}}, e.sessionCookie(e.session))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != bye+"?state=a%26b%3Dc+%C3%A9" || !forgets(w) {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	if !e.ended(e.session) {
		t.Error("the session lives")
	}
	e.wantEvent(p.ClientID, "session.ended")
	e.wantError(e.userinfo(got.Access), 401, "invalid_token")
	e.wantError(e.post("/token", p.refresh(got.Refresh), p.auth), 400, "invalid_grant")
}

func TestLogoutAcceptsAnExpiredHint(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p)
	e.clock.Advance(3 * time.Hour)
	w := e.get("/logout", url.Values{"id_token_hint": {got.ID}, "post_logout_redirect_uri": {bye}, "client_id": {p.ClientID}}, e.sessionCookie(e.session))
	if w.Header().Get("Location") != bye || !e.ended(e.session) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A hint that is not ours, or not this client's, ends nothing and leads nowhere.
func TestLogoutRefusesAnAlteredHint(t *testing.T) {
	e := newEnv(t)
	p, other := e.add(nil), e.add(nil)
	got := e.login(p)
	hints := append([]string{got.ID[:len(got.ID)-4] + "AAAA", swapPayload(got.ID, e.login(other).ID), got.Access}, hostilePayloads...)
	for _, hint := range hints {
		w := e.get("/logout", url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {bye}}, e.sessionCookie(e.session))
		if w.Code != 400 || w.Body.String() != "error page logout" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	w := e.get("/logout", url.Values{"id_token_hint": {got.ID}, "client_id": {other.ClientID}}, e.sessionCookie(e.session))
	if w.Code != 400 {
		t.Errorf("another client's hint: %d %s", w.Code, w.Body)
	}
	if e.ended(e.session) {
		t.Error("the session ended")
	}
}

func TestLogoutURIMustMatchExactly(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p)
	for _, uri := range []string{bye + "/", bye + "?x=1", "https://evil.test/bye", strings.ToUpper(bye), callback, "//evil.test", bye + "#x"} {
		w := e.get("/logout", url.Values{"id_token_hint": {got.ID}, "post_logout_redirect_uri": {uri}}, e.sessionCookie(e.session))
		if w.Code != 400 || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d %v", uri, w.Code, w.Header())
		}
	}
	// Without a client there is nothing to compare with.
	if w := e.get("/logout", url.Values{"post_logout_redirect_uri": {bye}}); w.Code != 400 {
		t.Errorf("without a client: %d", w.Code)
	}
	if w := e.get("/logout", url.Values{"client_id": {"nobody"}}); w.Code != 400 || w.Body.String() != "error page invalid_client" {
		t.Errorf("unknown client: %d %s", w.Code, w.Body)
	}
	if e.ended(e.session) {
		t.Error("the session ended")
	}
}

func TestLogoutWithoutHintAsksThePerson(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	q := url.Values{"client_id": {p.ClientID}, "post_logout_redirect_uri": {bye}, "state": {"s"}, "ui_locales": {"it"}}
	w := e.get("/logout", q, e.sessionCookie(e.session))
	if w.Body.String() != "confirm page" || e.ended(e.session) || forgets(w) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	page := e.pages.confirmed
	if page.Client == nil || page.Client.ClientID != p.ClientID || page.Action != "/logout" || strings.Join(page.Locales, " ") != "it" {
		t.Errorf("page %+v", page)
	}
	form := url.Values{}
	for _, f := range page.Fields {
		form.Set(f[0], f[1])
	}
	same := header("Sec-Fetch-Site", "same-origin")
	if w = e.post("/logout", form, same, e.sessionCookie(e.session)); w.Header().Get("Location") != bye+"?state=s" || !forgets(w) || !e.ended(e.session) {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// Another site cannot give the confirmation, by whatever it sends.
func TestLogoutConfirmationIsOurs(t *testing.T) {
	e := newEnv(t)
	form := url.Values{"confirm": {"yes"}}
	for name, f := range map[string]func(*http.Request){
		"cross-site": header("Sec-Fetch-Site", "cross-site"), "same-site": header("Sec-Fetch-Site", "same-site"), "typed": header("Sec-Fetch-Site", "none"),
		"other origin": header("Origin", "https://evil.test"), "null origin": header("Origin", "null"), "neither header": func(*http.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := e.post("/logout", form, f, e.sessionCookie(e.session))
			if w.Code != http.StatusSeeOther || strings.Contains(w.Header().Get("Location"), "confirm") {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			w = e.get("/logout", form, f, e.sessionCookie(e.session))
			if w.Body.String() != "confirm page" {
				t.Errorf("by GET: %d %s", w.Code, w.Body)
			}
		})
	}
	if e.ended(e.session) {
		t.Fatal("the session ended")
	}
	if w := e.post("/logout", form, header("Origin", issuer), e.sessionCookie(e.session)); w.Body.String() != "signed out page" || !e.ended(e.session) {
		t.Errorf("an old browser's own form: %d %s", w.Code, w.Body)
	}
}

// Somebody else is signed in than the hint says: the relying party does not speak for them.
func TestLogoutOfAnotherSubjectAsks(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p)
	first := e.session
	e.addSubscriber()
	w := e.get("/logout", url.Values{"id_token_hint": {got.ID}, "post_logout_redirect_uri": {bye}}, e.sessionCookie(e.session))
	if w.Body.String() != "confirm page" || e.ended(e.session) || e.ended(first) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A post from the relying party comes without our SameSite=Lax cookie, and is repeated as a GET that has it.
func TestLogoutByPost(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p)
	w := e.post("/logout", url.Values{"id_token_hint": {got.ID}, "post_logout_redirect_uri": {bye}}, header("Sec-Fetch-Site", "cross-site"))
	loc := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(loc, "/logout?") || forgets(w) {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	r := httptest.NewRequest(http.MethodGet, issuer+loc, nil)
	e.sessionCookie(e.session)(r)
	if w = e.do(r); w.Header().Get("Location") != bye || !e.ended(e.session) {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// A hint without the browser's session ends nothing: an id_token found in a log must not sign anybody out.
func TestLogoutWithoutSession(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p)
	if w := e.get("/logout", url.Values{"id_token_hint": {got.ID}, "post_logout_redirect_uri": {bye}}); w.Header().Get("Location") != bye {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := e.get("/logout", nil); w.Body.String() != "signed out page" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, id := range []string{id.New(), "x"} { // one of ours that does not exist, one that cannot be
		if w := e.get("/logout", nil, e.sessionCookie(id)); w.Body.String() != "signed out page" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if e.ended(e.session) {
		t.Error("the session ended")
	}
	must(t, e.store.EndSession(t.Context(), e.store, e.session, e.clock.Now()))
	if w := e.get("/logout", nil, e.sessionCookie(e.session)); w.Body.String() != "signed out page" || !forgets(w) {
		t.Errorf("ended before: %d %s", w.Code, w.Body)
	}
}

func TestLogoutRefusesBadParameters(t *testing.T) {
	e := newEnv(t)
	for _, q := range []url.Values{{"state": {"a", "b"}}, {"state": {"\x00"}}, {"id_token_hint": {strings.Repeat("x", 20000)}}} {
		if w := e.get("/logout", q, e.sessionCookie(e.session)); w.Code != 400 || w.Body.String() != "error page bad_request" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}
