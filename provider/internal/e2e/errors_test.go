package e2e_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// TestErrorPages opens what people must not be able to go on from. Every error page has a reference, which the log has too.
func TestErrorPages(t *testing.T) {
	t.Parallel()
	demo := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	browser := webtest.Browser(t)
	d, other := newDesk(t, browser, "en"), newDesk(t, browser, "en")
	begin := func(more url.Values) string {
		q := url.Values{"client_id": {"demo-spa"}, "redirect_uri": {"http://127.0.0.1/callback"}, "response_type": {"code"}, "scope": {"openid"},
			"code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256"}}
		for k, v := range more {
			q[k] = v
		}
		return demo.issuer + "/authorize?" + q.Encode()
	}
	other.open(begin(nil))
	other.shows(nameField)
	elsewhere := other.url()

	const nothing = "an address of nothing" // which scanners ask for all day: it is not logged
	for name, at := range map[string]struct {
		address, title string
		status         int
	}{
		"an unknown relying party": {begin(url.Values{"client_id": {"nobody"}}), "We do not know this site", http.StatusBadRequest},
		"a strange redirect URI":   {begin(url.Values{"redirect_uri": {"https://evil.test/"}}), "We cannot send you back there", http.StatusBadRequest},
		"no relying party":         {demo.issuer + "/authorize", "Something is wrong with the link", http.StatusBadRequest},
		"a login of nobody":        {demo.issuer + "/login/i-r67xuciUmfr9jqHZBlTA", "This sign-in cannot be continued", http.StatusNotFound},
		"another browser's login":  {elsewhere, "This sign-in cannot be continued", http.StatusNotFound},
		nothing:                    {demo.issuer + "/nothing", "Page not found", http.StatusNotFound},
		"a strange logout":         {demo.issuer + "/logout?id_token_hint=x", "Sign-out not possible", http.StatusBadRequest},
	} {
		d.open(at.address)
		if got := d.read("h1"); got != at.title {
			t.Errorf("%s: %q", name, got)
		}
		if got := d.url(); !strings.HasPrefix(got, demo.issuer+"/") {
			t.Errorf("%s: the browser was sent to %s", name, got)
		}
		res, err := demo.http.Get(at.address)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != at.status {
			t.Errorf("%s: status %d", name, res.StatusCode)
		}
		reference := d.read(".reference")
		if !regexp.MustCompile(`^\w{8,}$`).MatchString(reference) {
			t.Errorf("%s: the reference is %q", name, reference)
		} else if name != nothing && !strings.Contains(demo.log(t), reference) {
			t.Errorf("%s: the log does not have the reference %s", name, reference)
		}
	}
}
