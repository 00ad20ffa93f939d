package relyingparty

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// MaxURI is the length a registered URI may have, in bytes.
const MaxURI = 2048

// checkRedirect says why uri cannot be a redirect URI, nil if it can.
func checkRedirect(uri string, native bool) error {
	if len(uri) > MaxURI {
		return errors.New("is longer than 2048 characters")
	}
	for i := range len(uri) {
		// A backslash, a control character or a space is read differently by browsers and by Go; so is anything not ASCII.
		if c := uri[i]; c <= 0x20 || c >= 0x7f || c == '\\' || c == '"' || c == '<' || c == '>' {
			return errors.New("holds a character that must be percent-encoded")
		}
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" {
		return errors.New("is not an absolute URI: write it like https://bank.example/callback")
	}
	switch {
	case strings.Contains(uri, "#"):
		return errors.New("has a fragment (#…), which RFC 6749 section 3.1.2 forbids: remove it")
	case u.User != nil:
		return errors.New("has a user name before the host: remove it")
	case strings.Contains(uri, "*"):
		return errors.New("has a wildcard: list each URI in full")
	case slices.Contains(strings.Split(u.Path, "/"), ".."):
		return errors.New("has a path with '..': write the path it leads to")
	}
	switch u.Scheme {
	case "https":
		if u.Host == "" {
			return errors.New("has no host")
		}
	case "http":
		if !loopback(u.Hostname()) {
			return errors.New("uses http: an authorization code would cross the network in clear; use https (http is for loopback addresses)")
		}
	default:
		if !native {
			return errors.New("has a scheme of its own: only a native application may (set native: true), others use https")
		}
		// RFC 8252 section 7.1: reverse domain name, which also keeps out javascript:, data: and their like.
		if !strings.Contains(u.Scheme, ".") {
			return errors.New("has a scheme that is not a reverse domain name (RFC 8252 section 7.1): write it like com.example.bank:/callback")
		}
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// MatchRedirect says whether uri is one of the registered redirect URIs, byte by byte. A native application may use any port
// of a loopback IP address it registered, because it cannot choose its port in advance (RFC 8252 section 7.3); nothing else
// varies.
func (s *Settings) MatchRedirect(uri string) bool { return s.matches(s.RedirectURIs, uri) }

// MatchPostLogout is MatchRedirect for the URIs a browser may return to after a logout.
func (s *Settings) MatchPostLogout(uri string) bool { return s.matches(s.PostLogoutRedirectURIs, uri) }

func (s *Settings) matches(registered []string, uri string) bool {
	if slices.Contains(registered, uri) {
		return true
	}
	if !s.Native || checkRedirect(uri, true) != nil {
		return false
	}
	portless, ok := withoutPort(uri)
	if !ok {
		return false
	}
	for _, r := range registered {
		if p, ok := withoutPort(r); ok && p == portless {
			return true
		}
	}
	return false
}

// withoutPort returns a loopback http URI without its port. Names do not count: who controls the resolver controls "localhost".
func withoutPort(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.User != nil {
		return "", false
	}
	a, err := netip.ParseAddr(u.Hostname())
	if err != nil || !a.IsLoopback() || a.Zone() != "" {
		return "", false
	}
	rest := strings.TrimPrefix(uri, "http://"+u.Host)
	return a.String() + rest, len(rest) < len(uri)
}
