package e2e_test

import (
	"slices"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

// TestGoOIDC signs a person in at relying parties made of coreos/go-oidc and x/oauth2.
func TestGoOIDC(t *testing.T) {
	t.Parallel()
	in := serve(t, relyingParty("es256", nil), relyingParty("rs256", client{"id_token_signed_response_alg": "RS256"}))
	for id, alg := range map[string]jose.SignatureAlgorithm{"es256": jose.ES256, "rs256": jose.RS256} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			anna, c := in.newPerson(t, "anna."+id), in.goClient(t, id)
			got := c.login(anna, oauth2.SetAuthURLParam("acr_values", acrStrong))

			raw := got.Extra("id_token").(string)
			if _, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{alg}); err != nil {
				t.Errorf("the ID token is not signed with %s: %v", alg, err)
			}
			var claims struct {
				ACR, Email string
				AMR        []string
				AuthTime   int64 `json:"auth_time"`
			}
			if err := got.id.Claims(&claims); err != nil {
				t.Fatal(err)
			}
			if got.id.Subject != anna.ID || claims.ACR != acrStrong || !slices.Contains(claims.AMR, "pwd") || !slices.Contains(claims.AMR, "otp") {
				t.Errorf("the ID token says sub %q, %+v", got.id.Subject, claims)
			}
			if err := got.id.VerifyAccessToken(got.AccessToken); err != nil {
				t.Errorf("at_hash: %v", err)
			}

			info, err := c.provider.UserInfo(c.context(), oauth2.StaticTokenSource(got.Token))
			if err != nil {
				t.Fatalf("go-oidc: userinfo: %v", err)
			}
			if info.Subject != anna.ID || info.Email != "anna."+id+"@bank.test" {
				t.Errorf("userinfo says %+v", info)
			}

			next := c.refresh(got.RefreshToken)
			if next.RefreshToken == got.RefreshToken || next.RefreshToken == "" {
				t.Error("the refresh token was not rotated")
			}
			if next.id.Subject != anna.ID {
				t.Errorf("the refreshed ID token is of %q", next.id.Subject)
			}
		})
	}
}

// refresh uses a refresh token.
func (c *goClient) refresh(token string) tokens {
	c.t.Helper()
	tk, err := c.TokenSource(c.context(), &oauth2.Token{RefreshToken: token}).Token()
	if err != nil {
		c.t.Fatalf("x/oauth2: refresh: %v", err)
	}
	return c.verified(tk)
}

// TestKeyRotation changes the signing keys by command under a relying party that fetched the key set before: what it got before and what it
// gets afterwards both verify, because go-oidc fetches the set again for a key it does not know, and the old key stays published.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	in := serve(t, relyingParty("web", nil))
	bruno, c := in.newPerson(t, "bruno"), in.goClient(t, "web")
	before := c.login(bruno)
	kid := keyID(t, before)

	type key struct{ KID, State string }
	for _, k := range decode[[]key](t, in.varco(t, "", "keys", "rotate", "--at-once")) {
		if k.KID == kid && k.State == "revoked" {
			t.Errorf("rotation revoked the key that signed before: %+v", k)
		}
	}
	latest := before
	waitFor(t, "tokens are signed with a new key", func() bool {
		latest = c.refresh(latest.RefreshToken)
		return keyID(t, latest) != kid
	})
	if _, err := c.verifier.Verify(c.context(), before.Extra("id_token").(string)); err != nil {
		t.Errorf("the ID token from before the rotation: %v", err)
	}
	// One that starts only now, with an empty cache, must still verify what the old key signed.
	if _, err := in.goClient(t, "web").verifier.Verify(c.context(), before.Extra("id_token").(string)); err != nil {
		t.Errorf("the ID token from before the rotation, at a relying party that starts after it: %v", err)
	}
	if again := c.login(bruno); keyID(t, again) != keyID(t, latest) {
		t.Error("a login after the rotation is signed with another key than a refresh")
	}

	if list := in.varco(t, "", "keys", "list"); !slices.ContainsFunc(decode[struct{ Signing []key }](t, list).Signing,
		func(k key) bool { return k.KID == kid }) {
		t.Errorf("the old key is not listed any more: %s", list)
	}
}

func keyID(t testing.TB, tk tokens) string {
	t.Helper()
	jws, err := jose.ParseSignedCompact(tk.Extra("id_token").(string), []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	return jws.Signatures[0].Header.KeyID
}
