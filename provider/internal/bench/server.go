//go:build linux

package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/varco-id/varco/provider"
)

// build compiles a command as it is shipped: static and stripped.
func build(ctx context.Context, out, pkg string) error {
	progress("building " + pkg)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s (run this inside the module): %w\n%s", pkg, err, text)
	}
	return nil
}

// The one relying party and the one password of the measurement.
const (
	clientID    = "bench"
	redirectURI = "http://127.0.0.1/callback" // nothing listens there: the driver reads the address and goes no further
	password    = "a lighthouse counts 47 waves"
)

// installation is a folder with a configuration, and addresses to serve on.
type installation struct {
	binary, dir, config string
	issuer, metrics     string
	secret              string
}

// newInstallation writes a configuration. plugins is its section of that name; each of methods reaches a level alone, the last by default.
func newInstallation(binary, dir, databaseURL, plugins string, methods ...string) (*installation, error) {
	i := &installation{binary: binary, dir: dir, config: filepath.Join(dir, "varco.yaml"), secret: randomText(32)}
	var addresses [2]string
	for n := range addresses {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		addresses[n] = l.Addr().String()
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	i.issuer, i.metrics = "http://"+addresses[0], "http://"+addresses[1]
	for name, text := range map[string]string{"client.secret": i.secret, "kek.key": base64.StdEncoding.EncodeToString([]byte(randomBytes(32)))} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return i, i.configure(databaseURL, plugins, methods...)
}

// configure writes the configuration that the next start reads.
func (i *installation) configure(databaseURL, plugins string, methods ...string) error {
	var levels []string
	for _, m := range methods {
		levels = append(levels, fmt.Sprintf(`{acr: "%s", any_of: [[%s]], factors: 1}`, acrOf(m), m))
	}
	// What is left out has the default of production. A crowd at one address is not an attack here.
	config := fmt.Sprintf(`issuer: %s
development: true # for http on a loopback address
listen: %s
metrics_listen: %s
data_dir: data
database: {url: %q}
sealing: {kek: [{file: kek.key}]}
plugins: %s
policy:
  levels: [%s]
  default: %s
throttle: {per_second: 100000, starts_per_address: 100000}
clients:
  - client_id: %s
    client_name: Bench
    redirect_uris: [%s]
    grant_types: [authorization_code, refresh_token, client_credentials]
    secret_file: client.secret
`, i.issuer, strings.TrimPrefix(i.issuer, "http://"), strings.TrimPrefix(i.metrics, "http://"), databaseURL, plugins, strings.Join(levels, ", "),
		acrOf(methods[len(methods)-1]), clientID, redirectURI)
	return os.WriteFile(i.config, []byte(config), 0o600)
}

func acrOf(method string) string { return "urn:bench:" + method }

// bundled is the plugins section of the measurement: what an installation has by default, at the cost that the floor is measured with,
// and more.
func bundled(more string) string {
	return fmt.Sprintf("{password: {config: {argon2: {memory_kib: %d, iterations: %d, parallelism: %d}}}, totp: {}%s}",
		cost.memoryKiB, cost.iterations, cost.parallelism, more)
}

func (i *installation) command(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, i.binary, append(args, "--config", i.config)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("varco %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// server is a running `varco serve`.
type server struct {
	*installation
	cmd   *exec.Cmd
	ready time.Duration // from the start of the process to the first 200 of /readyz
	log   *os.File
}

// start runs the program and waits until it is ready.
func (i *installation) start(ctx context.Context) (*server, error) {
	log, err := os.OpenFile(filepath.Join(i.dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	s := &server{installation: i, log: log, cmd: exec.Command(i.binary, "serve", "--config", i.config)}
	s.cmd.Stderr = log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if res, err := http.Get(i.metrics + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				s.ready = time.Since(began)
				return s, nil
			}
		}
		select {
		case <-ctx.Done():
			text, _ := os.ReadFile(log.Name())
			return nil, errors.Join(fmt.Errorf("the server does not become ready:\n%s", text), s.stop())
		case <-time.After(time.Millisecond):
		}
	}
}

func (s *server) pid() int { return s.cmd.Process.Pid }

func (s *server) stop() error {
	err := s.cmd.Process.Signal(syscall.SIGTERM)
	return errors.Join(err, s.cmd.Wait(), s.log.Close())
}

// memory lists the server's and its plugins'.
func (s *server) memory() ([]memory, error) {
	list, err := children(s.pid())
	if err != nil {
		return nil, err
	}
	var all []memory
	for _, pid := range append([]int{s.pid()}, list...) {
		m, err := memoryOf(pid)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// metric reads one figure without labels from the server's metrics.
func (s *server) metric(name string) (float64, error) {
	res, err := http.Get(s.metrics + "/metrics")
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			_, _ = io.Copy(io.Discard, res.Body)
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, errors.Join(lines.Err(), errors.New("the server has no metric "+name))
}

// subscriber is somebody who can sign in.
type subscriber struct{ name, sub string }

// addSubscribers adds n through the admin socket of the running server, as `varco subscriber add` does.
func (s *server) addSubscribers(ctx context.Context, n int) ([]subscriber, error) {
	config, err := provider.Load(s.config, os.Environ())
	if err != nil {
		return nil, err
	}
	remote, ok := provider.DialServer(ctx, config)
	if !ok {
		return nil, errors.New("the server's admin socket does not answer")
	}
	defer func() { _ = remote.Close() }()
	credential, err := json.Marshal(map[string]string{"password": password})
	if err != nil {
		return nil, err
	}
	list := make([]subscriber, n)
	for i := range list {
		name := fmt.Sprintf("person-%04d", i)
		info, err := provider.SubscriberAdd.Do(ctx, remote, provider.NewSubscriber{Username: name, Locale: "en",
			Claims:      map[string]any{"name": "Anna Rossi", "email": name + "@example.com"},
			Credentials: map[string]json.RawMessage{"password": credential, "plain": credential}})
		if err != nil {
			return nil, err
		}
		list[i] = subscriber{name, info.ID}
	}
	return list, nil
}

func randomBytes(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the process instead
	return string(b)
}

// randomText is n random bytes in base64url.
func randomText(n int) string { return base64.RawURLEncoding.EncodeToString([]byte(randomBytes(n))) }
