package login

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/consent"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// person is what was read of the subscriber a flow is about.
type person struct {
	sub     *subscriber.Subscriber
	creds   []subscriber.Credential
	consent *consent.Consent
}

// id is the sub, empty when nobody is known.
func (p *person) id() string {
	if p.sub == nil {
		return ""
	}
	return p.sub.ID
}

// recipient is the person as far as messages go.
func (p *person) recipient() delivery.Recipient {
	if p.sub == nil {
		return delivery.Recipient{}
	}
	return delivery.Recipient{Subject: p.sub.ID, Locale: p.sub.Locale, Claims: p.sub.Claims}
}

func (p *person) blocked() bool { return p.sub != nil && p.sub.Status != subscriber.Active }

func (p *person) locales() []string {
	if p.sub == nil || p.sub.Locale == "" {
		return nil
	}
	return []string{p.sub.Locale}
}

// display is what a page or a plugin calls the person: their name, else nothing.
func (p *person) display() string {
	if p.sub == nil {
		return ""
	}
	var claims struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(p.sub.Claims, &claims)
	return claims.Name
}

// identify reads the subscriber and what the flow needs of it.
func (d *Dispatcher) identify(ctx context.Context, x *run, subject string) error {
	s, err := d.Rows.SubscriberByID(ctx, d.DB, subject)
	if err != nil {
		return err
	}
	creds, err := d.Rows.CredentialsOf(ctx, d.DB, s.ID)
	if err != nil {
		return err
	}
	return d.adopt(ctx, x, s, creds)
}

// adopt makes s the subscriber of the flow; nil makes it nobody's, with the same statements.
func (d *Dispatcher) adopt(ctx context.Context, x *run, s *subscriber.Subscriber, creds []subscriber.Credential) error {
	x.who = person{sub: s, creds: creds}
	if x.client.Consent == relyingparty.ConsentExplicit {
		c, err := d.Rows.Consent(ctx, d.DB, x.who.id(), x.client.ClientID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		x.who.consent = c
	}
	return nil
}

// consentMissing says whether the person must be asked. prompt=consent asks again (OIDC Core 3.1.2.1).
func (d *Dispatcher) consentMissing(x *run) bool {
	if x.state.Consented || x.client.ClientID == AccountClient {
		return false
	}
	if slices.Contains(x.flow.Request.Prompt, "consent") {
		return true
	}
	return x.client.Consent == relyingparty.ConsentExplicit && !x.who.consent.Covers(x.flow.Request.Scopes)
}

// credentials opens those of an instance for the length of a call.
func (d *Dispatcher) credentials(x *run, instance string) ([]sdk.Credential, error) {
	var out []sdk.Credential
	for _, c := range x.who.creds {
		if c.Instance != instance || (x.shown != "" && c.ID != x.shown) {
			continue
		}
		data, err := d.Box.Open(sealing.ClassCredential, c.Sealed, credentialPlace(c.ID, c.Instance, c.Subject)...)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "open a credential")
		}
		out = append(out, sdk.Credential{ID: c.ID, Type: c.Type, Handle: c.Handle, Label: c.Label, Data: data,
			Revision: uint64(c.Revision), Version: c.Version})
	}
	return out, nil
}

// credentialPlace is the associated data of a credential.
func credentialPlace(id, instance, subject string) []string {
	return []string{"credential", id, instance, subject}
}

// maxName bounds a submitted user name, in bytes.
const maxName = 256

// printable returns a hint that may be shown, empty when it is none: it comes from a URL that anybody can write.
func printable(s string) string {
	if len(s) > maxName || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	return s
}

// has says whether the person has a credential of the method's instance.
func (x *run) has(m host.MethodRef) bool {
	return slices.ContainsFunc(x.who.creds, func(c subscriber.Credential) bool { return c.Instance == m.Instance })
}
