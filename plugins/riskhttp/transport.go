package riskhttp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"syscall"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/varco-id/varco/plugins/sdk"
)

const (
	maxAnswer  = 64 << 10              // bytes
	retryPause = 50 * time.Millisecond // a service that is being restarted may be back
)

// service is a configured one.
type service struct {
	Config
	timeout time.Duration
	client  *http.Client // authenticates as configured
	plain   *http.Client // does not: for health, whose URL need not be the service's own
}

func newService(c Config) (*service, []sdk.Problem) {
	t, problems := c.transport()
	if len(problems) > 0 {
		return nil, problems
	}
	s := &service{Config: c, plain: noRedirects(t), client: noRedirects(t)}
	s.timeout, _ = time.ParseDuration(c.Timeout) // checked before
	if o := c.OAuth; o != nil {
		cc := clientcredentials.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret, TokenURL: o.TokenURL, Scopes: o.Scopes}
		// The token outlives the call that needed it first, so its source has a context of its own; the client's time-out bounds it.
		ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: bounded{t}, CheckRedirect: noRedirect, Timeout: s.timeout})
		s.client = noRedirects(&oauth2.Transport{Source: cc.TokenSource(ctx), Base: t})
	}
	return s, nil
}

// transport connects to the configured hosts directly: a proxy of the environment would see what is asked.
func (c *Config) transport() (*http.Transport, []sdk.Problem) {
	t := &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 32, MaxConnsPerHost: 256, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 3 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(pem) {
			return nil, []sdk.Problem{{Pointer: "/ca_file", Message: "this file cannot be read, or has no certificate in PEM"}}
		}
		t.TLSClientConfig.RootCAs = pool
	}
	if c.ClientCertificateFile != "" {
		load := func() (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(c.ClientCertificateFile, c.ClientKeyFile)
			return &pair, err
		}
		if _, err := load(); err != nil {
			return nil, []sdk.Problem{{Pointer: "/client_certificate_file", Message: "the certificate and its key cannot be read, or do not belong together"}}
		}
		t.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
	}
	return t, nil
}

// noRedirect keeps the answer from choosing where the next request goes: inside the operator's network are other services.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func noRedirects(t http.RoundTripper) *http.Client {
	return &http.Client{Transport: t, CheckRedirect: noRedirect}
}

// bounded cuts answers of the token endpoint, which the library would read to their end.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxAnswer), res.Body}
	}
	return res, err
}

// ask sends the body and returns the answer's. A service that refuses the connection surely did nothing, and is tried once more.
func (s *service) ask(ctx context.Context, key string, now time.Time, body []byte) ([]byte, error) {
	answer, err := s.post(ctx, key, now, body)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return answer, err
	}
	select {
	case <-ctx.Done():
		return nil, err
	case <-time.After(retryPause):
		return s.post(ctx, key, now, body)
	}
}

func (s *service) post(ctx context.Context, key string, now time.Time, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "varco-risk-http")
	r.Header.Set("Idempotency-Key", key) // also lets the request go again when a kept connection turns out to be closed
	if s.Kind == kindSimSwap {
		r.Header.Set("x-correlator", key)
	}
	switch {
	case s.Bearer != "":
		r.Header.Set("Authorization", "Bearer "+s.Bearer)
	case s.Basic != nil:
		r.SetBasicAuth(s.Basic.Username, s.Basic.Password)
	}
	if s.SigningKey != "" {
		r.Header.Set("Varco-Signature", s.signature(now, body))
	}
	res, err := s.client.Do(r)
	if err != nil {
		return nil, sealed(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer broke off: %w", err)
	case len(answer) > maxAnswer:
		return nil, errors.New("the answer is longer than 64 KiB")
	case res.StatusCode < 200 || res.StatusCode > 299:
		return nil, fmt.Errorf("the service answered %d", res.StatusCode)
	}
	return answer, nil
}

// sealed keeps what a token endpoint answered out of the error: it may repeat the secret.
func sealed(err error) error {
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) {
		if refused.Response != nil {
			return fmt.Errorf("the token endpoint answered %d", refused.Response.StatusCode)
		}
		return errors.New("the token endpoint did not answer with a token")
	}
	return err
}

// healthy asks the health URL.
func (s *service) healthy(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.HealthURL, nil)
	if err != nil {
		return err
	}
	res, err := s.plain.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("the service answered %d", res.StatusCode)
	}
	return nil
}

func (s *service) close() {
	s.plain.CloseIdleConnections()
	s.client.CloseIdleConnections()
}
