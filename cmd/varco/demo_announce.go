package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/varco-id/varco/provider"
)

// announcement is what `varco demo -o json` prints, once, when everything answers.
type announcement struct {
	Issuer  string       `json:"issuer"`
	Bank    string       `json:"bank"`
	Account string       `json:"account"`
	People  []demoPerson `json:"people"`
	Clients []demoClient `json:"clients"`
	Config  string       `json:"config"`
	Log     string       `json:"log"`
	Inbox   string       `json:"inbox"` // folder of the e-mails and SMS that were "sent"
	PID     int          `json:"pid"`
	Warning string       `json:"warning"`
}

type demoPerson struct {
	Name       string `json:"name"`
	Username   string `json:"username"`
	Password   string `json:"password"`
	TOTPSecret string `json:"totp_secret,omitempty"` // base32
	OTPAuth    string `json:"otpauth,omitempty"`
	Try        string `json:"try"`
}

type demoClient struct {
	ID          string          `json:"client_id"`
	AuthMethod  string          `json:"token_endpoint_auth_method"`
	Secret      string          `json:"client_secret,omitempty"`
	Key         json.RawMessage `json:"private_jwk,omitempty"`
	RedirectURI string          `json:"redirect_uri,omitempty"` // those on 127.0.0.1 work on any port
	Purpose     string          `json:"purpose"`
}

// announce tells what runs and what to try.
func (d *demo) announce(s *session, config *provider.Config) error {
	const anyPort = "http://127.0.0.1/callback"
	a := announcement{Issuer: config.Issuer, Bank: d.bankURL(), Account: config.Issuer + "/account", Config: d.dir + "/varco.yaml", Log: d.dir + "/varco.log", Inbox: d.inbox(),
		PID: os.Getpid(), Warning: "Not for production: http, public passwords, development defaults.",
		Clients: []demoClient{
			{ID: bankClient, AuthMethod: "client_secret_basic", Secret: d.Secrets[bankClient], RedirectURI: d.bankURL() + "/callback", Purpose: "the demo bank"},
			{ID: spaClient, AuthMethod: "none", RedirectURI: anyPort, Purpose: "an application in the browser, with PKCE"},
			{ID: webClient, AuthMethod: "client_secret_basic", Secret: d.Secrets[webClient], RedirectURI: anyPort, Purpose: "a web application that asks for consent"},
			{ID: jwtClient, AuthMethod: "private_key_jwt", Key: d.Key, RedirectURI: anyPort, Purpose: "a web application with a key of its own"},
			{ID: serviceClient, AuthMethod: "client_secret_basic", Secret: d.Secrets[serviceClient], Purpose: "a resource server: client_credentials, introspection"},
		}}
	for _, p := range people {
		shown := demoPerson{Name: p.Name, Username: p.Username, Password: p.Password, Try: p.try["en"]}
		if p.totp {
			shown.TOTPSecret, shown.OTPAuth = d.Seed, d.otpauth(p)
		}
		a.People = append(a.People, shown)
	}
	if s.options.Output == "json" {
		e := json.NewEncoder(s.out)
		e.SetEscapeHTML(false)
		return e.Encode(a)
	}
	return s.show(a, func(w io.Writer) {
		fmt.Fprintf(w, "\nThe demo is ready. Begin at the bank:\n\n")
		row(w, "  Bank", a.Bank, "\"Accesso clienti\" signs you in; "+a.Bank+"/try shows the codes of this moment")
		row(w, "  Your own page", a.Account, "authenticators and sessions")
		row(w, "  Messages", a.Inbox, "SMS, calls and e-mails that Varco sent its people: codes, and what happened to their accounts")
		row(w, "  Provider", a.Issuer, a.Issuer+"/.well-known/openid-configuration")
		fmt.Fprintln(w)
		for _, p := range a.People {
			row(w, "  "+p.Username, p.Password, p.Try)
			if p.TOTPSecret != "" {
				row(w, " ", "code now: "+d.code(time.Now()), "secret for a code app: "+p.TOTPSecret)
			}
		}
		fmt.Fprintln(w)
		for _, c := range a.Clients[1:] {
			secret := c.Secret
			if secret == "" {
				secret = c.AuthMethod
			}
			row(w, "  "+c.ID, secret, c.Purpose)
		}
		fmt.Fprintf(w, "\n%s\nConfiguration: %s, log: %s. Try `varco doctor -c %s`. Ctrl-C stops everything.\n", a.Warning, a.Config, a.Log, a.Config)
	})
}

// code is what a code app would show.
func (d *demo) code(now time.Time) string {
	code, err := totp.GenerateCode(d.Seed, now)
	if err != nil {
		return "demo.json holds no seed"
	}
	return code
}
