package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// Options say what to check. Only Command is required.
type Options struct {
	Command []string // absolute path of the program, and its arguments
	Env     []string // NAME=value, beside what every plugin gets
	Script  *Script
	// ScriptDir is where programs that a script names are run.
	ScriptDir string
	// Only names families or single rules; empty: all of them.
	Only []string
	// Golden is a folder of states that an earlier release of the plugin wrote, see WriteGolden.
	Golden string
	// WriteGolden is a folder to write such states into.
	WriteGolden string
	// Flows is how many logins run in each round of the load; default 100.
	Flows int
	// Rounds is how many pairs of calls are timed; default 31.
	Rounds int
	// Progress, if set, is told which rule is about to be checked.
	Progress func(done, total int, rule string)
	// Answerer, if set, makes the answers in the place of the programs a script names.
	Answerer Answerer
}

// kit is one run.
type kit struct {
	options  Options
	script   *Script
	dir      string // private
	identity *identity
	thread   *launcher
	backend  *backend
	began    time.Time
	programs bool // answers are made by programs

	description *sdk.Description
	failure     error
	configured  bool
	config      []byte // the configuration under test
	keys        map[string][]byte

	main *process
	peer *process // a second replica

	walked bool
	people map[string]*person // with a credential bound, by method; cloned for each check
	codes  map[string]error   // why nobody could be bound
	works  map[string]bool    // whether the right answer succeeds

	mu        sync.Mutex
	processes []*process
	sightings sightings
	flows     int
	problems  []problem
	broken    []outage

	shut   *ending
	victim *process // of the crash family
	loaded *process // of the load family

	badCallbacks []string
}

// instanceID names the instance under test.
const instanceID = "under-test"

// Run checks a plugin. A plugin that does not even start is a report, not an error.
//
// Errors: the options are not usable.
func Run(ctx context.Context, o Options) (*Report, error) {
	chosen, err := o.check()
	if err != nil {
		return nil, err
	}
	k := &kit{options: o, script: o.Script, began: time.Now(), people: map[string]*person{}, codes: map[string]error{}}
	if k.script == nil {
		k.script = new(Script)
	}
	if k.options.Answerer == nil {
		k.programs = true
		k.options.Answerer = runAnswerer(o.ScriptDir)
	}
	if k.identity, err = newIdentity(); err != nil {
		return nil, err
	}
	if k.dir, err = socketDir(); err != nil {
		return nil, fmt.Errorf("make a folder for sockets: %w", err)
	}
	k.thread = newLauncher()
	if k.backend, err = startBackend(k.script.Backend); err != nil {
		return nil, err
	}
	defer k.close()
	k.prepare(ctx)
	report := &Report{Command: o.Command, Contract: sdk.ContractVersion}
	if k.description != nil {
		report.Plugin, report.Version = clean(k.description.Name), clean(k.description.Version)
	}
	results := make([]Result, len(chosen))
	done := 0
	for _, last := range []bool{false, true} {
		for i := range chosen {
			if chosen[i].last != last || ctx.Err() != nil {
				continue
			}
			if o.Progress != nil {
				o.Progress(done, len(chosen), chosen[i].ID)
			}
			results[i] = k.judge(ctx, &chosen[i])
			done++
		}
	}
	report.Results, report.Seconds = results, time.Since(k.began).Seconds()
	return report, ctx.Err()
}

func (o *Options) check() ([]Rule, error) {
	if len(o.Command) == 0 || !filepath.IsAbs(o.Command[0]) {
		return nil, errors.New("name the plugin by an absolute path")
	}
	info, err := os.Stat(o.Command[0])
	if err != nil {
		return nil, err
	}
	if info.IsDir() || info.Mode().Perm()&0o111 == 0 {
		return nil, fmt.Errorf("%s is not a program", o.Command[0])
	}
	if o.Flows <= 0 {
		o.Flows = 100
	}
	if o.Rounds <= 0 {
		o.Rounds = 31
	}
	all := Rules()
	if len(o.Only) == 0 {
		return all, nil
	}
	var chosen []Rule
	found := map[string]bool{}
	for _, r := range all {
		for _, name := range o.Only {
			if name == r.ID || name == r.Family() {
				found[name] = true
				if !slices.ContainsFunc(chosen, func(c Rule) bool { return c.ID == r.ID }) {
					chosen = append(chosen, r)
				}
			}
		}
	}
	for _, name := range o.Only {
		if !found[name] {
			return nil, fmt.Errorf("there is no family or rule %q; the families are %s", name, strings.Join(Families(), ", "))
		}
	}
	return chosen, nil
}

// judge checks one rule. A check that does not come to an end is a mistake of the kit's, or a plugin that found a way to
// hold it up: either way it must not hold up the others.
func (k *kit) judge(ctx context.Context, r *Rule) Result {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	v := &verdict{kit: k, ctx: ctx}
	v.part(func() { r.check(v) })
	if ctx.Err() != nil && !v.failed() {
		v.fail("the check did not end within two minutes")
	}
	return v.result(r, time.Since(began))
}

// prepare launches the plugin, describes and configures it. What goes wrong here is told by the rules that ask for it.
func (k *kit) prepare(ctx context.Context) {
	p, err := k.start(ctx, how{})
	if err != nil {
		k.failure = err
		return
	}
	k.main = p
	ctx, cancel := context.WithTimeout(ctx, 2*describeLimit)
	defer cancel()
	if k.description, k.failure = p.Describe(ctx); k.failure != nil {
		return
	}
	k.keys = instanceKeys(k.description)
	if k.config, err = k.buildConfig(k.backend.address()); err != nil {
		return
	}
	k.configured = k.configure(ctx, p) == nil
}

// buildConfig is the script's configuration with its placeholders filled in.
func (k *kit) buildConfig(backend string) ([]byte, error) {
	if len(k.script.Config) == 0 {
		return []byte("{}"), nil
	}
	return fillConfig(k.script.Config, func(name, part string) (string, error) {
		switch name {
		case "backend":
			host, port, _ := strings.Cut(backend, ":")
			switch part {
			case "":
				return "http://" + backend, nil
			case "host":
				return host, nil
			case "port":
				return port, nil
			}
		case "dir":
			return k.dir, nil
		case "script":
			return k.options.ScriptDir, nil
		}
		return "", errors.New("there is no such placeholder in a configuration")
	})
}

// fillConfig expands the texts of a configuration. A text that is one placeholder of a number becomes that number.
func fillConfig(config map[string]any, value func(name, part string) (string, error)) ([]byte, error) {
	var walk func(any) (any, error)
	walk = func(v any) (any, error) {
		switch v := v.(type) {
		case string:
			s, err := expand(v, value)
			if m := placeholder().FindStringSubmatch(v); err == nil && m != nil && m[0] == v && m[2] == "port" {
				return json.Number(s), nil
			}
			return s, err
		case map[string]any:
			out := make(map[string]any, len(v))
			for name, member := range v {
				filled, err := walk(member)
				if err != nil {
					return nil, err
				}
				out[name] = filled
			}
			return out, nil
		case []any:
			out := make([]any, len(v))
			for i := range v {
				filled, err := walk(v[i])
				if err != nil {
					return nil, err
				}
				out[i] = filled
			}
			return out, nil
		}
		return v, nil
	}
	filled, err := walk(config)
	if err != nil {
		return nil, err
	}
	return json.Marshal(filled)
}

func (k *kit) configuration() sdk.Configuration {
	return sdk.Configuration{InstanceID: instanceID, Revision: "1", JSON: k.config, Keys: k.keys}
}

// configure puts the configuration under test in force.
func (k *kit) configure(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, configureLimit)
	defer cancel()
	problems, err := p.ValidateConfig(ctx, k.configuration())
	if err != nil {
		return fmt.Errorf("validate the configuration: %w", err)
	}
	if len(problems) > 0 {
		return fmt.Errorf("validate the configuration: %s: %s", problems[0].Pointer, problems[0].Message)
	}
	if err := p.Configure(ctx, k.configuration()); err != nil {
		return fmt.Errorf("configure: %w", err)
	}
	return nil
}

// launch starts a configured process for a check alone.
func (v *verdict) launch() *process {
	p, err := v.start(v.ctx, how{})
	if err == nil {
		err = v.configure(v.ctx, p)
	}
	if err != nil {
		v.absent("no further process of the plugin could be started: %v", err)
	}
	return p
}

// primary returns the process that checks share, or a new one if it died.
func (v *verdict) primary() *process {
	if v.main == nil || v.main.gone() {
		v.main = v.launch()
	}
	return v.main
}

// replica returns a second process that checks share.
func (v *verdict) replica() *process {
	if v.peer == nil || v.peer.gone() {
		v.peer = v.launch()
	}
	return v.peer
}

// suffering returns a process that checks share which may harm it.
func (v *verdict) suffering() *process {
	v.launched()
	if v.victim == nil || v.victim.gone() {
		v.victim = v.disposable(how{})
		if v.configured {
			_ = v.configure(v.ctx, v.victim)
		}
	}
	return v.victim
}

// busy returns the process that carries the load.
func (v *verdict) busy() *process {
	if v.loaded == nil || v.loaded.gone() {
		v.loaded = v.launch()
	}
	return v.loaded
}

// track remembers a process, to end it and to read what it wrote.
func (k *kit) track(p *process) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.processes = append(k.processes, p)
}

func (k *kit) tracked() []*process {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.processes)
}

func (k *kit) close() {
	for _, p := range k.tracked() {
		p.kill()
	}
	for _, pid := range descendants(k.dir) { // what the plugin left behind: nobody else knows of it
		syscall.Kill(pid, syscall.SIGKILL)
	}
	k.thread.stop()
	k.backend.stop()
	os.RemoveAll(k.dir)
}
