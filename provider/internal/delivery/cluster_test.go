package delivery

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// cluster is one PostgreSQL server for the whole test binary; each test has a database of its own.
var cluster struct {
	sync.Mutex
	dir, bin string
	port     int
	cred     *syscall.Credential
	err      error
}

func TestMain(m *testing.M) {
	if task := os.Getenv(childTask); task != "" {
		os.Exit(child(task))
	}
	code := m.Run()
	if cluster.dir != "" {
		if out, err := asPostgres("pg_ctl", "-D", cluster.dir+"/data", "-m", "immediate", "-w", "stop").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "stop PostgreSQL: %v: %s\n", err, out)
			code = max(code, 1)
		}
		_ = os.RemoveAll(cluster.dir)
	}
	os.Exit(code)
}

// clusterURL starts the server at its first call.
func clusterURL(t testing.TB, database string) string {
	t.Helper()
	cluster.Lock()
	defer cluster.Unlock()
	if cluster.dir == "" && cluster.err == nil {
		cluster.err = startCluster()
	}
	if cluster.err != nil {
		t.Fatalf("a real PostgreSQL is needed (Debian package postgresql): %v", cluster.err)
	}
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", cluster.port, database)
}

func asPostgres(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(cluster.bin, name), args...)
	cmd.Dir = "/"
	if cluster.cred != nil { // the server refuses to run as root
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cluster.cred}
	}
	return cmd
}

func startCluster() error {
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bins) == 0 {
		return fmt.Errorf("no server binaries under /usr/lib/postgresql")
	}
	slices.Sort(bins)
	cluster.bin = bins[len(bins)-1]
	dir, err := os.MkdirTemp("", "delivery-pg-")
	if err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return err
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		cluster.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	cluster.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return err
	}
	if out, err := asPostgres("initdb", "-D", dir+"/data", "-U", "postgres", "-A", "trust", "-N").CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	options := fmt.Sprintf("-p %d -h 127.0.0.1 -k %s -c max_connections=200", cluster.port, dir)
	if out, err := asPostgres("pg_ctl", "-D", dir+"/data", "-l", dir+"/log", "-o", options, "-w", "start").CombinedOutput(); err != nil {
		return fmt.Errorf("start: %w: %s", err, out)
	}
	cluster.dir = dir
	return nil
}
