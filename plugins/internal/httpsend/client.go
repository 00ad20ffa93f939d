package httpsend

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

const (
	maxAnswer = 1 << 20 // bytes
	idle      = 90 * time.Second
	handshake = 3 * time.Second
)

// Error is a request without a whole answer.
type Error struct {
	// NotSent: the request surely did nothing. False means that nobody knows.
	NotSent bool
	Err     error // without URL and body
}

// Error implements error.
func (e *Error) Error() string {
	if e.NotSent {
		return "the request did not leave: " + e.Err.Error()
	}
	return "the request left, and there is no answer: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Status is the gRPC status that says as much and no more: only Unavailable vouches that nothing was sent.
func (e *Error) Status(who string) error {
	if e.NotSent {
		return status.Error(codes.Unavailable, who+": "+e.Error())
	}
	return Unknown(who + ": " + e.Error())
}

// Unknown is the status of a message of which nobody knows whether it left.
func Unknown(text string) error { return status.Error(codes.DeadlineExceeded, text) }

// TLS is how to recognize the other side, and to be recognized by it.
type TLS struct {
	CAFile                string `json:"ca_file"`
	ClientCertificateFile string `json:"client_certificate_file"`
	ClientKeyFile         string `json:"client_key_file"`
}

// Transport makes the transport of an instance. It connects directly: a proxy of the environment would see what is sent.
func (c TLS) Transport() (*http.Transport, []sdk.Problem) {
	t := &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16, MaxConnsPerHost: 64,
		IdleConnTimeout: idle, TLSHandshakeTimeout: handshake, MaxResponseHeaderBytes: 64 << 10,
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(pem) {
			return nil, []sdk.Problem{{Pointer: "/ca_file", Message: "this file cannot be read, or has no certificate in PEM"}}
		}
		t.TLSClientConfig.RootCAs = pool
	}
	if (c.ClientCertificateFile == "") != (c.ClientKeyFile == "") {
		return nil, []sdk.Problem{{Pointer: "/client_key_file", Message: "a client certificate and its key go together"}}
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

// Answer is a whole one.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// RetryAfter is how long the other side asks to be left alone (RFC 9110 section 10.2.3), 0 if it does not say.
func (a *Answer) RetryAfter(now time.Time) time.Duration {
	const most = time.Hour
	value := a.Header.Get("Retry-After")
	if n, err := strconv.Atoi(value); err == nil {
		return min(max(time.Duration(min(n, int(most/time.Second)))*time.Second, 0), most)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), most)
	}
	return 0
}

// Do makes the request once. The error is an [*Error]; a status of any kind is an answer.
func Do(ctx context.Context, t http.RoundTripper, r *http.Request) (*Answer, error) {
	var left atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { left.Store(true) }})
	fail := func(err error) (*Answer, error) { return nil, &Error{NotSent: !left.Load(), Err: plain(ctx, err)} }
	// The transport itself, not a Client: that one follows redirects, and an answer must not choose where the next request goes.
	res, err := t.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return fail(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errors.New("the answer is longer than 1 MiB")
	}
	if err != nil {
		return fail(err)
	}
	return &Answer{Status: res.StatusCode, Header: res.Header, Body: body}, nil
}

// Response is the answer as others take it.
func (a *Answer) Response(r *http.Request) *http.Response {
	return &http.Response{StatusCode: a.Status, Status: strconv.Itoa(a.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.Header,
		Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)), Request: r}
}

// plain takes the URL out of an error, and says what is meant by one about time.
func plain(ctx context.Context, err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("its time was up (%w)", ctx.Err())
	}
	return err
}

// GoodURL says whether s may be configured: https, or http to this machine; nothing in it that is secret, since URLs are logged everywhere.
func GoodURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && local
}
