package provider

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
)

// CheckPlugins starts the configured plugins for a moment and checks what only they know: their own configuration, and
// whether the methods that policy names exist and prove as many factors as it promises.
func CheckPlugins(ctx context.Context, c *Config) error {
	instances, err := c.instances()
	if err != nil {
		return err
	}
	h, err := host.New(host.Options{Instances: instances, AllowUnpinned: c.Development, Keys: throwawayKeys, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "the plugins cannot be started")
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); err = h.Run(running) }()
	waiting, cancel := context.WithTimeout(ctx, startTimeout)
	waitErr := h.WaitReady(waiting)
	mistakes := c.checkRunning(h)
	cancel()
	stop()
	<-ended
	switch {
	case err != nil:
		return fault.Wrap(fault.Unavailable, err, "the plugins cannot be started")
	case len(mistakes) == 0 && waitErr != nil:
		return fault.Wrap(fault.Unavailable, waitErr, fmt.Sprintf("the plugins did not start within %s", short(startTimeout)))
	}
	return mistakes.orNil()
}

// pluginConfig is the configuration of the plugins that run: a server's may have been reloaded since it started.
func (a *Admin) pluginConfig() *Config {
	if a.server != nil {
		return a.server.plugins.Load()
	}
	return a.config
}

// checkRunning holds the configuration against what running plugins say of themselves.
func (c *Config) checkRunning(h *host.Host) Mistakes {
	var mistakes Mistakes
	up := true
	for _, st := range h.Status() {
		for _, p := range st.Problems {
			mistakes = append(mistakes, c.pluginMistake(st.Instance, p.Pointer, p.Message))
		}
		if st.State != host.StateUp {
			up = false
			if len(st.Problems) == 0 {
				k := &checker{c: c}
				k.wrong("plugins."+st.Instance, "the plugin does not start: "+st.LastError, "")
				mistakes = append(mistakes, k.mistakes...)
			}
			continue
		}
		if d, ok := h.Describe(st.Instance); ok {
			mistakes = append(mistakes, c.clearSecrets(st.Instance, d.ConfigSchema)...)
			if !IsBundled(c.Plugins[st.Instance].Name(st.Instance)) { // the others' were looked at when the file was read
				k := &checker{c: c}
				k.texts(st.Instance, d)
				mistakes = append(mistakes, k.mistakes...)
			}
		}
	}
	mistakes = append(mistakes, c.checkRiskSources(h)...)
	if up { // methods of a plugin that is down are unknown rather than wrong
		mistakes = append(mistakes, c.checkMethods(h.Methods())...)
	}
	return mistakes
}

// checkMethods holds the policy against the methods there are.
func (c *Config) checkMethods(methods []host.MethodRef) Mistakes {
	k := &checker{c: c}
	factors, refs := map[string][]sdk.Factor{}, []string{}
	for _, m := range methods {
		factors[m.Ref] = m.Method.Factors
		refs = append(refs, m.Ref)
	}
	known := func(key, ref string) bool {
		_, ok := factors[ref]
		if !ok {
			k.wrong(key, fmt.Sprintf("there is no method %q", ref), "the methods are "+strings.Join(refs, ", "))
		}
		return ok
	}
	for i, l := range c.Policy.Levels {
		for j, combination := range l.AnyOf {
			key := fmt.Sprintf("policy.levels[%d].any_of[%d]", i, j)
			complete, proven := true, []sdk.Factor{}
			for n, ref := range combination {
				complete = known(fmt.Sprintf("%s[%d]", key, n), ref) && complete
				for _, f := range factors[ref] {
					if !slices.Contains(proven, f) {
						proven = append(proven, f)
					}
				}
			}
			if complete && len(proven) < l.Factors {
				k.wrong(key, fmt.Sprintf("%s proves %d of the %d factors that %s promises (%s)", strings.Join(combination, " with "), len(proven), l.Factors, l.ACR,
					strings.Join(texts(proven), ", ")), "combine methods of different factors: knowledge, possession, inherence")
			}
		}
	}
	for i, ref := range c.Policy.BindAtLogin {
		known(fmt.Sprintf("policy.bind_at_login[%d]", i), ref)
	}
	return k.mistakes
}
