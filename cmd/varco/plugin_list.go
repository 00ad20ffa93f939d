package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/varco-id/varco/provider"
)

type pluginListCmd struct{}

func (pluginListCmd) Help() string {
	return "Without a running server the plugins are started for the time of the command.\n\nExample:\n  varco plugin list"
}

func (pluginListCmd) Run(s *session) error {
	list, err := do(s, provider.PluginList, provider.None{})
	if err != nil {
		return err
	}
	return s.show(list, func(w io.Writer) {
		row(w, "INSTANCE", "PLUGIN", "VERSION", "STATE", "SINCE", "RESTARTS", "DIGEST", "CALLS", "P50", "P99", "METHODS")
		for _, p := range list {
			var methods []string
			for _, m := range p.Methods {
				methods = append(methods, m.Ref+" ("+strings.Join(m.Factors, "+")+": "+strings.Join(m.AMR, " ")+")")
			}
			row(w, p.Instance, p.Plugin, p.Version, p.State, when(p.Since), fmt.Sprint(p.Restarts), p.Digest[:min(len(p.Digest), 12)],
				fmt.Sprint(p.Calls), took(p.P50), took(p.P99), strings.Join(methods, ", "))
		}
		for _, p := range list {
			if p.LastError != "" {
				fmt.Fprintf(w, "%s: %s\n", p.Instance, p.LastError)
			}
			for _, m := range p.Problems {
				fmt.Fprintln(w, m)
			}
		}
	})
}

// took writes how long calls took, to two digits.
func took(d provider.Duration) string {
	t := time.Duration(d)
	switch {
	case t == 0:
		return ""
	case t < time.Millisecond:
		return fmt.Sprintf("%.2g ms", t.Seconds()*1000)
	case t < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", t.Seconds()*1000)
	}
	return fmt.Sprintf("%.0f ms", t.Seconds()*1000)
}
