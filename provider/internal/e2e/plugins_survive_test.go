package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// crowd is an installation with passwords and codes by text message, and people who sign in at the same time, again and again.
type crowd struct {
	*installation
	server  *process
	inbox   string // file of the messages
	members []*member
	strong  string // authorization request for two factors

	mu     sync.Mutex
	failed []string
	took   []time.Duration // by a password, once it was sent
}

// member is one of them.
type member struct {
	*person
	phone  string
	typing time.Duration // how long a page takes them
	texts  int           // messages expected
	logins int
}

// crowdSize is how many sign in at the same time.
const crowdSize = 16

// maxTexts keeps below what one person may be sent in a quarter of an hour.
const maxTexts = 20

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	in := install(t, relyingParty("web", nil))
	dir := filepath.Join(in.dir, "inbox")
	in.config["plugins"] = map[string]any{"password": map[string]any{},
		"sms-otp": map[string]any{"config": map[string]any{"max_per_15_minutes": 20, "max_per_day": 100}},
		"inbox":   map[string]any{"config": map[string]any{"directory": dir}}}
	in.config["policy"] = map[string]any{"default": acrOne, "levels": []any{
		map[string]any{"acr": acrOne, "any_of": []any{[]any{"password"}}, "factors": 1},
		map[string]any{"acr": acrStrong, "any_of": []any{[]any{"password", "sms-otp/sms"}}, "factors": 2}}}
	in.save(t)
	c := &crowd{installation: in, inbox: filepath.Join(dir, "inbox.jsonl"), server: in.start(t)}
	for n := range crowdSize {
		m := &member{person: &person{Username: fmt.Sprintf("person%d", n), Password: "pw " + randomText(15)}, phone: fmt.Sprintf("+3933300012%02d", n),
			typing: time.Duration(200+40*n) * time.Millisecond}
		in.canary.keep("password of "+m.Username, m.Password)
		form := filepath.Join(in.dir, m.Username+".json")
		write(t, form, fmt.Appendf(nil, `{"phone": %q}`, m.phone))
		in.varco(t, m.Password, "subscriber", "add", m.Username, "--password-stdin", "--credential", "sms-otp="+form)
		c.members = append(c.members, m)
	}
	c.strong = in.goClient(t, "web").begin().url + "&" + url.Values{"acr_values": {acrStrong}, "prompt": {"login"}}.Encode()
	return c
}

// password is the time that this many of a hundred passwords took at most.
func (c *crowd) password(percent int) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.took) == 0 {
		return 0
	}
	slices.Sort(c.took)
	return c.took[(len(c.took)-1)*percent/100]
}

// lifetime is how long a process is left alone: 250 ms, unless the machine is so busy that not even a password is checked in that time.
// Whoever ends processes before they can do anything learns nothing.
func (c *crowd) lifetime(t *testing.T) time.Duration {
	t.Helper()
	c.signIn(t, 3*time.Second, func() {})
	return max(250*time.Millisecond, (3 * c.password(50)).Round(10*time.Millisecond))
}

// signIn has everybody sign in for as long as the time lasts, while incident happens again and again.
func (c *crowd) signIn(t *testing.T, d time.Duration, incident func()) {
	t.Helper()
	end := time.Now().Add(d)
	var all sync.WaitGroup
	for _, m := range c.members {
		all.Go(func() {
			for time.Now().Before(end) && m.texts < maxTexts {
				if err := c.login(t, m); err != nil {
					c.mu.Lock()
					c.failed = append(c.failed, m.Username+": "+err.Error())
					c.mu.Unlock()
					return // a person who failed through no fault of theirs is what this is about: one is enough
				}
				m.logins++
			}
		})
	}
	incidents := 0
	stop := make(chan struct{})
	var trouble sync.WaitGroup
	trouble.Go(func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				incident()
				incidents++
			case <-stop:
				return
			}
		}
	})
	all.Wait()
	close(stop)
	trouble.Wait()
	logins, texts := 0, 0
	for _, m := range c.members {
		logins += m.logins
		texts += m.texts
	}
	t.Logf("%d incidents; %d logins of %d people at the same time, %d failed; %d messages; a password took %s (median), %s at most",
		incidents, logins, crowdSize, len(c.failed), texts, c.password(50).Round(time.Millisecond), c.password(100).Round(time.Millisecond))
	for _, f := range c.failed {
		t.Error(f)
	}
	if logins < crowdSize {
		t.Errorf("only %d logins", logins)
	}
	c.checkTexts(t)
}

// login goes through the pages, each of which must be the expected next one: a person does everything right, once.
func (c *crowd) login(t *testing.T, m *member) error {
	v := c.visitor(t)
	if _, err := v.try("GET", c.strong, nil); err != nil {
		return err
	}
	if v.page == nil {
		return fmt.Errorf("it began by leaving to %s", v.left.URL)
	}
	f, _ := v.page.field("current-password")
	if f == nil {
		return fmt.Errorf("no password is asked for: %s", v.page.text)
	}
	f, fill := v.answers(m.person)
	time.Sleep(m.typing)
	began := time.Now()
	if _, err := v.trySubmit(f, button{}, fill); err != nil {
		return err
	}
	c.mu.Lock()
	c.took = append(c.took, time.Since(began))
	c.mu.Unlock()
	if v.page == nil {
		return fmt.Errorf("the password led to %s", v.left.URL)
	}
	f, name := v.page.field("one-time-code")
	if f == nil {
		return fmt.Errorf("after the password: %s", v.page.text)
	}
	m.texts++
	time.Sleep(m.typing)
	var code string
	waitFor(t, "a message to "+m.Username, func() bool {
		mine := c.texts(t)[m.phone]
		if len(mine) < m.texts {
			return false
		}
		code = mine[m.texts-1].code()
		return true
	})
	if _, err := v.trySubmit(f, button{}, url.Values{name: {code}}); err != nil {
		return err
	}
	if v.left == nil {
		return fmt.Errorf("after the code: %s", v.page.text)
	}
	if v.left.params().Get("code") == "" {
		return fmt.Errorf("the end is %s", v.left.URL)
	}
	return nil
}

// text is a message as the inbox keeps it.
type text struct{ Key, To, Body string }

func (x text) code() string {
	for word := range strings.FieldsSeq(x.Body) {
		word = strings.Trim(word, ".,:")
		if _, err := strconv.Atoi(word); err == nil && len(word) == 6 {
			return word
		}
	}
	return ""
}

// texts are the messages by phone, oldest first.
func (c *crowd) texts(t *testing.T) map[string][]text {
	raw, err := os.ReadFile(c.inbox)
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
	out := map[string][]text{}
	for line := range bytes.Lines(raw) {
		var x text
		if json.Unmarshal(line, &x) == nil { // the last one may be half written
			out[x.To] = append(out[x.To], x)
		}
	}
	return out
}

// checkTexts: everybody got as many messages as they were told of, and none twice.
func (c *crowd) checkTexts(t *testing.T) {
	t.Helper()
	keys := map[string]bool{}
	for _, m := range c.members {
		mine := c.texts(t)[m.phone]
		if len(mine) != m.texts {
			t.Errorf("%s got %d messages instead of %d", m.Username, len(mine), m.texts)
		}
		for _, x := range mine {
			if keys[x.Key] {
				t.Errorf("%s got a message twice", m.Username)
			}
			keys[x.Key] = true
		}
	}
}

// plugins are the processes of the server's plugins, by the name of the plugin.
func (c *crowd) plugins() map[string]int {
	out := map[string]int{}
	found, _ := filepath.Glob("/proc/[0-9]*/status") // the pattern is sound
	for _, status := range found {
		raw, err := os.ReadFile(status)
		if err != nil || !strings.Contains(string(raw), fmt.Sprintf("\nPPid:\t%d\n", c.server.cmd.Process.Pid)) {
			continue
		}
		line, err := os.ReadFile(filepath.Join(filepath.Dir(status), "cmdline"))
		pid, pidErr := strconv.Atoi(filepath.Base(filepath.Dir(status)))
		if words := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00"); err == nil && pidErr == nil && len(words) == 4 {
			out[words[3]] = pid
		}
	}
	return out
}

// up says which plugins answer: on a busy machine one may take longer to start than the time between two kills, and if it was killed
// then it would never be there.
func (c *crowd) up(t *testing.T) map[string]bool {
	res, err := c.http.Get(c.admin + "/metrics")
	if err != nil {
		t.Error(err)
		return nil
	}
	out := map[string]bool{}
	for line := range strings.Lines(string(readAll(t, res.Body))) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), `varco_plugin_up{instance="`); ok {
			name, value, _ := strings.Cut(name, `"} `)
			out[name] = value == "1"
		}
	}
	return out
}

// TestKilledPluginsCostNoLogin kills every plugin as soon as it has been there for 250 ms, again and again.
// Alone, as the next one: beside other tests a machine may not get through its passwords in time, and that would look like a lost login.
func TestKilledPluginsCostNoLogin(t *testing.T) {
	c := newCrowd(t)
	lifetime := c.lifetime(t)
	killed, since := map[int]bool{}, map[int]time.Time{}
	c.signIn(t, 15*time.Second, func() {
		up := c.up(t)
		for name, pid := range c.plugins() {
			switch began, seen := since[pid]; {
			case !seen && up[name]:
				since[pid] = time.Now()
			case seen && time.Since(began) >= lifetime && syscall.Kill(pid, syscall.SIGKILL) == nil:
				killed[pid] = true
			}
		}
	})
	t.Logf("%d processes killed, each when it had been there for %s", len(killed), lifetime)
	if len(killed) < 6 {
		t.Errorf("%d processes were killed: too few to say anything", len(killed))
	}
}

// TestReloadsCostNoLogin has the plugins replaced four times a second, as far as the machine follows.
func TestReloadsCostNoLogin(t *testing.T) {
	c := newCrowd(t)
	before := c.plugins()
	c.signIn(t, 15*time.Second, func() {
		if out, err := c.command("plugin", "reload", "password", "sms-otp", "inbox").CombinedOutput(); err != nil {
			t.Errorf("reload: %v\n%s", err, out)
		}
	})
	after := c.plugins()
	for name, pid := range before {
		if after[name] == pid || after[name] == 0 {
			t.Errorf("%s: process %d before, %d after", name, pid, after[name])
		}
	}
}

// TestStoppedPluginLeavesTheOthers stops a plugin's process as a debugger would: what needs it says so in time, the rest goes on, and
// the server ends in order.
func TestStoppedPluginLeavesTheOthers(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	stopped := c.plugins()["sms-otp"]
	if err := syscall.Kill(stopped, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	v := c.visitor(t)
	v.open(c.strong)
	f, fill := v.answers(c.members[0].person)
	if f == nil {
		t.Fatalf("no password is asked for: %+v", v.page)
	}
	v.submit(f, button{}, fill)
	if v.page == nil || v.page.status != 200 {
		t.Fatalf("the password led to %+v %+v", v.page, v.left)
	}
	t.Logf("a page came %s after the password, although the second method's process is stopped", time.Since(began).Round(time.Millisecond))
	one := c.visitor(t)
	if got := one.signIn(c.goClient(t, "web").begin().url, c.members[1].person).params(); got.Get("code") == "" {
		t.Errorf("signing in by the other method led to %v", got)
	}
	waitFor(t, "another process takes its place", func() bool { pid := c.plugins()["sms-otp"]; return pid != 0 && pid != stopped })
	if err := c.login(t, c.members[2]); err != nil {
		t.Errorf("with the new process: %v", err)
	}
	for _, pid := range c.plugins() {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	left := c.plugins()
	began = time.Now()
	c.server.end(syscall.SIGTERM)
	t.Logf("with every plugin stopped, the server ended %s after it was told to", time.Since(began).Round(time.Millisecond))
	if code := c.server.code(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
	for name, pid := range left {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("the process of %s is left", name)
		}
	}
}
