package provider

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/fault"
)

// PluginUpgrade is another program for an instance, which was tried and works.
type PluginUpgrade struct {
	Instance string `json:"instance"`
	From     string `json:"from,omitempty"` // version that the configuration names now; empty where it does not start
	To       string `json:"to"`
	Pin      Pin    `json:"pin"`

	config *Config
}

// PreparePluginUpgrade pins a new program for an instance (command empty: the file that the configuration names has been
// replaced) and starts it for a moment with the instance's configuration. Nothing is changed, except that a manifest is
// written into the folder of an interpreted plugin.
func PreparePluginUpgrade(ctx context.Context, c *Config, instance string, command []string) (*PluginUpgrade, error) {
	p, ok := c.Plugins[instance]
	switch {
	case !ok:
		return nil, fault.New(fault.NotFound, "there is no plugin "+instance+" in the configuration")
	case len(p.Command) == 0:
		return nil, fault.New(fault.Invalid, instance+" is a bundled plugin: it is upgraded with the server's own program")
	case len(command) == 0:
		command = p.Command
	case len(command) == 1:
		command = append(command, p.Command[1:]...)
	}
	folder := ""
	if p.Manifest != "" {
		folder = filepath.Dir(c.Path(p.Manifest))
		if command[0] != p.Command[0] || strings.Join(command, "\x00") != strings.Join(p.Command, "\x00") {
			folder = "" // that of the new command
		}
	}
	up := &PluginUpgrade{Instance: instance, config: c}
	var err error
	if up.From, err = tryPlugin(ctx, c, instance, p); err != nil {
		up.From = "" // the file it names is not what it was
	}
	if up.Pin, err = PinPlugin(command, folder); err != nil {
		return nil, err
	}
	p.Command, p.Manifest, p.SHA256 = up.Pin.Command, up.Pin.Manifest, up.Pin.SHA256
	if up.To, err = tryPlugin(ctx, c, instance, p); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the new program does not work, so nothing was changed")
	}
	return up, nil
}

// tryPlugin starts one instance for a moment and returns its version.
func tryPlugin(ctx context.Context, c *Config, instance string, p Plugin) (version string, err error) {
	alone := *c
	alone.Plugins = map[string]Plugin{instance: p}
	list, err := alone.instances()
	if err != nil {
		return "", err
	}
	h, err := host.New(host.Options{Instances: list, AllowUnpinned: c.Development, Keys: throwawayKeys, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- h.Run(running) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	waiting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := h.WaitReady(waiting); err != nil {
		return "", err
	}
	st := h.Status()[0]
	if st.State != host.StateUp {
		return "", errors.New(st.LastError)
	}
	health, err := h.Check(ctx, instance)
	if err == nil && !health.OK {
		err = errors.New("it says of itself: " + health.Message)
	}
	return st.Version, err
}

// Write puts the new program into the configuration file: the two or three values, nothing else. It returns what puts the
// former file back.
func (u *PluginUpgrade) Write() (undo func() error, err error) {
	path := u.config.source.path
	before, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, u.byHand())
	}
	old, key := u.config.Plugins[u.Instance], "plugins."+u.Instance
	lines := strings.SplitAfter(string(before), "\n")
	for _, change := range []struct{ key, from, to string }{
		{key + ".sha256", old.SHA256, u.Pin.SHA256},
		{key + ".manifest", old.Manifest, u.Pin.Manifest},
		{key + ".command[0]", old.Command[0], u.Pin.Command[0]},
	} {
		if change.from == change.to || (change.key == key+".manifest" && u.config.Path(change.from) == change.to) {
			continue
		}
		if !u.config.replace(lines, change.key, change.from, change.to) {
			return nil, fault.New(fault.Invalid, change.key+" is not written out in the file: "+u.byHand())
		}
	}
	for n := range max(len(old.Command), len(u.Pin.Command)) - 1 {
		if n+1 >= len(old.Command) || n+1 >= len(u.Pin.Command) {
			return nil, fault.New(fault.Invalid, "the number of arguments is another: "+u.byHand())
		}
		if from, to := old.Command[n+1], u.Pin.Command[n+1]; from != to && !u.config.replace(lines, fmt.Sprintf("%s.command[%d]", key, n+1), from, to) {
			return nil, fault.New(fault.Invalid, "an argument is not written out in the file: "+u.byHand())
		}
	}
	after := strings.Join(lines, "")
	if _, err := Parse(path, []byte(after), u.config.environ()); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the file would have a mistake: "+u.byHand())
	}
	if err := rewrite(path, []byte(after)); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, u.byHand())
	}
	return func() error { return rewrite(path, before) }, nil
}

func (u *PluginUpgrade) byHand() string {
	return "write it into the configuration yourself, then run `varco plugin reload`:\n" + u.Pin.YAML(u.Instance)
}

// replace exchanges a value where the file has it, and says whether it stood there as it is.
func (c *Config) replace(lines []string, key, from, to string) bool {
	where := strings.Split(c.source.where[key], ":")
	if !c.source.clear[key] || len(where) < 3 || from == "" {
		return false
	}
	row, err := strconv.Atoi(where[len(where)-2])
	column, columnErr := strconv.Atoi(where[len(where)-1])
	if err != nil || columnErr != nil || row < 1 || row > len(lines) || column < 1 || column > len(lines[row-1]) {
		return false
	}
	before, value := lines[row-1][:column-1], lines[row-1][column-1:]
	quote := ""
	if value[0] == '"' || value[0] == '\'' {
		quote = value[:1]
	}
	rest, ok := strings.CutPrefix(value, quote+from+quote)
	if !ok || strings.ContainsAny(to, "\"'\\\n#,[]{}: ") && quote == "" {
		return false
	}
	lines[row-1] = before + quote + to + quote + rest
	return true
}

// rewrite exchanges a file as a whole: who reads it meanwhile gets the one or the other.
func rewrite(path string, content []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".varco-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		if gone := os.Remove(f.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
