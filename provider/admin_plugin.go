package provider

import (
	"context"
	"time"
)

// PluginList says how each plugin instance is.
var PluginList = operation("plugin.list", (*Admin).pluginList)

// PluginInfo is a plugin instance as an operator sees it.
type PluginInfo struct {
	Instance  string       `json:"instance"`
	Plugin    string       `json:"plugin"`
	Version   string       `json:"version,omitempty"`
	State     string       `json:"state"`
	Since     time.Time    `json:"since"`
	PID       int          `json:"pid,omitempty"`
	Restarts  int          `json:"restarts"`
	Services  []string     `json:"services,omitempty"`
	Methods   []MethodInfo `json:"methods,omitempty"`
	Calls     uint64       `json:"calls"`
	P50       Duration     `json:"p50,omitempty"` // of its calls, the recent ones
	P99       Duration     `json:"p99,omitempty"`
	LastError string       `json:"last_error,omitempty"`
	Digest    string       `json:"digest,omitempty"`   // SHA-256 of a program that is not bundled
	Problems  []Mistake    `json:"problems,omitempty"` // with its configuration
}

// MethodInfo is a way to authenticate, as policy refers to it.
type MethodInfo struct {
	Ref     string   `json:"ref"`
	Factors []string `json:"factors"`
	AMR     []string `json:"amr"`
}

func (a *Admin) pluginList(ctx context.Context, _ None) ([]PluginInfo, error) {
	h, err := a.plugins(ctx)
	if err != nil {
		return nil, err
	}
	methods := map[string][]MethodInfo{}
	for _, m := range h.Methods() {
		methods[m.Instance] = append(methods[m.Instance], MethodInfo{Ref: m.Ref, Factors: texts(m.Method.Factors), AMR: m.Method.AMR})
	}
	var infos []PluginInfo
	for _, st := range h.Status() {
		info := PluginInfo{Instance: st.Instance, Plugin: st.Plugin, Version: st.Version, State: string(st.State), Since: st.Since, PID: st.PID,
			Restarts: st.Restarts, LastError: st.LastError, Digest: st.Digest, Methods: methods[st.Instance],
			Calls: st.Latency.Calls, P50: Duration(st.Latency.P50), P99: Duration(st.Latency.P99)}
		if d, ok := h.Describe(st.Instance); ok {
			info.Services = texts(d.Services)
		}
		for _, p := range st.Problems {
			info.Problems = append(info.Problems, a.pluginConfig().pluginMistake(st.Instance, p.Pointer, p.Message))
		}
		infos = append(infos, info)
	}
	return infos, nil
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
