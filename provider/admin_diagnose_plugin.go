package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/varco-id/varco/plugins/host"
)

func (a *Admin) checkPlugins(ctx context.Context, cs *checks) {
	h, err := a.plugins(ctx)
	if err != nil {
		cs.wrong("plugins", err.Error(), "")
		return
	}
	for _, m := range a.pluginConfig().checkRunning(h) {
		cs.wrong("plugins", m.String(), "")
	}
	for _, st := range h.Status() {
		name := "plugin " + st.Instance
		if st.State != host.StateUp {
			cs.wrong(name, strings.TrimSuffix(fmt.Sprintf("it is %s: %s", st.State, st.LastError), ": "), pluginHint(st))
			continue
		}
		switch health, err := h.Check(ctx, st.Instance); {
		case err != nil:
			cs.wrong(name, err.Error(), "")
		case !health.OK:
			cs.wrong(name, health.Message, "")
		default:
			cs.ok(name, strings.TrimSuffix(st.Plugin+" "+st.Version+": "+health.Message, ": "))
		}
	}
}

// pluginHint says what to do about a plugin that is not up.
func pluginHint(st host.Status) string {
	again := "then run `varco plugin reload " + st.Instance + "`"
	switch {
	case len(st.Problems) > 0:
		return "mend plugins." + st.Instance + " in the configuration, " + again
	case strings.Contains(st.LastError, host.NotPinned):
		return "if the program was replaced on purpose, run `varco plugin upgrade " + st.Instance + "`; if not, find out who did"
	case st.State == host.StateFailed:
		return "the program or its configuration is wrong: mend it, " + again
	case st.State == host.StateBroken:
		return "it crashed or broke the contract too often and is left alone for half a minute: the server's log says why; its methods are not offered meanwhile"
	}
	return "it is tried again by itself: the server's log says more; its methods are not offered meanwhile"
}
