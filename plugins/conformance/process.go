package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/varco-id/varco/plugins/sdk"
)

// What the host gives a plugin.
const (
	startLimit     = 10 * time.Second
	describeLimit  = 2 * time.Second
	configureLimit = 10 * time.Second
	checkLimit     = 5 * time.Second
	shutdownLimit  = 2 * time.Second
	terminateLimit = time.Second
	sendLimit      = 10 * time.Second
	keyLimit       = 5 * time.Second
	legacyLimit    = 10 * time.Second
	assessLimit    = 3 * time.Second
)

// how says how a process is launched. The zero value is how the host does it.
type how struct {
	noCookie  bool
	plain     bool      // without AutoMTLS
	noNetwork bool      // in an empty network namespace
	thread    *launcher // nil: the kit's own, which lives as long as the kit
}

// process is a plugin's process with a connection to it.
type process struct {
	*sdk.Client
	conn      *grpc.ClientConn
	cmd       *exec.Cmd
	pid       int
	dir       string // of its socket; the name is also how its descendants are found
	handshake handshake
	own       *identity

	stdout, stderr, stdio *record
	exited                chan struct{}
	exitErr               error // valid after exited

	mu     sync.Mutex
	meant  bool // the kit ended it
	reaped bool
	cancel context.CancelFunc
}

// environment is what every plugin gets from the host's environment.
var environment = []string{
	"PATH", "TZ", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}

// start launches a process and waits for its handshake.
//
// Errors: it did not start, ended, or said no handshake within the host's time. With how.noCookie, and after an error,
// the process is returned too, if there was one.
func (k *kit) start(ctx context.Context, h how) (*process, error) {
	dir, err := os.MkdirTemp(k.dir, "p")
	if err != nil {
		return nil, err
	}
	p := &process{dir: dir, own: k.identity, stdout: newRecord(), stderr: newRecord(), stdio: newRecord(), exited: make(chan struct{})}
	p.cmd = &exec.Cmd{Path: k.options.Command[0], Args: slices.Clone(k.options.Command), Dir: "/", Stdout: p.stdout, Stderr: p.stderr,
		SysProcAttr: processAttributes(h.noNetwork), WaitDelay: 500 * time.Millisecond}
	p.cmd.Env = append(p.cmd.Env, "TMPDIR="+dir)
	for _, name := range environment {
		if value, ok := os.LookupEnv(name); ok {
			p.cmd.Env = append(p.cmd.Env, name+"="+value)
		}
	}
	p.cmd.Env = append(p.cmd.Env, k.options.Env...)
	p.cmd.Env = append(p.cmd.Env, "PLUGIN_UNIX_SOCKET_DIR="+dir, "PLUGIN_MIN_PORT=0", "PLUGIN_MAX_PORT=0",
		fmt.Sprintf("PLUGIN_PROTOCOL_VERSIONS=%d", sdk.ContractVersion))
	if !h.noCookie {
		p.cmd.Env = append(p.cmd.Env, sdk.Handshake.MagicCookieKey+"="+sdk.Handshake.MagicCookieValue)
	}
	if !h.plain {
		p.cmd.Env = append(p.cmd.Env, "PLUGIN_CLIENT_CERT="+k.identity.pem)
	}
	thread := h.thread
	if thread == nil {
		thread = k.thread
	}
	if err := thread.do(p.cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", k.options.Command[0], err)
	}
	p.pid = p.cmd.Process.Pid
	k.track(p)
	go p.reap()
	select {
	case <-p.stdout.first:
	case <-p.exited:
		return p, fmt.Errorf("the program ended before the handshake: %s", p.ending())
	case <-time.After(startLimit):
		return p, fmt.Errorf("%w within %s", errNoHandshake, startLimit)
	case <-ctx.Done():
		return p, ctx.Err()
	}
	if p.handshake, err = parseHandshake(p.stdout.firstLine()); err != nil {
		return p, err
	}
	return p, p.connect()
}

// connect talks to the process as the host does. Where it offers no certificate the kit goes on in the clear, so that
// one broken rule does not hide the others.
func (p *process) connect() error {
	transport := insecure.NewCredentials()
	if p.handshake.cert != nil {
		transport = credentials.NewTLS(clientTLS(p.handshake.cert, p.own))
	}
	conn, err := dial(p.handshake, transport)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.conn, p.Client, p.cancel = conn, sdk.NewClient(conn), cancel
	go readStdio(ctx, conn, p.stdio)
	return nil
}

func dial(h handshake, transport credentials.TransportCredentials) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///plugin",
		grpc.WithTransportCredentials(transport),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, h.network, h.address)
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(sdk.MaxMessage), grpc.MaxCallSendMsgSize(4*sdk.MaxMessage)),
		grpc.WithIdleTimeout(0), grpc.WithDisableServiceConfig())
}

// readStdio reads what the plugin prints after the handshake where go-plugin redirects it into a stream; without a
// reader the plugin would stop at its first few prints. A plugin that does not offer the stream is left alone.
func readStdio(ctx context.Context, conn *grpc.ClientConn, to *record) {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/plugin.GRPCStdio/StreamStdio")
	if err != nil || stream.SendMsg(&emptypb.Empty{}) != nil || stream.CloseSend() != nil {
		return
	}
	for {
		var m emptypb.Empty
		if stream.RecvMsg(&m) != nil {
			return
		}
		for raw := m.ProtoReflect().GetUnknown(); len(raw) > 0; {
			number, kind, n := protowire.ConsumeTag(raw)
			if n < 0 {
				return
			}
			if raw = raw[n:]; number == 2 && kind == protowire.BytesType {
				data, n := protowire.ConsumeBytes(raw)
				if n < 0 {
					return
				}
				to.Write(data)
			}
			if n = protowire.ConsumeFieldValue(number, kind, raw); n < 0 {
				return
			}
			raw = raw[n:]
		}
	}
}

// shutdown asks the process to end, by go-plugin's own call.
func (p *process) shutdown(ctx context.Context) error {
	p.mean()
	ctx, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	return p.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
}

func (p *process) reap() {
	err := p.cmd.Wait()
	p.mu.Lock()
	p.exitErr, p.reaped = err, true
	p.mu.Unlock()
	close(p.exited)
}

// mean notes that the process is about to end because the kit wants it to.
func (p *process) mean() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meant = true
}

// died says whether the process ended by itself.
func (p *process) died() bool {
	select {
	case <-p.exited:
	default:
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.meant
}

// gone says whether the process ended. A connection that is not there is the first sign of it.
func (p *process) gone() bool {
	var patience time.Duration
	if s := p.conn.GetState(); s == connectivity.TransientFailure || s == connectivity.Connecting {
		patience = 300 * time.Millisecond
	}
	return p.waitExit(patience)
}

// signal goes to the process group.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		syscall.Kill(-p.pid, s)
	}
}

// kill ends the process at once and waits for its end.
func (p *process) kill() {
	p.mean()
	p.signal(syscall.SIGKILL)
	<-p.exited
	if p.conn != nil {
		p.cancel()
		p.conn.Close()
	}
}

// waitExit says whether the process ended within d.
func (p *process) waitExit(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.exited:
		return true
	case <-timer.C:
	}
	select { // of two that are ready the first select takes any
	case <-p.exited:
		return true
	default:
		return false
	}
}

// ending says how it ended and the last it said.
func (p *process) ending() string {
	how := "exit status 0"
	if p.exitErr != nil && !errors.Is(p.exitErr, exec.ErrWaitDelay) {
		how = p.exitErr.Error()
	}
	if last := p.stderr.lastLine(); last != "" {
		how += ", after saying: " + last
	}
	return how
}

// launcher starts processes on one operating system thread. On Linux the kernel ends a plugin when its thread of birth
// ends; so the end of the thread is, for the plugin, the end of the host.
type launcher struct {
	work chan func()
	done chan struct{}
}

func newLauncher() *launcher {
	l := &launcher{work: make(chan func()), done: make(chan struct{})}
	locked := make(chan struct{})
	go l.run(locked)
	<-locked
	return l
}

func (l *launcher) run(locked chan<- struct{}) {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	if onMainThread() {
		// The main thread cannot end. While this goroutine holds it, another one gets another.
		elsewhere := make(chan struct{})
		go l.run(elsewhere)
		<-elsewhere
		runtime.UnlockOSThread()
		close(locked)
		return
	}
	close(locked)
	defer close(l.done)
	for f := range l.work {
		f()
	}
}

func (l *launcher) do(f func() error) error {
	result := make(chan error, 1)
	l.work <- func() { result <- f() }
	return <-result
}

func (l *launcher) stop() {
	close(l.work)
	<-l.done
}

// socketDir makes the private folder of the run. Its name is short: a socket's path has room for about a hundred bytes.
func socketDir() (string, error) {
	dir, err := os.MkdirTemp("", "vct")
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}
