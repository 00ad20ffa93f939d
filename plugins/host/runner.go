package host

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// maxHandshake bounds the one line a plugin says on standard output. It holds a certificate.
const maxHandshake = 16 << 10

// process is a plugin's operating system process, in the form go-plugin starts and waits for.
type process struct {
	cmd      *exec.Cmd
	launcher *launcher
	logs     *logs
	limits   Limits
	dir      string // of its socket
	pid      int

	handshake chan []byte // the first line of standard output, then closed
	diagnosis string      // why there was no such line; set by the goroutine that starts the process
	exited    chan struct{}
	exitErr   error // valid after exited

	starting context.Context // its end ends the process, until started is called
	started  func() bool

	mu   sync.Mutex
	gone bool // reaped, or about to be: its id may soon be somebody else's
	ours bool // this host sent it a signal
}

var _ runner.Runner = (*process)(nil)

// Start implements runner.Runner.
func (p *process) Start(context.Context) error {
	stdout, stdoutW, err := os.Pipe()
	if err != nil {
		return err
	}
	stderr, stderrW, err := os.Pipe()
	if err != nil {
		return errors.Join(err, stdout.Close(), stdoutW.Close())
	}
	// Standard input stays closed: exec opens the null device for a nil Stdin.
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = stdoutW, stderrW, processAttributes()
	err = p.launcher.start(p.cmd.Start)
	stdoutW.Close()
	stderrW.Close()
	if err != nil {
		stdout.Close()
		stderr.Close()
		return fmt.Errorf("start %s: %w", p.cmd.Args[0], err)
	}
	p.pid = p.cmd.Process.Pid
	if err := limit(p.pid, p.limits); err != nil {
		p.logs.log.Warn("plugin runs without some limits", "error", err)
	}
	p.started = context.AfterFunc(p.starting, func() { p.signal(syscall.SIGKILL) })
	var readers sync.WaitGroup
	readers.Go(func() { p.readHandshake(stdout) })
	readers.Go(func() { p.logs.copy("stderr", stderr) })
	go p.reap(&readers, stdout, stderr)
	return nil
}

// readHandshake hands the first line over and then throws everything away for ever: a full pipe would stop the plugin.
func (p *process) readHandshake(stdout io.Reader) {
	buffered := bufio.NewReaderSize(stdout, maxHandshake)
	line, err := buffered.ReadSlice('\n')
	if err == nil {
		p.handshake <- bytes.Clone(line)
	}
	close(p.handshake)
	io.Copy(io.Discard, buffered)
}

func (p *process) reap(readers *sync.WaitGroup, pipes ...*os.File) {
	p.exitErr = waitGroup(p.cmd, p.endGroup)
	drained := make(chan struct{})
	go func() { readers.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(500 * time.Millisecond): // somebody left the group and holds a pipe open
	}
	for _, pipe := range pipes {
		pipe.Close()
	}
	<-drained
	os.RemoveAll(p.dir)
	close(p.exited)
}

// signal goes to the whole process group.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pid > 0 && !p.gone {
		p.ours = true
		syscall.Kill(-p.pid, s)
	}
}

// endGroup ends what the process started and is the last signal to it.
func (p *process) endGroup() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pid > 0 && !p.gone {
		syscall.Kill(-p.pid, syscall.SIGKILL)
	}
	p.gone = true
}

// killedByOthers says, of a process that ended, whether it was killed, and not by this host. No program does that to itself by
// mistake: it was an operator, or the system for want of memory.
func (p *process) killedByOthers() bool {
	var ended *exec.ExitError
	if !p.ended() || !errors.As(p.exitErr, &ended) {
		return false
	}
	how, ok := ended.Sys().(syscall.WaitStatus)
	p.mu.Lock()
	defer p.mu.Unlock()
	return ok && how.Signaled() && how.Signal() == syscall.SIGKILL && !p.ours
}

// ended says whether the process is gone.
func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
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
		return false
	}
}

// Stdout implements runner.Runner: the handshake and nothing else.
func (p *process) Stdout() io.ReadCloser { return io.NopCloser(&lineReader{from: p.handshake}) }

// Stderr implements runner.Runner. The host reads standard error itself, with limits that go-plugin has not.
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(bytes.NewReader(nil)) }

// Wait implements runner.Runner.
func (p *process) Wait(context.Context) error {
	<-p.exited
	return p.exitErr
}

// Kill implements runner.Runner.
func (p *process) Kill(context.Context) error {
	p.signal(syscall.SIGKILL)
	return nil
}

// Diagnose implements runner.Runner.
func (p *process) Diagnose(context.Context) string {
	p.diagnosis = "the program is not a plugin, or prints to standard output before the handshake"
	if p.waitExit(200 * time.Millisecond) {
		p.diagnosis = "the program ended before the handshake: " + p.ending()
	}
	return p.diagnosis
}

// ending says how the process ended and the last it said.
func (p *process) ending() string {
	how := "exit status 0"
	if p.exitErr != nil {
		how = p.exitErr.Error()
	}
	if last := p.logs.lastLine(); last != "" {
		how += ", after saying: " + last
	}
	return how
}

// Name implements runner.Runner.
func (p *process) Name() string { return p.cmd.Args[0] }

// ID implements runner.Runner.
func (p *process) ID() string { return strconv.Itoa(p.pid) }

// PluginToHost implements runner.Runner: both see the same file system.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin implements runner.Runner.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// lineReader reads what comes over a channel, then EOF.
type lineReader struct {
	from <-chan []byte
	rest []byte
}

// Read implements io.Reader.
func (r *lineReader) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		line, ok := <-r.from
		if !ok {
			return 0, io.EOF
		}
		r.rest = line
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
