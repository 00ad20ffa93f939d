package e2e_test

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// apacheConfig is a whole configuration of Debian's Apache: two folders behind mod_auth_openidc, one for whoever signed in, one for strong
// authentication alone, which the module asks the provider for when the claim is missing.
var apacheConfig = template.Must(template.New("apache").Parse(`
ServerRoot {{.Dir}}
ServerName 127.0.0.1
Listen {{.Address}}
PidFile {{.Dir}}/pid
ErrorLog /dev/stderr
LogLevel warn auth_openidc:info
{{if .User}}User {{.User}}
Group {{.Group}}
{{end}}Mutex file:{{.Dir}} default
{{range .Modules}}LoadModule {{.}}_module /usr/lib/apache2/modules/mod_{{.}}.so
{{end}}
TypesConfig /dev/null
DocumentRoot {{.Dir}}/htdocs
<Directory {{.Dir}}/htdocs>
  Options +Includes
  AddType text/html .html
  AddOutputFilter INCLUDES .html
  Require all granted
</Directory>

OIDCProviderMetadataURL {{.Issuer}}/.well-known/openid-configuration
OIDCCABundlePath {{.Dir}}/ca.pem
OIDCClientID apache
OIDCClientSecret {{.Secret}}
OIDCRedirectURI {{.URL}}/protected/callback
OIDCCryptoPassphrase {{.Passphrase}}
OIDCScope "openid profile email"
OIDCPKCEMethod S256
OIDCRemoteUserClaim email
OIDCProviderTokenEndpointAuth client_secret_basic

<Location /protected/>
  AuthType openid-connect
  Require valid-user
</Location>
<Location /vault/>
  AuthType openid-connect
  Require claim acr:urn:varco:sca
  OIDCUnAutzAction auth
  OIDCPathAuthRequestParams acr_values=urn:varco:sca
</Location>
`))

const apachePage = `<!doctype html><html lang="en"><head><title>Protected</title><link rel="icon" href="data:,"></head><body><main><h1>Protected</h1>
<p id="user"><!--#echo var="REMOTE_USER" --></p>
<p id="sub"><!--#echo var="OIDC_CLAIM_sub" --></p>
<p id="name"><!--#echo var="OIDC_CLAIM_name" --></p>
<p id="acr"><!--#echo var="OIDC_CLAIM_acr" --></p>
</main></body></html>
`

// TestApache protects pages with Debian's mod_auth_openidc and opens them in Chromium.
func TestApache(t *testing.T) {
	t.Parallel()
	const apache2, module = "/usr/sbin/apache2", "/usr/lib/apache2/modules/mod_auth_openidc.so"
	for _, path := range []string{apache2, module} {
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("%s is not installed: run `make test`, which installs what the tests need", path)
		}
	}
	address := freeAddress(t)
	site := "http://" + address
	in := install(t, relyingParty("apache", client{"redirect_uris": []string{site + "/protected/callback"}, "post_logout_redirect_uris": []string{site + "/goodbye.html"}}))
	in.start(t)
	irene := in.newPerson(t, "irene")
	startApache(t, in, apache2, address)

	d := newDesk(t, webtest.Browser(t), "en")
	d.open(site + "/protected/page.html?a=1&b=2")
	d.at(in.issuer)
	d.identify(irene)
	d.at(site + "/protected/page.html?a=1&b=2")
	for id, want := range map[string]string{"#user": "irene@bank.test", "#sub": irene.ID, "#name": "Persona irene", "#acr": acrOne} {
		if got := d.read(id); got != want {
			t.Errorf("the protected page shows %s %q instead of %q", id, got, want)
		}
	}

	d.open(site + "/vault/page.html")
	d.confirm(irene)
	d.at(site + "/vault/page.html")
	if got := d.read("#acr"); got != acrStrong {
		t.Errorf("the vault shows acr %q", got)
	}

	d.open(site + "/protected/callback?logout=" + url.QueryEscape(site+"/goodbye.html"))
	d.at(site + "/goodbye.html")
	d.open(site + "/protected/page.html")
	d.at(in.issuer)
	d.shows(passwordField)
}

// startApache runs Apache in the foreground from a folder of its own, as root or not.
func startApache(t testing.TB, in *installation, apache2, address string) {
	t.Helper()
	// Not t.TempDir, which only the test's user can enter: Apache's workers are somebody else when it is started by root.
	dir, err := os.MkdirTemp("", "varco-apache-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	put := func(name string, text []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(in.dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	put("ca.pem", ca)
	put("htdocs/protected/page.html", []byte(apachePage))
	put("htdocs/vault/page.html", []byte(apachePage))
	put("htdocs/goodbye.html", []byte(`<!doctype html><html lang="en"><title>Goodbye</title><link rel="icon" href="data:,"><main><h1>Goodbye</h1></main>`))
	values := map[string]any{"Dir": dir, "Address": address, "URL": "http://" + address, "Issuer": in.issuer, "Secret": in.secret["apache"], "Passphrase": randomText(18),
		"Modules": []string{"mpm_event", "authn_core", "authz_core", "authz_user", "mime", "include", "auth_openidc"}}
	if os.Geteuid() == 0 {
		values["User"], values["Group"] = "www-data", "www-data"
	}
	var config strings.Builder
	if err := apacheConfig.Execute(&config, values); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "apache.conf")
	write(t, file, []byte(config.String()))
	p := launch(t, "apache2", exec.Command(apache2, "-f", file, "-DFOREGROUND"))
	waitFor(t, "Apache answers", func() bool {
		if !p.running() {
			t.Fatalf("apache2 ended: %v\n%s", p.err, p.log.String())
		}
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		_ = conn.Close()
		res, err := http.Get("http://" + address + "/goodbye.html")
		if err != nil {
			return false
		}
		return res.Body.Close() == nil && res.StatusCode == http.StatusOK
	})
}
