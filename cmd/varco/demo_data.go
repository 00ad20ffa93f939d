package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/examples/bank"
	"github.com/varco-id/varco/plugins/inbox"
	"github.com/varco-id/varco/provider"
)

// The relying parties of the demo.
const (
	bankClient    = "banca-demo"
	spaClient     = "demo-spa"     // public, in a browser, with PKCE
	webClient     = "demo-web"     // confidential, with a secret, asks for consent
	jwtClient     = "demo-jwt"     // confidential, with a key of its own
	serviceClient = "demo-service" // no people: client_credentials and introspection
)

// demo is one demo folder. Its exported fields are kept in demo.json.
type demo struct {
	dir, listen, bankListen string

	Secrets map[string]string `json:"secrets"`   // by client_id
	Key     json.RawMessage   `json:"key"`       // private JWK of demo-jwt
	Seed    string            `json:"totp_seed"` // base32
}

// person is somebody who can sign in.
type person struct {
	Name, Username, Password, Locale string
	totp                             bool
	phone                            string // E.164; of text messages and calls
	try                              map[string]string
}

// people are public; a demo that somebody else can reach is a demo for everybody.
var people = []person{
	{Name: "Anna Rossi", Username: "anna.rossi", Password: "cinque-gatti-blu-sul-tetto", Locale: "it",
		try: map[string]string{
			"it": "Entra con la sola password; poi chiedi l’autenticazione forte e collega un’app di codici, oppure crea una passkey nella pagina personale ed entra solo con quella.",
			"en": "Sign in with the password alone; then step up to strong authentication and bind a code app, or create a passkey on your own page and sign in with that alone.",
		}},
	{Name: "Mario Bianchi", Username: "mario.bianchi", Password: "otto-treni-lenti-verso-lecce", Locale: "it", totp: true,
		try: map[string]string{
			"it": "Entra con password e codice. Sbaglia cinque volte e guarda il blocco temporaneo.",
			"en": "Sign in with password and code. Fail five times and see the temporary block.",
		}},
	{Name: "Giulia Verdi", Username: "giulia.verdi", Password: "tre-lune-verdi-sopra-trento", Locale: "it", phone: "+393331234567",
		try: map[string]string{
			"it": "Entra con password e codice via SMS, poi con una telefonata; nella pagina personale aggiungi un indirizzo e-mail ed entra solo con quello. I messaggi arrivano qui.",
			"en": "Sign in with password and a code by SMS, then by a telephone call; on your own page add an e-mail address and sign in with that alone. Messages arrive here.",
		}},
}

// prepare makes the folder ready and returns the configuration.
func (d *demo) prepare(s *session) (*provider.Config, error) {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, fmt.Errorf("the demo's folder cannot be made: %w", err)
	}
	if err := d.remember(); err != nil {
		return nil, err
	}
	path := filepath.Join(d.dir, "varco.yaml")
	text, err := d.config()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(d.dir, "logo.svg"), bank.Logo, 0o600); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(d.inbox(), 0o700); err != nil {
		return nil, err
	}
	for id, secret := range d.Secrets {
		if err := os.WriteFile(filepath.Join(d.dir, id+".secret"), []byte(secret), 0o600); err != nil {
			return nil, err
		}
	}
	config, err := provider.Load(path, nil) // the demo is the same whatever the environment
	if err != nil {
		return nil, err
	}
	return config, d.addPeople(s, config)
}

// remember reads what an earlier demo made, or makes it.
func (d *demo) remember() error {
	path := filepath.Join(d.dir, "demo.json")
	raw, err := os.ReadFile(path)
	if err == nil {
		return json.Unmarshal(raw, d)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d.Secrets = map[string]string{}
	for _, id := range []string{bankClient, webClient, serviceClient} {
		d.Secrets[id] = base64.RawURLEncoding.EncodeToString(random(32))
	}
	d.Seed = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random(20))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if d.Key, err = json.Marshal(jose.JSONWebKey{Key: key, KeyID: "demo", Algorithm: "ES256", Use: "sig"}); err != nil {
		return err
	}
	if raw, err = json.MarshalIndent(d, "", "  "); err != nil {
		return err
	}
	kek := base64.StdEncoding.EncodeToString(random(32))
	if err := os.WriteFile(filepath.Join(d.dir, "kek.key"), []byte(kek+"\n"), 0o600); err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o600)
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}

// issuer is on localhost and the bank on 127.0.0.1: two sites, as in real life, that share no cookie.
func (d *demo) issuer() string  { return "http://localhost:" + port(d.listen) }
func (d *demo) bankURL() string { return "http://127.0.0.1:" + port(d.bankListen) }

// inbox is the folder that the demo's messages land in.
func (d *demo) inbox() string { return filepath.Join(d.dir, "inbox") }

func port(address string) string {
	_, p, _ := net.SplitHostPort(address) // it came from a listener
	return p
}

// config writes the configuration of the demo: JSON, which is YAML.
func (d *demo) config() ([]byte, error) {
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(d.Key); err != nil {
		return nil, fmt.Errorf("demo.json was changed: %w", err)
	}
	type object = map[string]any
	secret := func(id string, more object) object {
		more["client_id"], more["secret_file"] = id, id+".secret"
		return more
	}
	code := []string{"authorization_code", "refresh_token"}
	// Applications on a developer's machine come back to any port of it (RFC 8252 section 7.3).
	loopback := []string{"http://127.0.0.1/callback", "http://127.0.0.1/"}
	return json.MarshalIndent(object{
		"issuer": d.issuer(), "development": true, "listen": d.listen, "data_dir": ".",
		"sealing": object{"kek": []object{{"file": "kek.key"}}},
		"plugins": object{"password": object{}, "totp": object{}, "inbox": object{"config": object{"directory": d.inbox()}},
			"sms-otp":      object{"config": object{"brand": "Banca Demo", "default_region": "IT"}},
			"email-otp":    object{"config": object{"brand": "Banca Demo"}},
			"passkey":      object{"config": object{"rp_name": "Banca Demo"}},
			"security-key": object{"config": object{"rp_name": "Banca Demo"}},
		},
		"policy": object{
			"levels": []object{
				{"acr": provider.ACROneFactor, "any_of": [][]string{{"password"}, {"email-otp"}}, "factors": 1},
				{"acr": provider.ACRStrong, "any_of": [][]string{{"password", "totp"}, {"password", "sms-otp/sms"}, {"password", "sms-otp/voice"}, {"password", "security-key"}, {"passkey"}}, "factors": 2},
			},
			"default": provider.ACROneFactor, "bind_at_login": []string{"totp", "sms-otp/sms", "security-key", "passkey"},
		},
		"clients": []object{
			secret(bankClient, object{"client_name": "Banca Demo", "grant_types": code, "redirect_uris": []string{d.bankURL() + "/callback"},
				"post_logout_redirect_uris": []string{d.bankURL() + "/"}}),
			{"client_id": spaClient, "client_name": "Demo SPA", "token_endpoint_auth_method": "none", "grant_types": code, "native": true,
				"redirect_uris": loopback, "post_logout_redirect_uris": loopback},
			secret(webClient, object{"client_name": "Demo Web", "grant_types": code, "native": true, "consent": "explicit",
				"redirect_uris": loopback, "post_logout_redirect_uris": loopback}),
			{"client_id": jwtClient, "client_name": "Demo JWT", "token_endpoint_auth_method": "private_key_jwt", "grant_types": code, "native": true,
				"redirect_uris": loopback, "post_logout_redirect_uris": loopback, "jwks": jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}}},
			secret(serviceClient, object{"client_name": "Demo Service", "grant_types": []string{"client_credentials"}, "scopes": []string{"accounts"}, "introspect_any": true}),
		},
		"brand": object{"name": "Banca Demo", "logo": "logo.svg", "support": "tel:+390200000000", "colours": object{"accent": "#0f5c4c", "accent_dark": "#6fd3b4"}}, "locales": []string{"it", "en"},
		"time_zone": "Europe/Rome",
	}, "", "  ")
}

// addPeople adds those who are not there yet.
func (d *demo) addPeople(s *session, config *provider.Config) error {
	admin, err := provider.OpenAdmin(s, config)
	if err != nil {
		return err
	}
	defer admin.Close()
	for _, p := range people {
		_, err := provider.SubscriberShow.Do(s, admin, provider.ByID{ID: p.Username})
		if provider.ErrorKind(err) != "not_found" {
			if err != nil {
				return err
			}
			continue
		}
		s.say("Adding %s …", p.Name)
		credentials := map[string]json.RawMessage{"password": mustJSON(map[string]string{"password": p.Password})}
		if p.totp {
			credentials["totp"] = mustJSON(map[string]string{"secret": d.Seed})
		}
		if p.phone != "" {
			credentials["sms-otp"] = mustJSON(map[string]string{"phone": p.phone})
		}
		if _, err := provider.SubscriberAdd.Do(s, admin, provider.NewSubscriber{Username: p.Username, Locale: p.Locale,
			Claims: map[string]any{"name": p.Name, "email": p.Username + "@example.com"}, Credentials: credentials}); err != nil {
			return err
		}
	}
	return nil
}

func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only texts are passed
	}
	return raw
}

// otpauth is the address that code apps read from a QR code.
func (d *demo) otpauth(p person) string {
	return "otpauth://totp/" + url.PathEscape("Banca Demo:"+p.Username) + "?" + url.Values{"secret": {d.Seed}, "issuer": {"Banca Demo"}}.Encode()
}

// sent is the code of the newest message to an address that still counts; empty when there is none.
func (d *demo) sent(to string, now time.Time) string {
	entries, err := inbox.Read(d.inbox())
	if err != nil {
		return ""
	}
	for _, e := range slices.Backward(entries) {
		if e.To == to && now.Before(e.ExpiresAt) {
			return sixDigits.FindString(e.Body)
		}
	}
	return ""
}

// sixDigits finds the code of a message; a call has it digit by digit.
var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b|\b[0-9](?:, [0-9]){5}\b`)

// tips are what the bank's page "what to try" shows.
func (d *demo) tips(lang string) []bank.Tip {
	var tips []bank.Tip
	for _, p := range people {
		t := bank.Tip{Name: p.Name, Username: p.Username, Password: p.Password, Try: p.try[lang]}
		if p.totp {
			t.Code = d.code(time.Now())
		}
		if p.phone != "" {
			t.Code = d.sent(p.phone, time.Now())
		}
		tips = append(tips, t)
	}
	return tips
}
