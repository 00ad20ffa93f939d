package e2e_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// openidClientChecks are what clients/openid-client.mjs checks. They are listed here too, so that one which does not run is missed.
var openidClientChecks = []string{
	"discovery",
	"code, PKCE, state, nonce, client_secret_basic",
	"refresh rotates",
	"reuse of a refresh token ends the family",
	"reuse of a code ends what it gave",
	"a wrong PKCE verifier is refused",
	"a request without PKCE is refused",
	"client_secret_post, response_mode=form_post",
	"a public client, response_mode=fragment",
	"private_key_jwt",
	"client_credentials",
	"revocation",
	"single sign-on, prompt, max_age and step-up",
	"logout",
}

// openidClientPeople are who the script signs in.
var openidClientPeople = []string{"basic", "rotate", "reuse", "twice", "verifier", "post", "spa", "jwt", "resource", "revoke", "sso", "logout"}

// TestOpenIDClient signs people in at relying parties made of npm's openid-client. The script asks this test for every visit of a browser.
func TestOpenIDClient(t *testing.T) {
	t.Parallel()
	const installed = "clients/node_modules/openid-client"
	if _, err := os.Stat(installed); err != nil {
		t.Fatalf("npm's openid-client is not installed in provider/internal/e2e/%s: run `make test`, which installs what the tests need", installed)
	}
	private, public := newClientKey(t)
	in := serve(t,
		relyingParty("basic", nil),
		relyingParty("post", client{"token_endpoint_auth_method": "client_secret_post"}),
		relyingParty("spa", client{"token_endpoint_auth_method": "none"}),
		relyingParty("jwt", client{"token_endpoint_auth_method": "private_key_jwt", "jwks": public}),
		client{"client_id": "machine", "grant_types": []string{"client_credentials"}, "scopes": []string{"payments"}, "introspect_any": true},
	)
	people := map[string]*person{}
	for _, name := range openidClientPeople {
		people[name] = in.newPerson(t, name)
	}

	setup, err := json.Marshal(map[string]any{"issuer": in.issuer, "secrets": in.secret, "key": private, "callback": callback, "goodbye": "https://rp.bank.test/goodbye"})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "clients/openid-client.mjs")
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+filepath.Join(in.dir, "ca.pem"), "SETUP="+string(setup))
	toScript, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	fromScript, into := io.Pipe()
	cmd.Stdout = into
	script := launch(t, "clients/openid-client.mjs", cmd)
	go func() {
		<-script.done
		_ = into.Close()
	}()

	visitors := map[string]*visitor{}
	outcome, done := map[string]string{}, false
	for lines := bufio.NewScanner(fromScript); lines.Scan(); {
		line := decode[struct {
			Check, Error string
			Done         bool
			Visit        *struct{ URL, Visitor, Person string }
		}](t, lines.Bytes())
		switch {
		case line.Visit != nil:
			v := visitors[line.Visit.Visitor]
			if v == nil {
				v = in.visitor(t)
				visitors[line.Visit.Visitor] = v
			}
			answer, err := json.Marshal(v.signIn(line.Visit.URL, people[line.Visit.Person]))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := toScript.Write(append(answer, '\n')); err != nil {
				t.Fatal(err)
			}
		case line.Check != "":
			outcome[line.Check] = "passed"
			if line.Error != "" {
				outcome[line.Check] = line.Error
			}
		case line.Done:
			done = true
		}
	}
	for _, name := range openidClientChecks {
		t.Run(name, func(t *testing.T) {
			switch outcome[name] {
			case "passed":
			case "":
				t.Error("the script did not get here")
			default:
				t.Error(outcome[name])
			}
		})
	}
	if !done || len(outcome) != len(openidClientChecks) {
		t.Errorf("the script checked %d things of %d and ended with code %d: %s", len(outcome), len(openidClientChecks), script.code(), script.log.String())
	}
}

// newClientKey is a key of a relying party: the private one for it, the public set for its registration.
func newClientKey(t testing.TB) (private jose.JSONWebKey, public jose.JSONWebKeySet) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private = jose.JSONWebKey{Key: key, KeyID: "one", Algorithm: string(jose.ES256), Use: "sig"}
	return private, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private.Public()}}
}
