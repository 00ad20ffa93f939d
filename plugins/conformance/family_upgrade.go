package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

var upgradeRules = []Rule{
	{ID: "upgrade.credential", check: checkGoldenCredential, Where: "lifecycle.proto, Description.state_version",
		Says: "credentials that an earlier release wrote still log people in",
		Fix:  "read the form of every earlier state_version"},
	{ID: "upgrade.state", check: checkGoldenState, Where: "lifecycle.proto, Description.state_version",
		Says: "logins that began under an earlier release come to their end",
		Fix:  "read state of the previous state_version: during an upgrade logins are under way"},
	{ID: "upgrade.written", check: writeGolden, Where: "docs/plugins/conformance.md, Golden states",
		Says: "golden states of this release are written (--write-golden)",
		Fix:  "make the folder writable"},
}

// golden is a login of an earlier release, stopped before its last answer.
type golden struct {
	Plugin       string            `json:"plugin"`
	Version      string            `json:"version"`
	Method       string            `json:"method"`
	Begun        time.Time         `json:"begun"` // the run's own time
	Now          time.Time         `json:"now"`   // of the last answer
	Flow         string            `json:"flow"`
	Step         uint32            `json:"step"`
	Key          string            `json:"key"`
	Subject      sdk.Subject       `json:"subject"`
	Credentials  []sdk.Credential  `json:"credentials"`
	State        []byte            `json:"state"`
	StateVersion uint32            `json:"state_version"`
	Inputs       map[string]string `json:"inputs"`
	// Keys are the instance's own; without them nothing that they protect could be read.
	Keys map[string][]byte `json:"keys,omitempty"`
	// Otpauth and Memory are what the person holds.
	Otpauth string          `json:"otpauth,omitempty"`
	Memory  json.RawMessage `json:"memory,omitempty"`
}

func writeGolden(v *verdict) {
	if v.options.WriteGolden == "" {
		v.absent("no folder was named (--write-golden)")
	}
	if err := os.MkdirAll(v.options.WriteGolden, 0o755); err != nil {
		v.made()
		v.fail("%v", err)
		return
	}
	v.methods(func(m *sdk.Method) {
		a := v.almost(m, v.bound(m), v.primary())
		v.made()
		raw, err := json.MarshalIndent(golden{
			Plugin: v.description.Name, Version: v.description.Version, Method: m.ID, Begun: v.began.UTC(), Now: a.context.Now,
			Flow: a.context.FlowID, Step: a.context.Step, Key: a.request(nil).Context.IdempotencyKey, Subject: a.person.subject,
			Credentials: a.person.credentials, State: a.state, StateVersion: a.version, Inputs: a.inputs, Keys: v.keys,
			Otpauth: a.person.otpauth, Memory: a.person.memory,
		}, "", "  ")
		v.ended(err)
		name := fmt.Sprintf("%s-%s-%s.json", v.description.Name, v.description.Version, m.ID)
		if err := os.WriteFile(filepath.Join(v.options.WriteGolden, name), append(raw, '\n'), 0o644); err != nil {
			v.fail("%v", err)
		}
	})
}

// goldens runs f for each login of the folder, on a process that has the keys of that time.
func (v *verdict) goldens(f func(g *golden, m *sdk.Method, p *process)) {
	if v.options.Golden == "" {
		v.absent("no folder of golden states was named (--golden)")
	}
	v.needs(sdk.ServiceAuthenticator)
	names, err := filepath.Glob(filepath.Join(v.options.Golden, "*.json"))
	v.ended(err)
	if len(names) == 0 {
		v.made()
		v.fail("%s holds no golden states: %v", v.options.Golden, fs.ErrNotExist)
	}
	for _, name := range names {
		v.part(func() {
			raw, err := os.ReadFile(name)
			v.ended(err)
			g := new(golden)
			if err := json.Unmarshal(raw, g); err != nil {
				v.made()
				v.fail("%s is not a golden state: %v", filepath.Base(name), err)
				return
			}
			if g.Plugin != v.description.Name {
				return
			}
			i := slices.IndexFunc(v.description.Methods, func(m sdk.Method) bool { return m.ID == g.Method })
			v.made()
			if i < 0 {
				v.fail("the method %q of release %s is gone", g.Method, g.Version)
				return
			}
			p, err := v.start(v.ctx, how{})
			v.ended(err)
			defer p.kill()
			cfg := v.configuration()
			if g.Keys != nil {
				cfg.Keys = g.Keys
			}
			ctx, cancel := v.within(configureLimit)
			defer cancel()
			v.ended(p.Configure(ctx, cfg))
			v.about = g.Method + " of release " + g.Version
			f(g, &v.description.Methods[i], p)
		})
		v.about = ""
	}
	v.why = "the folder holds no golden states of this plugin"
}

func (g *golden) person() *person {
	return &person{subject: g.Subject, credentials: g.Credentials, now: g.Now, made: len(g.Credentials), otpauth: g.Otpauth, memory: g.Memory}
}

func checkGoldenState(v *verdict) {
	v.goldens(func(g *golden, m *sdk.Method, p *process) {
		f := v.newFlow(m, g.person(), false, p)
		f.context.Now, f.context.FlowID, f.context.Step, f.context.ExpiresAt = g.Now, g.Flow, g.Step, g.Now.Add(time.Minute)
		f.state, f.version = g.State, g.StateVersion
		answer, err := f.proceed(v.ctx, g.Inputs)
		if errors.Is(err, errRefused) {
			v.ended(err)
		}
		if err != nil || answer.Success == nil {
			v.fail("the right answer to a login under way ends with %s", said(answer, err))
		}
	})
}

func checkGoldenCredential(v *verdict) {
	v.goldens(func(g *golden, m *sdk.Method, p *process) {
		s := v.scripted(m)
		who := g.person()
		who.now = g.Now.Add(v.advance())
		answer, err := v.newFlow(m, who, false, p).walk(v.ctx, "right", s.Right)
		if errors.Is(err, errRefused) {
			v.ended(err)
		}
		if err != nil || answer.Success == nil {
			v.fail("a login with a credential of then ends with %s", said(answer, err))
		}
	})
}
