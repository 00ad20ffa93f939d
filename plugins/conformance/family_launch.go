package conformance

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

var launchRules = []Rule{
	{ID: "launch.handshake", check: checkHandshake, Where: whereHandshake,
		Says: "the program says the handshake line within 10 s",
		Fix:  "print CORE|CONTRACT|NETWORK|ADDRESS|grpc|CERTIFICATE as the first line on standard output, nothing before it; sdk.Serve does"},
	{ID: "launch.library", check: checkLibrary, Where: whereHandshake,
		Says: "hashicorp/go-plugin's own client accepts the plugin",
		Fix:  "offer the go-plugin handshake with AutoMTLS, the health service and the contract's services on one server"},
	{ID: "launch.cookie", check: checkCookie, Where: whereHandshake,
		Says: "started by hand, without the magic cookie, the program says in a sentence what it is and ends with an error",
		Fix:  "compare the variable VARCO_PLUGIN before anything else; if it is not the cookie, explain on standard error and exit with a code other than 0"},
	{ID: "launch.plain", check: checkPlain, Where: whereHandshake,
		Says: "without AutoMTLS the program serves in the clear, or says why not and ends",
		Fix:  "without PLUGIN_CLIENT_CERT leave the certificate of the handshake empty and serve without TLS, or exit with a sentence"},
	{ID: "launch.mtls", check: checkMTLS, Where: whereHandshake,
		Says: "with AutoMTLS the plugin encrypts, and answers nobody in the clear",
		Fix:  "when PLUGIN_CLIENT_CERT is set, serve TLS 1.3 with a certificate of your own and put it into the handshake"},
	{ID: "launch.stranger", check: checkStranger, Where: whereHandshake,
		Says: "a TLS client without the host's certificate is refused",
		Fix:  "require a client certificate and verify it against PLUGIN_CLIENT_CERT alone: whoever reaches the socket could otherwise ask for logins"},
	{ID: "launch.socket", check: checkSocket, Where: whereHandshake,
		Says: "the plugin listens in the folder it was given, or on the loopback interface",
		Fix:  "make the socket in the folder of PLUGIN_UNIX_SOCKET_DIR"},
	{ID: "launch.health", check: checkHealth, Where: whereHandshake,
		Says: "the health service says that \"plugin\" is serving",
		Fix:  "register grpc.health.v1.Health with the status SERVING for the service \"plugin\": the host pings it, and restarts a plugin that does not answer"},
	{ID: "launch.stdout", check: checkStdout, last: true, Where: whereHandshake,
		Says: "nothing but the handshake comes on standard output",
		Fix:  "write logs to standard error; keep libraries from printing"},
	{ID: "launch.shutdown", check: checkShutdown, Where: whereHandshake,
		Says: "asked to shut down, the process ends within 2 s",
		Fix:  "end the process when plugin.GRPCController/Shutdown is called, without waiting for back ends"},
	{ID: "launch.sigterm", check: checkSigterm, Where: whereHandshake,
		Says: "SIGTERM ends the process within 1 s",
		Fix:  "do not ignore SIGTERM, and end at once when it comes"},
	{ID: "launch.socket_removed", check: checkSocketRemoved, Where: whereHandshake,
		Says: "an orderly end removes the socket file",
		Fix:  "close the listener and remove its file before the process ends"},
	{ID: "launch.nothing_left", check: checkNothingLeft, Where: whereHandshake,
		Says: "nothing of the plugin goes on when its host is gone, or when it was shut down",
		Fix:  "start no process that outlives yours: no daemon, no setsid, no wrapper that leaves the program behind"},
}

// launched ends a check that needs a running process.
func (v *verdict) launched() *process {
	if v.main == nil {
		v.absent("the plugin does not start: see launch.handshake")
	}
	v.made()
	return v.main
}

func checkHandshake(v *verdict) {
	v.made()
	if v.main == nil {
		v.fail("%v", v.failure)
	}
}

func checkLibrary(v *verdict) {
	v.launched()
	cmd := exec.Command(v.options.Command[0], v.options.Command[1:]...)
	dir, err := os.MkdirTemp(v.dir, "l")
	v.ended(err)
	cmd.Dir, cmd.Env = "/", append(slices.Clone(v.options.Env), "TMPDIR="+dir, goplugin.EnvUnixSocketDir+"="+dir)
	for _, name := range environment {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: sdk.Handshake, VersionedPlugins: sdk.PluginSets(),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, Cmd: cmd, AutoMTLS: true, SkipHostEnv: true,
		StartTimeout: startLimit, Logger: hclog.NewNullLogger(),
	})
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		v.fail("%v", err)
		return
	}
	raw, err := protocol.Dispense("varco")
	if err != nil {
		v.fail("dispense: %v", err)
		return
	}
	if err := v.reaches(raw.(*sdk.Client)); err != nil { // a *sdk.Client by PluginSets
		v.fail("a call: %v", err)
	}
}

// reaches says why a client gets no answer. Any answer of the plugin will do.
func (v *verdict) reaches(c *sdk.Client) error {
	ctx, cancel := context.WithTimeout(v.ctx, describeLimit)
	defer cancel()
	_, err := c.Check(ctx, "no-such-instance")
	if code := status.Code(err); code == codes.Unavailable || code == codes.DeadlineExceeded {
		return err
	}
	return nil
}

func checkCookie(v *verdict) {
	v.made()
	p, err := v.start(v.ctx, how{noCookie: true})
	if p == nil {
		v.fail("%v", err)
		return
	}
	defer p.kill()
	p.mean()
	if err == nil || !p.waitExit(5*time.Second) {
		v.fail("the program goes on without the cookie")
		return
	}
	text := p.stderr.String() + p.stdout.String()
	if p.exitErr == nil {
		v.fail("the program ends with the code 0, as if it had done something")
	}
	if len(strings.Fields(text)) < 4 || !strings.ContainsFunc(text, unicode.IsLetter) {
		v.fail("the program says only %q", text)
	}
}

func checkPlain(v *verdict) {
	v.launched()
	p, err := v.start(v.ctx, how{plain: true})
	if p == nil {
		v.fail("%v", err)
		return
	}
	defer p.kill()
	if err != nil {
		select {
		case <-p.exited:
			p.mean()
			if len(strings.Fields(p.stderr.String())) < 4 {
				v.fail("the program ends without a sentence: %v", err)
			}
		default:
			v.fail("%v", err)
		}
		return
	}
	if err := v.reaches(p.Client); err != nil {
		v.fail("in the clear: %v", err)
	}
}

// answers says whether a client of that kind gets an answer.
func (v *verdict) answers(h handshake, transport credentials.TransportCredentials) bool {
	conn, err := dial(h, transport)
	if err != nil {
		return false
	}
	defer conn.Close()
	return v.reaches(sdk.NewClient(conn)) == nil
}

func checkMTLS(v *verdict) {
	p := v.launched()
	if p.handshake.cert == nil {
		v.fail("PLUGIN_CLIENT_CERT was set, and the handshake holds no certificate")
	}
	if v.answers(p.handshake, insecure.NewCredentials()) {
		v.fail("a client without TLS got an answer")
	}
}

func checkStranger(v *verdict) {
	p := v.launched()
	if p.handshake.cert == nil {
		v.why, v.ran = "the plugin offers no TLS: see launch.mtls", false
		return
	}
	other, err := newIdentity()
	v.ended(err)
	if v.answers(p.handshake, credentials.NewTLS(clientTLS(p.handshake.cert, nil))) {
		v.fail("a TLS client without a certificate got an answer")
	}
	if v.answers(p.handshake, credentials.NewTLS(clientTLS(p.handshake.cert, other))) {
		v.fail("a TLS client with a certificate of its own got an answer")
	}
}

func checkSocket(v *verdict) {
	p := v.launched()
	if err := p.handshake.checkAddress(p.dir); err != nil {
		v.fail("%v", err)
	}
}

func checkHealth(v *verdict) {
	p := v.launched()
	ctx, cancel := context.WithTimeout(v.ctx, describeLimit)
	defer cancel()
	m, err := grpc_health_v1.NewHealthClient(p.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName})
	switch {
	case err != nil:
		v.fail("%v", err)
	case m.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING:
		v.fail("it says %s", m.GetStatus())
	}
}

func checkStdout(v *verdict) {
	v.launched()
	for _, p := range v.tracked() {
		if rest := p.stdout.rest(); rest != "" && p.handshake.address != "" {
			v.fail("after the handshake it printed %q", rest)
			return
		}
	}
}

// disposable starts a process to end it.
func (v *verdict) disposable(h how) *process {
	v.launched()
	p, err := v.start(v.ctx, h)
	if err != nil {
		v.ran = false
		v.ended(err)
	}
	_ = v.reaches(p.Client) // the connection is there, and the program past its beginning
	return p
}

// ending is what one process did that was asked to shut down.
type ending struct {
	offered, ended, socketLeft bool
	left                       []int // processes that go on
}

// ending shuts one process down, for all rules.
func (v *verdict) ending() *ending {
	v.launched()
	if v.shut != nil {
		return v.shut
	}
	p := v.disposable(how{})
	defer p.kill()
	began := time.Now()
	e := &ending{offered: status.Code(p.shutdown(v.ctx)) != codes.Unimplemented}
	v.shut = e
	if !e.offered {
		return e
	}
	if e.ended = p.waitExit(shutdownLimit - time.Since(began)); e.ended {
		_, err := os.Lstat(p.handshake.address)
		e.socketLeft = p.handshake.network == "unix" && err == nil
		e.left = leftOf(p)
	}
	return e
}

// leftOf waits five seconds for everything of a process to be gone, and returns what is not.
func leftOf(p *process) (left []int) {
	for range 250 {
		if left = descendants(p.dir); len(left) == 0 {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return left
}

func checkShutdown(v *verdict) {
	e := v.ending()
	if !e.offered {
		v.ran, v.why = false, "the plugin does not offer plugin.GRPCController: the host ends it by SIGTERM"
		return
	}
	if !e.ended {
		v.fail("after %s it still runs", shutdownLimit)
	}
}

func checkSigterm(v *verdict) {
	p := v.disposable(how{})
	defer p.kill()
	p.mean()
	p.signal(syscall.SIGTERM)
	if !p.waitExit(terminateLimit) {
		v.fail("after %s it still runs", terminateLimit)
	}
}

func checkSocketRemoved(v *verdict) {
	switch e := v.ending(); {
	case v.main.handshake.network != "unix":
		v.ran, v.why = false, "the plugin listens on TCP"
	case !e.ended:
		v.ran, v.why = false, "the plugin does not shut down when asked: see launch.shutdown"
	case e.socketLeft:
		v.fail("the socket file is still there")
	}
}

func checkNothingLeft(v *verdict) {
	v.launched()
	if !diesWithThread {
		v.ran, v.why = false, "this system does not tell a process that its parent is gone"
		return
	}
	host := newLauncher()
	p := v.disposable(how{thread: host})
	p.mean()
	host.stop() // to the plugin this is the death of the host
	if left := leftOf(p); len(left) > 0 {
		v.fail("five seconds after the host died, the processes %v are left", left)
	}
	p.kill()
	if left := v.ending().left; len(left) > 0 {
		v.fail("five seconds after it was shut down, the processes %v are left", left)
	}
}
