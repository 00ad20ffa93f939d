package main

import (
	"os"

	"github.com/varco-id/varco/provider"
)

type clientAddCmd struct {
	ID         string   `arg:"" help:"client_id, like bank-web."`
	Name       string   `help:"What people see."`
	Redirect   []string `name:"redirect-uri" sep:"none" placeholder:"URI" help:"Where a login may end; repeat for more."`
	PostLogout []string `name:"post-logout-redirect-uri" sep:"none" placeholder:"URI" help:"Where a logout may end; repeat for more."`
	Grant      []string `name:"grant-type" placeholder:"TYPE" help:"authorization_code (default), refresh_token, client_credentials."`
	AuthMethod string   `placeholder:"METHOD" help:"client_secret_basic (default), client_secret_post, private_key_jwt, none."`
	JWKS       string   `name:"jwks" type:"path" placeholder:"FILE" help:"Public keys, for private_key_jwt."`
	Scope      []string `placeholder:"SCOPE" help:"Scopes it may ask for; default: the standard ones."`
	Consent    string   `placeholder:"MODE" help:"implicit (default), or explicit: ask the person before data go out."`
	Minimum    string   `name:"acr-minimum" placeholder:"ACR" help:"The weakest login it takes."`
	Native     bool     `help:"An application on a device (RFC 8252)."`
}

func (clientAddCmd) Help() string {
	return `The secret is shown once and kept nowhere. Settings without a flag go through "client apply".

Example:
  varco client add bank-web --name "Banca Web" --redirect-uri https://bank.example/callback --grant-type authorization_code,refresh_token`
}

func (c *clientAddCmd) Run(s *session) error {
	settings := provider.RelyingParty{ClientID: c.ID, Name: c.Name, RedirectURIs: c.Redirect, PostLogoutRedirectURIs: c.PostLogout,
		GrantTypes: c.Grant, Scopes: c.Scope, ACRMinimum: c.Minimum, Native: c.Native,
		TokenEndpointAuthMethod: provider.AuthMethod(c.AuthMethod), Consent: provider.ConsentMode(c.Consent)}
	if c.JWKS != "" {
		keys, err := os.ReadFile(c.JWKS)
		if err != nil {
			return usage("the keys cannot be read: " + err.Error())
		}
		settings.JWKS = keys
	}
	added, err := do(s, provider.ClientAdd, settings)
	if err != nil {
		return err
	}
	return s.showSecret(added, "is registered")
}
