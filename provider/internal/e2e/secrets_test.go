package e2e_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/oauth2"
)

// TestNoSecretIsWritten does all that secrets take part in and then looks for them in every file, log and export of the installation. What is
// derived or sealed must not be found in clear anywhere but in the files that the operator keeps secrets in.
func TestNoSecretIsWritten(t *testing.T) {
	t.Parallel()
	in := install(t, relyingParty("web", nil), relyingParty("post", client{"token_endpoint_auth_method": "client_secret_post", "access_token_format": "opaque"}))
	p := in.start(t)
	gina := in.newPerson(t, "gina")
	for _, id := range []string{"web", "post"} {
		c := in.goClient(t, id)
		got := c.login(gina, oauth2.SetAuthURLParam("acr_values", acrStrong))
		got = c.refresh(got.RefreshToken)
		if _, err := c.provider.UserInfo(c.context(), oauth2.StaticTokenSource(got.Token)); err != nil {
			t.Fatal(err)
		}
	}
	// What people mistype is next to what they meant.
	mistyped := &person{Username: gina.Username, Password: "almost " + gina.Password}
	in.canary.keep("a mistyped password", mistyped.Password)
	v := in.visitor(t)
	v.open(in.goClient(t, "web").begin().url)
	v.answer(mistyped)
	// Credentials in a URL or of the wrong kind are refused, and not logged either.
	_ = v.request("GET", in.issuer+"/userinfo?access_token="+gina.Password, nil)
	_ = v.request("POST", in.issuer+"/token?client_secret="+in.secret["web"], map[string][]string{"grant_type": {gina.Password}, "code": {mistyped.Password}})

	// The log is sealed each second; the failure is the last event.
	var export []byte
	waitFor(t, "the audit export has the failure", func() bool {
		export, _ = in.command("audit", "export").Output() // fails while nothing is sealed
		return bytes.Contains(export, []byte("login.step_failed"))
	})
	in.canary.check(t, "the audit export", export)
	in.canary.check(t, "subscriber show", in.varco(t, "", "subscriber", "show", "gina"))
	in.canary.check(t, "client list", in.varco(t, "", "client", "list"))
	res, err := in.http.Get(in.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	in.canary.check(t, "the metrics", readAll(t, res.Body))

	files, found := 0, false
	look := func(when string) {
		t.Helper()
		err := filepath.WalkDir(filepath.Join(in.dir, "data"), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if err == nil {
				files++
				found = found || bytes.Contains(text, []byte("Persona gina"))
				in.canary.check(t, when+" the file "+filepath.Base(path), text)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	look("with the server running,")
	p.end(os.Interrupt)
	look("with the server stopped,")
	if !found { // her name is no secret, and stands where secrets would
		t.Errorf("in the %d files not even what may be there was found", files)
	}
}
