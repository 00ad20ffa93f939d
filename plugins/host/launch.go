package host

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/varco-id/varco/plugins/sdk"
)

// startTimeout is from start to handshake.
const startTimeout = 10 * time.Second

// silentPlugin is how go-plugin begins its complaint about a plugin that printed nothing; it says less than we know.
const silentPlugin = "Unrecognized remote plugin message: \n"

// errKilled marks the end of a process that somebody else killed while it started.
var errKilled = errors.New("killed by somebody else")

// running is a plugin process with a connection to it.
type running struct {
	*process
	conn   *grpc.ClientConn
	client *sdk.Client
	about  *sdk.Description // under the operator's ceiling; set before the first call
	calls  sync.WaitGroup   // calls under way; added to only while it is the instance's current one
	useful atomic.Int64     // calls it has answered
	cancel context.CancelFunc
}

// launch starts one process and connects to it. The end of ctx ends a process that is still starting.
func (h *Host) launch(ctx context.Context, c *InstanceConfig, at program) (*running, error) {
	p := &process{starting: ctx, launcher: h.launcher, logs: newLogs(h.log.With("instance", c.ID)),
		handshake: make(chan []byte, 1), exited: make(chan struct{})}
	cfg := &goplugin.ClientConfig{
		HandshakeConfig:  sdk.Handshake,
		VersionedPlugins: sdk.PluginSets(),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     startTimeout,
		Logger:           hclog.NewNullLogger(),
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: h.dir},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, socketDir string) (runner.Runner, error) {
			p.dir = socketDir
			if at.tree != nil {
				root := filepath.Join(socketDir, "program")
				if err := at.tree.extract(root); err != nil {
					return nil, err
				}
				at.folder, at.args = root, at.tree.args(root, at.args)
			}
			p.cmd = command(c, at)
			p.limits = c.Limits
			p.cmd.Env = append(environment(c, socketDir), spec.Env...)
			return p, nil
		},
	}
	// Only Start is used. go-plugin's Client and Kill make calls without a deadline, which hang on a stopped process.
	address, err := goplugin.NewClient(cfg).Start()
	if p.started != nil {
		p.started()
	}
	if err == nil {
		err = checkAddress(address, p.dir)
	}
	if err != nil {
		killed := p.pid > 0 && p.killedByOthers()
		p.Kill(context.Background())
		if p.pid > 0 {
			<-p.exited
		} else if p.dir != "" {
			os.RemoveAll(p.dir)
		}
		if p.diagnosis != "" && strings.HasPrefix(err.Error(), silentPlugin) {
			err = errors.New(p.diagnosis)
		}
		if killed {
			err = fmt.Errorf("%w: %w", errKilled, err)
		}
		return nil, fmt.Errorf("launch: %w", err)
	}
	return h.connect(p, address, cfg.TLSConfig)
}

// command builds the process. Its name is for people who look at a list of processes.
func command(c *InstanceConfig, at program) *exec.Cmd {
	cmd := &exec.Cmd{Path: at.path, Dir: at.folder}
	if c.Plugin != "" {
		cmd.Args = []string{"varco", "plugin", "serve", c.Plugin}
	} else {
		cmd.Args = append([]string{c.Command[0]}, at.args...)
	}
	return cmd
}

// checkAddress keeps the connection where the host made room for it: a plugin that names another place would make the
// host talk to somebody else.
func checkAddress(address net.Addr, dir string) error {
	switch a := address.(type) {
	case *net.UnixAddr:
		if strings.HasPrefix(filepath.Clean(a.Name), dir+string(filepath.Separator)) {
			return nil
		}
	case *net.TCPAddr:
		if a.IP.IsLoopback() {
			return nil
		}
	}
	return fmt.Errorf("the plugin listens on %s, outside its socket directory and the loopback interface", address)
}

func (h *Host) connect(p *process, address net.Addr, config *tls.Config) (*running, error) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{process: p, cancel: cancel}
	config.MinVersion = tls.VersionTLS13
	options := append([]grpc.DialOption{
		grpc.WithTransportCredentials(credentials.NewTLS(config)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, address.Network(), address.String())
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(sdk.MaxMessage), grpc.MaxCallSendMsgSize(sdk.MaxMessage)),
		grpc.WithMaxHeaderListSize(64 << 10),
		grpc.WithIdleTimeout(0),
		grpc.WithDisableServiceConfig(),
	}, h.options.DialOptions...)
	conn, err := grpc.NewClient("passthrough:///plugin", options...)
	if err != nil {
		cancel()
		p.Kill(context.Background())
		<-p.exited
		return nil, fmt.Errorf("connect: %w", err)
	}
	r.conn, r.client = conn, sdk.NewClient(conn)
	go readStdio(ctx, conn, p.logs)
	return r, nil
}

// ping asks whether the process answers at all.
func (r *running) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	m, err := grpc_health_v1.NewHealthClient(r.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName})
	if err != nil {
		return err
	}
	if m.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return errors.New("the plugin says it is not serving")
	}
	return nil
}

// drain waits for the calls under way, at most d, and no longer when ctx ends.
func (r *running) drain(ctx context.Context, d time.Duration) {
	drained := make(chan struct{})
	go func() { r.calls.Wait(); close(drained) }()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-drained:
	case <-r.exited:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// stop ends the process within a bounded time, whatever state it is in.
func (r *running) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	began := time.Now()
	err := r.conn.Invoke(ctx, shutdownCall, &emptypb.Empty{}, &emptypb.Empty{})
	// The plugin may go before its answer has left; only one that does not know the call needs no more waiting.
	if !unimplemented(err) && r.waitExit(shutdownTimeout-time.Since(began)) {
		r.kill()
		return
	}
	r.signal(syscall.SIGTERM)
	r.waitExit(terminateTimeout)
	r.kill()
}

// kill ends the process and everything that belongs to it here.
func (r *running) kill() {
	r.Kill(context.Background())
	<-r.exited
	r.cancel()
	r.conn.Close()
}
