package httpsend

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestWhatIsKnown: for each stage at which a connection may break, whether the request may have been carried out.
func TestWhatIsKnown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		serve   func(c net.Conn) // nil: nobody listens
		notSent bool
	}{
		"nobody listens":           {nil, true},
		"no TLS handshake":         {func(c net.Conn) { _, _ = io.CopyN(io.Discard, c, 1) }, true},
		"the handshake is noise":   {func(c net.Conn) { _, _ = c.Write([]byte("noise\r\n\r\n")) }, true},
		"the handshake takes long": {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, true},
		"plain: closed after read": {func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }, false},
		"plain: silent":            {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, false},
		"plain: half a header":     {func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)); _, _ = c.Write([]byte("HTTP/1.1 20")) }, false},
		"plain: half a body": {func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte("HTTP/1.1 201 X\r\nContent-Length: 9\r\n\r\n{"))
		}, false},
		"plain: too long an answer": {func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte("HTTP/1.1 201 X\r\n\r\n" + strings.Repeat("x", maxAnswer+1)))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if c.serve == nil {
				l.Close()
			}
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					go func() { defer conn.Close(); c.serve(conn) }()
				}
			}()
			scheme := "https"
			if strings.HasPrefix(name, "plain") {
				scheme = "http"
			}
			transport, problems := TLS{}.Transport()
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			r, err := http.NewRequest(http.MethodPost, scheme+"://"+l.Addr().String()+"/?to=+39333000111", strings.NewReader("918273"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Do(ctx, transport, r)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%v", err)
			}
			if e.NotSent != c.notSent {
				t.Errorf("NotSent is %v: %v", e.NotSent, err)
			}
			want := codes.DeadlineExceeded
			if c.notSent {
				want = codes.Unavailable
			}
			if got := e.Status("x"); status.Code(got) != want || strings.Contains(got.Error(), "39333000111") {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestAnswersAndRedirects(t *testing.T) {
	t.Parallel()
	var reached bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			reached = true
		}
		w.Header().Set("Retry-After", "7")
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	transport, _ := TLS{}.Transport()
	r, _ := http.NewRequest(http.MethodGet, s.URL, nil)
	a, err := Do(t.Context(), transport, r)
	if err != nil || a.Status != http.StatusTemporaryRedirect || reached || a.RetryAfter(time.Now()) != 7*time.Second {
		t.Errorf("%+v, %v, reached %v", a, err, reached)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, "-1": 0, "soon": 0, "99999999": time.Hour, "Sun, 22 Nov 2026 10:00:30 GMT": 30 * time.Second,
		"Sun, 22 Nov 2026 09:00:30 GMT": 0,
	} {
		a := Answer{Header: http.Header{"Retry-After": {value}}}
		if got := a.RetryAfter(now); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func TestGoodURL(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"https://a.example/x": true, "http://127.0.0.1:1/": true, "http://[::1]/": true, "http://localhost/": true, "http://a.example/": false,
		"https://u:p@a.example/": false, "https://a.example/?k=1": false, "ftp://a.example/": false, "https:///x": false, "": false, "https://a.example/#x": false,
	} {
		if GoodURL(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func TestTLSProblems(t *testing.T) {
	t.Parallel()
	for pointer, c := range map[string]TLS{
		"/ca_file":                 {CAFile: "/nowhere"},
		"/client_key_file":         {ClientCertificateFile: "/nowhere"},
		"/client_certificate_file": {ClientCertificateFile: "/nowhere", ClientKeyFile: "/nowhere"},
	} {
		if _, problems := c.Transport(); len(problems) != 1 || problems[0].Pointer != pointer {
			t.Errorf("%s: %v", pointer, problems)
		}
	}
}
