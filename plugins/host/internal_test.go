package host

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/varco-id/varco/plugins/sdk"
)

func TestBreaker(t *testing.T) {
	t.Parallel()
	var b breaker
	now := time.Unix(1000, 0)
	for n := range breakerEvents - 1 {
		if b.hit(now.Add(time.Duration(n) * time.Second)) {
			t.Fatalf("open after %d", n+1)
		}
	}
	if !b.hit(now.Add(50 * time.Second)) {
		t.Error("closed after five in a minute")
	}
	if !b.hit(now.Add(60 * time.Second)) {
		t.Error("half open: one more must open it again")
	}
	if b.hit(now.Add(time.Hour)) {
		t.Error("open for what is long ago")
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	var b backoff
	want := backoffFirst
	for range 20 {
		if d := b.next(); d < want/2 || d > want {
			t.Fatalf("%s, want between %s and %s", d, want/2, want)
		}
		want = min(2*want, backoffMost)
	}
	b.reset()
	if d := b.next(); d > backoffFirst {
		t.Errorf("after a reset %s", d)
	}
}

// A plugin that floods its standard error costs a bounded number of records, and the loss is said.
func TestLogFlood(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Unix(1000, 0)
	l := newLogs(slog.New(slog.NewTextHandler(&out, nil)))
	l.now, l.filled = func() time.Time { return now }, now
	l.copy("stderr", strings.NewReader(strings.Repeat("noise\n", 10_000)))
	if n := strings.Count(out.String(), "\n"); n != logBurst {
		t.Errorf("%d records", n)
	}
	now = now.Add(time.Second)
	l.copy("stderr", strings.NewReader("later\n"))
	if s := out.String(); !strings.Contains(s, "count=9600") || !strings.Contains(s, "text=later") {
		t.Errorf("ends with %q", s[len(s)-200:])
	}
}

func TestLogLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := newLogs(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	long := strings.Repeat("x", 3*maxLogLine)
	l.copy("stderr", strings.NewReader(`{"@level":"warn","@message":"slow","@timestamp":"t","ms":12}`+"\n"+
		long+"\n"+`{"message":"not hclog"}`+"\n\n"+"panic: boom\ngoroutine 1 [running]:"))
	for _, want := range []string{
		`level=WARN msg="plugin log" stream=stderr text=slow fields.ms=12`,
		`level=INFO msg="plugin log" stream=stderr text="{\"message\":\"not hclog\"}"`,
		`level=ERROR msg="plugin log" stream=stderr text="panic: boom"`,
		`level=ERROR msg="plugin log" stream=stderr text="goroutine 1 [running]:"`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("missing %s", want)
		}
	}
	if strings.Contains(out.String(), long) || strings.Count(out.String(), "\n") != 5 {
		t.Errorf("a long line is not one cut record: %d records", strings.Count(out.String(), "\n"))
	}
	if l.lastLine() != "goroutine 1 [running]:" {
		t.Errorf("last line %q", l.lastLine())
	}
}

func FuzzLogLine(f *testing.F) {
	f.Add([]byte(`{"@level":"info","@message":"hello","a":{"b":[1,2]}}`))
	f.Add([]byte("panic: \xff"))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, line []byte) {
		var out bytes.Buffer
		l := newLogs(slog.New(slog.NewJSONHandler(&out, nil)))
		l.copy("stderr", bytes.NewReader(line))
		for record := range bytes.Lines(out.Bytes()) {
			if !bytes.Contains(record, []byte(`"msg":"plugin log"`)) {
				t.Errorf("a forged record: %s", record)
			}
		}
	})
}

func FuzzStdioData(f *testing.F) {
	f.Add([]byte("\x08\x01\x12\x02hi"))
	f.Add([]byte("\x12\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) { stdioData(raw) })
}

func TestStdioData(t *testing.T) {
	t.Parallel()
	raw := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 2)
	raw = protowire.AppendString(protowire.AppendTag(raw, 2, protowire.BytesType), "hello")
	if got := stdioData(raw); string(got) != "hello" {
		t.Errorf("got %q", got)
	}
}

// The copy that runs cannot be changed, whichever way it was made.
func TestCopiesAreFinal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("\x7fELF content"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(io.Reader, string) (*os.File, error){"sealed": sealedCopy, "private": privateCopy} {
		source, err := os.Open(program)
		if err != nil {
			t.Fatal(err)
		}
		f, err := make(source, dir)
		source.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer f.Close()
		if _, err := f.WriteAt([]byte("x"), 0); err == nil {
			t.Errorf("%s: the copy can be written through its own handle", name)
		}
		if name == "sealed" {
			again, err := os.OpenFile(pinnedPath(f), os.O_RDWR, 0)
			if err == nil {
				if _, err = again.WriteAt([]byte("x"), 0); err == nil {
					t.Error("the sealed copy can be written through a new handle")
				}
				again.Close()
			}
		}
		digest := fmt.Sprintf("%x", sha256.Sum256([]byte("\x7fELF content")))
		if err := checkPinned(f, program, digest); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := checkPinned(f, program, strings.Repeat("0", 64)); !errors.Is(err, errPin) {
			t.Errorf("%s: another digest: %v", name, err)
		}
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, young := filepath.Join(dir, "plugin-dir1"), filepath.Join(dir, "plugin-dir2")
	other := filepath.Join(dir, "precious")
	for _, d := range []string{old, young, other} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	sweep(dir)
	for d, want := range map[string]bool{old: false, young: true, other: true} {
		if _, err := os.Stat(d); (err == nil) != want {
			t.Errorf("%s: kept is %t", filepath.Base(d), err == nil)
		}
	}
}

// A call that found no connection surely did nothing; one whose connection broke may have.
func TestNeverLeft(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	broken := make(chan struct{})
	go func() {
		defer close(broken)
		if conn, err := listener.Accept(); err == nil {
			buffer := make([]byte, 1<<10)
			conn.Read(buffer)
			// A connection that is one for HTTP/2, and breaks under the call.
			conn.Write([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0})
			conn.Read(buffer)
			conn.Close()
		}
	}()
	conn, err := grpc.NewClient("unix:"+listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = sdk.NewClient(conn).Describe(t.Context())
	if <-broken; err == nil || neverLeft(err) {
		t.Errorf("broken: %v", err)
	}
	listener.Close()
	eventuallyIn(t, func() bool {
		_, err = sdk.NewClient(conn).Describe(t.Context())
		return neverLeft(err)
	})
}

func eventuallyIn(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("never happened")
}
