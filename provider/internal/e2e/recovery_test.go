package e2e_test

import (
	"bufio"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"crypto/tls"

	"golang.org/x/oauth2"
)

// TestKillMidLogin kills the server between any two steps of a login and starts it again: the person goes on where they were.
func TestKillMidLogin(t *testing.T) {
	t.Parallel()
	in := install(t, relyingParty("web", nil))
	p := in.start(t)
	carla, c := in.newPerson(t, "carla"), in.goClient(t, "web")
	crash := func() {
		t.Helper()
		plugins := children(t, p.cmd.Process.Pid)
		if len(plugins) != 2 {
			t.Errorf("the server has %d plugin processes, not 2", len(plugins))
		}
		p.end(syscall.SIGKILL)
		for _, pid := range plugins {
			waitFor(t, "the plugin of a killed server ends", func() bool { return !alive(pid) })
		}
		p = in.start(t)
	}

	v, a := in.visitor(t), c.begin(oauth2.SetAuthURLParam("acr_values", acrStrong))
	v.open(a.url)
	crash()
	v.open(v.page.url.String())
	v.answer(carla) // the password
	if f, _ := v.page.field("one-time-code"); f == nil {
		t.Fatalf("after the password the page is %q: %s", v.page.title, v.page.text)
	}
	crash()
	v.finish(carla) // the code of the app
	crash()
	got := c.redeem(a, v.left.params())
	crash()
	if next := c.refresh(got.RefreshToken); next.id.Subject != carla.ID {
		t.Errorf("the refreshed ID token is of %q", next.id.Subject)
	}
	// The session cookie outlives the process too.
	if landed := v.signIn(c.begin(oauth2.SetAuthURLParam("prompt", "none")).url, carla); landed.params().Get("code") == "" {
		t.Errorf("prompt=none after the crashes led to %v", landed.params())
	}
}

// TestOneProcessOnSQLite starts a second server on the same file: it must say why it cannot, and the first must not notice.
func TestOneProcessOnSQLite(t *testing.T) {
	t.Parallel()
	in := serve(t)
	in.config["listen"], in.config["metrics_listen"] = freeAddress(t), freeAddress(t)
	second := *in
	second.file = filepath.Join(in.dir, "second.yaml")
	second.save(t)
	p := launch(t, "second varco serve", second.command("serve"))
	waitFor(t, "the second server ends", func() bool { return !p.running() })
	if p.code() == 0 || !strings.Contains(p.log.String(), "SQLite serves one process") {
		t.Errorf("the second server ended with code %d and said: %s", p.code(), p.log.String())
	}
	if got := in.ready(); got != http.StatusOK {
		t.Errorf("/readyz of the first server answers %d", got)
	}
}

// TestTermination stops a server while it answers a request: the request is answered, and no process, socket or temporary file stays behind.
func TestTermination(t *testing.T) {
	t.Parallel()
	in := install(t, client{"client_id": "machine", "grant_types": []string{"client_credentials"}, "scopes": []string{"payments"}})
	p := in.start(t)
	plugins := children(t, p.cmd.Process.Pid)

	// A request whose body comes slowly is under way when the signal arrives.
	conn, err := tls.Dial("tcp", strings.TrimPrefix(in.issuer, "https://"), trusting(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := url.Values{"grant_type": {"client_credentials"}, "scope": {"payments"}}.Encode()
	req, _ := http.NewRequest(http.MethodPost, in.issuer+"/token", nil)
	req.SetBasicAuth("machine", url.QueryEscape(in.secret["machine"]))
	send := func(text string) {
		t.Helper()
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	send(fmt.Sprintf("POST /token HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		req.Host, req.Header.Get("Authorization"), len(body)))
	answer := bufio.NewReader(conn)
	if line, err := answer.ReadString('\n'); err != nil || !strings.Contains(line, "100") { // the handler reads the body now
		t.Fatalf("instead of 100 Continue: %q, %v", line, err)
	}
	if _, err := answer.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the server takes no new requests", func() bool { return in.ready() != http.StatusOK })
	if !p.running() {
		t.Fatal("the server ended with a request under way")
	}
	send(body)
	res, err := http.ReadResponse(answer, req)
	if err != nil {
		t.Fatalf("the request under way was not answered: %v", err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("the request under way was answered with %s", res.Status)
	}

	waitFor(t, "the server ends", func() bool { return !p.running() })
	if p.code() != 0 {
		t.Errorf("the server ended with code %d: %s", p.code(), tail(p.log.String(), 10))
	}
	for _, pid := range plugins {
		if alive(pid) {
			t.Errorf("the plugin process %d lives on", pid)
		}
	}
	left, err := filepath.Glob(filepath.Join(in.tmp, "*"))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(filepath.Join(in.dir, "data", "run"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() { // a socket
			left = append(left, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// children are the process ids of a process's children.
func children(t testing.TB, pid int) []int {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for _, file := range tasks {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread ended
		}
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, child)
		}
	}
	return list
}

// alive says whether a process runs. One that ended and waits to be collected does not.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z")
}
