//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// caller is one client of the server: a browser and a relying party on connections of their own, kept alive.
type caller struct {
	http    *http.Client
	issuer  string
	secret  string
	cookies map[string]string // of the login under way: each is a new browser's
}

func newCaller(issuer, secret string) *caller {
	return &caller{issuer: issuer, secret: secret, http: &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (c *caller) close() { c.http.CloseIdleConnections() }

// answer is a response that was read to the end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (c *caller) do(ctx context.Context, method, address string, form url.Values, prepare func(*http.Request)) (*answer, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if prepare != nil {
		prepare(req)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return &answer{res.StatusCode, res.Header, string(text)}, err
}

// browse is a request of a browser: with its cookies, and what browsers say of where they come from.
func (c *caller) browse(ctx context.Context, method, address string, form url.Values) (*answer, error) {
	a, err := c.do(ctx, method, address, form, func(r *http.Request) {
		for name, value := range c.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) varco-bench")
		r.Header.Set("Accept-Language", "en")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	})
	if err != nil {
		return nil, err
	}
	for _, cookie := range (&http.Response{Header: a.header}).Cookies() {
		c.cookies[cookie.Name] = cookie.Value
	}
	return a, nil
}

// tokens is an answer of the token endpoint.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

func (c *caller) token(ctx context.Context, form url.Values) (*tokens, error) {
	a, err := c.do(ctx, http.MethodPost, c.issuer+"/token", form, c.authenticate)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, a.unexpected("/token")
	}
	t := &tokens{}
	return t, json.Unmarshal([]byte(a.body), t)
}

func (c *caller) authenticate(r *http.Request) { r.SetBasicAuth(clientID, c.secret) }

func (a *answer) unexpected(where string) error {
	text := a.body
	if len(text) > 200 {
		text = text[:200]
	}
	return fmt.Errorf("%s answered %d: %s", where, a.status, text)
}

// login is a complete one by a new browser: authorize, the page, the password, the code, the tokens, userinfo. acr may be empty.
func (c *caller) login(ctx context.Context, who subscriber, acr string) (*tokens, error) {
	c.cookies = map[string]string{}
	verifier, state := randomText(32), randomText(12)
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{"client_id": {clientID}, "response_type": {"code"}, "redirect_uri": {redirectURI},
		"scope": {"openid profile email"}, "state": {state}, "nonce": {randomText(12)},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"}}
	if acr != "" {
		query.Set("acr_values", acr)
	}
	a, err := c.browse(ctx, http.MethodGet, c.issuer+"/authorize?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	page := a.header.Get("Location")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(page, c.issuer+"/login/") {
		return nil, a.unexpected("/authorize")
	}
	if a, err = c.browse(ctx, http.MethodGet, page, nil); err != nil {
		return nil, err
	}
	version, ok := between(a.body, `name="v" value="`, `"`)
	if a.status != http.StatusOK || !ok || !strings.Contains(a.body, `name="p.password"`) {
		return nil, a.unexpected("the login page")
	}
	a, err = c.browse(ctx, http.MethodPost, page, url.Values{"v": {version}, "username": {who.name}, "p.password": {password}})
	if err != nil {
		return nil, err
	}
	back, err := a.back()
	if err != nil {
		return nil, c.explain(ctx, page, err)
	}
	if back.Get("state") != state || back.Get("code") == "" {
		return nil, fmt.Errorf("the relying party got %q", back.Encode())
	}
	t, err := c.token(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {back.Get("code")},
		"redirect_uri": {redirectURI}, "code_verifier": {verifier}})
	if err != nil {
		return nil, err
	}
	return t, c.userinfo(ctx, t, who)
}

// back is what the browser carries to the relying party, in a redirect or in the link of the page that answers a form.
func (a *answer) back() (url.Values, error) {
	target := a.header.Get("Location")
	if target == "" {
		link, _ := between(a.body, `href="`+redirectURI, `"`)
		target = html.UnescapeString(redirectURI + link)
	}
	u, err := url.Parse(target)
	if err != nil || !strings.HasPrefix(target, redirectURI+"?") {
		return nil, a.unexpected("the password")
	}
	return u.Query(), nil
}

// explain adds what the page tells the person who was not let in.
func (c *caller) explain(ctx context.Context, page string, err error) error {
	a, pageErr := c.browse(ctx, http.MethodGet, page, nil)
	if pageErr != nil {
		return errors.Join(err, pageErr)
	}
	notice, _ := between(a.body, `<div class="notice`, "</div>")
	return fmt.Errorf("%w; the page says: %s", err, notice)
}

func (c *caller) userinfo(ctx context.Context, t *tokens, who subscriber) error {
	a, err := c.do(ctx, http.MethodGet, c.issuer+"/userinfo", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+t.Access) })
	if err != nil {
		return err
	}
	var claims struct {
		Subject string `json:"sub"`
		Email   string `json:"email"`
	}
	if err := json.Unmarshal([]byte(a.body), &claims); err != nil || claims.Subject != who.sub || claims.Email == "" || t.ID == "" {
		return a.unexpected("/userinfo of " + who.name)
	}
	return nil
}

func between(text, before, after string) (string, bool) {
	_, rest, ok := strings.Cut(text, before)
	if !ok {
		return "", false
	}
	found, _, ok := strings.Cut(rest, after)
	return found, ok
}
