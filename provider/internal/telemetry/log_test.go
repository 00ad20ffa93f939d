package telemetry

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
)

func TestSecret(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"password", "Password", "new_password", "newPassword", "NewPassword", "db.password", "client_secret",
		"client-secret", "clientSecret", "token", "access_token", "accessToken", "refresh_tokens", "id_token_hint", "Authorization",
		"proxy-authorization", "cookie", "Set-Cookie", "code", "authorization_code", "one-time-code", "otpCode", "otp", "pin", "seed",
		"totp_seed", "code_verifier", "client_assertion", "private_key", "api_key", "APIKey", "dsn", "passphrase", "credentials", "dpop_jwt"} {
		if !Secret(key) {
			t.Errorf("Secret(%q) = false", key)
		}
	}
	for _, key := range []string{"", "_", "client", "method", "status_code", "statusCode", "grpc_code", "country_code", "token_type", "token_endpoint",
		"token_family", "token_endpoint_auth_method", "key", "key_id", "public_key", "credential", "credential_id", "error", "password_age",
		"code_challenge_method", "monkey", "spinner", "decode", "seeds_planted", "request", "session"} {
		if Secret(key) {
			t.Errorf("Secret(%q) = true", key)
		}
	}
}

func TestScrub(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                             "",
		"plain text, 3=3":              "plain text, 3=3",
		"error code 17":                "error code 17",
		"Bearer abc":                   Redacted,
		"basic YTpi":                   Redacted,
		"DPoP abcdef":                  Redacted,
		"eyJhbGciOiJFUzI1NiJ9.e30.sig": Redacted,
		"parse eyJhbGciOiJFUzI1NiJ9.e30.sig: bad":                 "parse " + Redacted + ": bad",
		"postgres://varco:hunter2@db.test:5432/varco?sslmode=off": "postgres://" + Redacted + "@db.test:5432/varco?" + Redacted,
		`Get "https://rp.test/cb?code=SECRET&state=x": refused`:   `Get "https://rp.test/cb?` + Redacted + `": refused`,
		"https://rp.test/path":                                    "https://rp.test/path",
		"host=db user=varco password=hunter2 port=1":              "host=db user=varco password=" + Redacted + " port=1",
		"grant_type=x&refresh_token=abc&client_id=y":              "grant_type=x&refresh_token=" + Redacted + "&client_id=y",
	} {
		if got := Scrub(in); got != want {
			t.Errorf("Scrub(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzScrub(f *testing.F) {
	for _, s := range []string{"", "Bearer", "basic", "eyJ..", "://@?", "password=", "postgres://a:b@c/d?e=f", "dpop\xff "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		Secret(s)
		if once := Scrub(s); Scrub(once) != once {
			t.Errorf("scrubbing %q twice gives %q and then %q", s, once, Scrub(once))
		}
		if out := Scrub("postgres://varco:hunter2@db/" + s); strings.Contains(out, "hunter2@") {
			t.Errorf("password in %q", out)
		}
	})
}

func TestLogger(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	level := &slog.LevelVar{}
	log := NewLogger(&out, level)
	traceID := trace.TraceID{1, 2, 3}
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: trace.SpanID{1}}))
	ctx = WithFlow(WithRequest(ctx, "REQ"), "FLOW")

	log.DebugContext(ctx, "too fine")
	if out.Len() != 0 {
		t.Fatalf("debug line at level info: %s", &out)
	}
	log.With("password", "hunter2").WithGroup("inner").InfoContext(ctx, "login step", "otp", 123456, "token", []byte("hunter2"),
		"method", "totp", "error", fmt.Errorf("dial: %w", errors.New("postgres://u:hunter2@db")), slog.Group("deep", "cookie", "hunter2"),
		"secret_present", true, "took", time.Second)
	line := out.String()
	for _, leak := range []string{"hunter2", "123456"} {
		if strings.Contains(line, leak) {
			t.Errorf("%q in %s", leak, line)
		}
	}
	var got struct {
		Msg, Level, Time string
		Inner            struct {
			Request, Flow, Trace, Method, Error, OTP string

			Present bool          `json:"secret_present"`
			Took    time.Duration `json:"took"`
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	in := got.Inner
	if got.Msg != "login step" || got.Level != "INFO" || got.Time == "" || in.Request != "REQ" || in.Flow != "FLOW" ||
		in.Trace != traceID.String() || in.Method != "totp" || in.Error != "dial: postgres://[redacted]@db" || in.OTP != Redacted || !in.Present || in.Took != time.Second {
		t.Errorf("line %s", line)
	}

	out.Reset()
	level.Set(slog.LevelDebug)
	log.DebugContext(context.Background(), "fine")
	if s := out.String(); !strings.Contains(s, `"msg":"fine"`) || strings.Contains(s, `"request"`) || strings.Contains(s, `"flow"`) || strings.Contains(s, `"trace"`) {
		t.Errorf("line without a context: %s", s)
	}
}

func TestNewID(t *testing.T) {
	t.Parallel()
	const each = 2000
	ids := make(chan []string)
	for range 4 {
		go func() {
			var own []string
			for range each {
				own = append(own, NewID())
			}
			ids <- own
		}()
	}
	seen := map[string]bool{}
	for range 4 {
		last := ""
		for _, id := range <-ids {
			if len(id) != IDLength || strings.Trim(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
				t.Fatalf("id %q", id)
			}
			if id <= last || seen[id] {
				t.Fatalf("id %q after %q", id, last)
			}
			seen[id], last = true, id
		}
	}
}

func TestNewIDCarriesTheTime(t *testing.T) {
	t.Parallel()
	before := time.Now().UnixMicro()
	raw, err := crockford.DecodeString(NewID() + "00")
	if err != nil {
		t.Fatal(err)
	}
	// Ids of one process ascend, so under many at once their time runs a little ahead of the clock.
	if at := int64(binary.BigEndian.Uint64(raw) >> 10); at < before || at > time.Now().Add(time.Minute).UnixMicro() {
		t.Errorf("the id says %d, the clock said %d", at, before)
	}
}

func BenchmarkNewID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		NewID()
	}
}
