package main

import (
	"encoding/json"
	"strings"

	"github.com/varco-id/varco/provider"
)

type subscriberAddCmd struct {
	Username   string            `arg:"" help:"The name to sign in with."`
	Alias      []string          `help:"A further name to sign in with; repeat for more."`
	Name       string            `help:"Full name."`
	Email      string            `help:"E-mail address."`
	Mobile     string            `help:"Mobile number, with its country: +39 333 1234567."`
	Verified   bool              `help:"The bank has made sure that e-mail address and mobile number are the person's."`
	Locale     string            `placeholder:"TAG" help:"Language, like it or en-GB."`
	Claim      map[string]string `mapsep:"none" placeholder:"CLAIM=VALUE" help:"Another OIDC claim; repeat for more."`
	Password   bool              `name:"password-stdin" help:"Read a password from standard input (never an argument: other users see those)."`
	Credential map[string]string `mapsep:"none" placeholder:"INSTANCE=FILE" help:"A credential in its plugin's form, as JSON in a file; repeat for more."`
}

func (subscriberAddCmd) Help() string {
	return `Example:
  read -rs PASSWORD && printf %s "$PASSWORD" | varco subscriber add anna.rossi --name "Anna Rossi" --locale it --password-stdin`
}

func (c *subscriberAddCmd) Run(s *session) error {
	n := provider.NewSubscriber{Username: c.Username, Aliases: c.Alias, Locale: c.Locale, Claims: map[string]any{},
		Credentials: map[string]json.RawMessage{}}
	for claim, value := range c.Claim {
		n.Claims[claim] = value
	}
	for claim, value := range map[string]string{"name": c.Name, "email": c.Email, "phone_number": c.Mobile} {
		if value != "" {
			n.Claims[claim] = value
		}
	}
	for claim, value := range map[string]string{"email_verified": c.Email, "phone_number_verified": c.Mobile} {
		if value != "" && c.Verified {
			n.Claims[claim] = true
		}
	}
	if c.Password {
		in, err := s.file("-")
		if err != nil {
			return err
		}
		password := strings.TrimRight(string(in), "\r\n")
		if password == "" {
			return usage("standard input holds no password")
		}
		n.Credentials["password"], _ = json.Marshal(map[string]string{"password": password}) // two strings: cannot fail
	}
	for instance, name := range c.Credential {
		form, err := s.file(name)
		if err != nil {
			return err
		}
		if !json.Valid(form) {
			return usage("the file " + name + " is not JSON")
		}
		n.Credentials[instance] = form
	}
	added, err := do(s, provider.SubscriberAdd, n)
	if err != nil {
		return err
	}
	return s.showSubscriber(added)
}
