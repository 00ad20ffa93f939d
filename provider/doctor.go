package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// The states of a Check.
const (
	CheckOK    = "ok"
	CheckWarn  = "warning" // works, and should not stay so
	CheckWrong = "wrong"
)

// Check is one thing that was looked at.
type Check struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"` // how to mend it
}

// checks collects what was looked at.
type checks []Check

func (cs *checks) ok(name, text string) { *cs = append(*cs, Check{name, CheckOK, text, ""}) }
func (cs *checks) warn(name, text, hint string) {
	*cs = append(*cs, Check{name, CheckWarn, text, hint})
}
func (cs *checks) wrong(name, text, hint string) {
	*cs = append(*cs, Check{name, CheckWrong, text, hint})
}

// Examine checks an installation from outside and from inside: its files, its public face, and, through whoever carries
// operations out, everything behind them. A part that cannot be reached is one finding and does not end the examination.
func Examine(ctx context.Context, c *Config) []Check {
	var cs checks
	cs.ok("configuration", "read, without a mistake")
	c.checkFiles(&cs)
	c.checkTLS(&cs, time.Now())
	c.checkLimits(&cs)
	if file, absent := c.noDatabaseYet(); absent {
		cs.warn("database", "there is none at "+file+" yet", "`varco serve` makes it")
		bare := &Admin{config: c, log: slog.New(slog.DiscardHandler)}
		bare.checkPlugins(ctx, &cs)
		_ = bare.Close() // ends the plugins; what they were asked is answered
		return cs
	}
	c.examineInside(ctx, &cs)
	return cs
}

// noDatabaseYet says whether the embedded database is still to be made: an examination does not make it.
func (c *Config) noDatabaseYet() (file string, absent bool) {
	o, err := c.storeOptions()
	if err != nil {
		return "", false
	}
	file, embedded := strings.CutPrefix(o.URL, sqliteScheme)
	_, err = os.Stat(file)
	return file, embedded && errors.Is(err, fs.ErrNotExist)
}

// examineInside checks what lies behind the configuration, through whoever carries operations out.
func (c *Config) examineInside(ctx context.Context, cs *checks) {
	caller, closing, err := Reach(ctx, c)
	if err != nil {
		cs.wrong("installation", err.Error(), "mend this first: what lies behind it could not be checked")
		return
	}
	inner, err := diagnose.Do(ctx, caller, None{})
	if err != nil {
		cs.wrong("installation", err.Error(), "")
	}
	*cs = append(*cs, inner...)
	if err := closing.Close(); err != nil {
		cs.warn("installation", "could not be closed: "+err.Error(), "")
	}
	if _, running := caller.(*Remote); running {
		c.checkIssuer(ctx, cs)
		return
	}
	cs.warn("server", "no server runs on this data folder: the checks ran on the database itself", "start it with `varco serve`; a server elsewhere is checked there")
}

// checkFiles looks at who may read the files that hold secrets.
func (c *Config) checkFiles(cs *checks) {
	secrets := map[string]string{"database.url_file": c.Database.URLFile, "database.listen_url_file": c.Database.ListenURLFile}
	for i, k := range c.Sealing.KEK {
		secrets[fmt.Sprintf("sealing.kek[%d]", i)] = k.File
	}
	for _, cl := range c.Clients {
		secrets["secret of client "+cl.ClientID] = cl.SecretFile
	}
	if c.TLS != nil {
		secrets["tls.key"] = c.TLS.Key
	}
	if c.Audit.CheckpointKey != nil {
		secrets["audit.checkpoint_key"] = c.Audit.CheckpointKey.File
	}
	for id, p := range c.Plugins {
		for key, s := range p.Secrets {
			secrets["secret "+key+" of plugin "+id] = s.File
		}
	}
	names := make([]string, 0, len(secrets))
	for name, file := range secrets {
		if file != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		checkSecretFile(cs, name, c.Path(secrets[name]))
	}
	path := c.Path(c.DataDir)
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		cs.warn("data folder", path+" does not exist yet", "`varco serve` makes it")
	case err != nil:
		cs.wrong("data folder", err.Error(), "give this user the folder named by data_dir")
	case info.Mode().Perm()&0o077 != 0:
		cs.wrong("data folder", fmt.Sprintf("others can look into %s (mode %04o)", path, info.Mode().Perm()), "chmod 700 "+path)
	default:
		cs.ok("data folder", path+" is closed to others")
	}
}

func checkSecretFile(cs *checks, name, path string) {
	info, err := os.Stat(path)
	if err == nil {
		var f *os.File
		if f, err = os.Open(path); err == nil {
			_ = f.Close() // it was opened to see whether it can be
		}
	}
	switch {
	case err != nil:
		cs.wrong(name, "the file cannot be read: "+err.Error(), "make it, and let this user read it")
	case info.Mode().Perm()&0o027 != 0:
		cs.wrong(name, fmt.Sprintf("others can read or change %s (mode %04o)", path, info.Mode().Perm()), "chmod 600 "+path)
	default:
		cs.ok(name, path+" is readable here and closed to others")
	}
}

// expiryWarning is how long before its end a certificate asks for attention.
const expiryWarning = 21 * 24 * time.Hour

// checkTLS looks at the certificate of the public listener.
func (c *Config) checkTLS(cs *checks, now time.Time) {
	if c.TLS == nil {
		return
	}
	pair, err := tls.LoadX509KeyPair(c.Path(c.TLS.Cert), c.Path(c.TLS.Key))
	if err != nil {
		cs.wrong("tls", err.Error(), "name a PEM certificate with its chain and the key that belongs to it")
		return
	}
	u := c.issuerURL()
	switch leaf := pair.Leaf; {
	case now.After(leaf.NotAfter):
		cs.wrong("tls", "the certificate expired on "+leaf.NotAfter.Format(time.DateOnly), "renew it: the server reads the new file by itself")
	case now.Before(leaf.NotBefore):
		cs.wrong("tls", "the certificate is not valid before "+leaf.NotBefore.Format(time.DateOnly), "look at this machine's clock")
	case leaf.VerifyHostname(u.Hostname()) != nil:
		cs.wrong("tls", "the certificate is not for "+u.Hostname(), "get one for the host of the issuer")
	case now.Add(expiryWarning).After(leaf.NotAfter):
		cs.warn("tls", "the certificate expires on "+leaf.NotAfter.Format(time.DateOnly), "renew it: the server reads the new file by itself")
	default:
		cs.ok("tls", "the certificate is good until "+leaf.NotAfter.Format(time.DateOnly))
	}
}

// checkLimits tells of limits that are allowed and wider than what regulation asks of a bank.
func (c *Config) checkLimits(cs *checks) {
	switch {
	case c.Development:
		cs.warn("limits", "development is on: http and secrets in clear text are allowed", "turn it off before real people sign in")
	case time.Duration(c.Session.Inactivity) > 5*time.Minute:
		cs.warn("limits", "people stay signed in for more than 5 minutes without activity", "RTS article 4(3)(d) allows payment services 5 minutes: session.inactivity")
	default:
		cs.ok("limits", "as regulation asks")
	}
}

// maxDiscovery bounds an answer that may come from anybody.
const maxDiscovery = 1 << 20

// checkIssuer looks at the provider as relying parties see it.
func (c *Config) checkIssuer(ctx context.Context, cs *checks) {
	const name = "issuer"
	hint := "relying parties must reach " + c.Issuer + ": look at the name server, the proxy, its certificate and the listener " + c.Listen
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var discovery struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := getJSON(ctx, c.Issuer+"/.well-known/openid-configuration", &discovery); err != nil {
		cs.wrong(name, "the discovery document cannot be read: "+explainTLS(err), hint)
		return
	}
	if discovery.Issuer != c.Issuer {
		cs.wrong(name, fmt.Sprintf("the discovery document says %q, the configuration %q", discovery.Issuer, c.Issuer), "another server answers there, or an old one")
		return
	}
	var keys struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := getJSON(ctx, discovery.JWKSURI, &keys); err != nil {
		cs.wrong(name, "the key set cannot be read: "+explainTLS(err), hint)
		return
	}
	if len(keys.Keys) == 0 {
		cs.wrong(name, "the key set is empty", "run `varco keys list`")
		return
	}
	cs.ok(name, fmt.Sprintf("%s answers, with %d keys", c.Issuer, len(keys.Keys)))
}

func explainTLS(err error) string {
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return err.Error() + " (the chain may be incomplete)"
	}
	return err.Error()
}

func getJSON(ctx context.Context, url string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, res.Status)
	}
	return json.NewDecoder(io.LimitReader(res.Body, maxDiscovery)).Decode(v)
}
