package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// server returns the URL of the server's database "postgres", starting a server when none is given.
var server = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("VARCO_TEST_POSTGRES"); given != "" {
		return given, nil
	}
	return Start(settings)
})

const settings = `
listen_addresses = '127.0.0.1'
max_connections = 300
shared_buffers = 64MB
fsync = off
full_page_writes = off
synchronous_commit = off
log_min_messages = warning
`

// Start starts a private server with these lines in its postgresql.conf and returns the URL of its database "postgres". It ends with the
// process.
func Start(settings string) (string, error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	who, err := owner()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "varco-postgres-")
	if err != nil {
		return "", err
	}
	if who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			return "", errors.Join(err, os.RemoveAll(dir))
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = "/", &syscall.SysProcAttr{Credential: who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(dir))
	}
	if err := appendTo(filepath.Join(data, "postgresql.conf"), settings); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	var errs []error
	for range 3 { // somebody else may take the port between our look and the server's
		port, err := freePort()
		if err != nil {
			return "", errors.Join(err, os.RemoveAll(dir))
		}
		url := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
		if err = run(bin, dir, port, who); err == nil {
			err = ready(url)
		}
		if err == nil {
			return url, nil
		}
		errs = append(errs, err)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	return "", fmt.Errorf("start PostgreSQL: %w: %s", errors.Join(errs...), log)
}

// lifeline keeps the write end of the pipe that the server's guard reads. It closes with the process, also when that is killed.
var lifeline []*os.File

// guard runs the server until its standard input ends, then stops it at once and removes its files.
const guard = `"$1/postgres" -D "$2/data" -p "$3" -k "$2" >"$2/log" 2>&1 &
read -r _
kill -QUIT $! && wait $!
rm -rf "$2"`

func run(bin, dir string, port int, who *syscall.Credential) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	cmd := exec.Command("/bin/sh", "-c", guard, "guard", bin, dir, strconv.Itoa(port))
	cmd.Dir, cmd.Stdin = "/", r
	// A session of its own: an interrupt at the keyboard is for the test, and the guard must live to clean up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setsid: true}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, w.Close())
	}
	lifeline = append(lifeline, w)
	go func() { _ = cmd.Wait() }()
	return nil
}

func ready(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// binaries finds the newest server of Debian's packages.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	best, version := "", 0
	for _, path := range found {
		dir := filepath.Dir(path)
		if v, err := strconv.Atoi(filepath.Base(filepath.Dir(dir))); err == nil && v > version {
			best, version = dir, v
		}
	}
	if best == "" {
		return "", errors.Join(err, errors.New("these tests need a PostgreSQL server: `make test` installs what is missing "+
			"(or install Debian's package postgresql, or name a server in VARCO_TEST_POSTGRES)"))
	}
	return best, nil
}

// owner is who runs the server: PostgreSQL refuses to run as root, so then it is the user of Debian's package.
func owner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
