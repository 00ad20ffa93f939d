package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/varco-id/varco/plugins/sdk"
)

type versionCmd struct{}

func (versionCmd) Help() string { return "Example:\n  varco version -o json" }

// versions is what the program is made of.
type versions struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // built from files that are in no commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Contract int    `json:"plugin_contract"` // major version of the plugin contract
}

func (versionCmd) Run(s *session) error {
	v := versions{Version: "development", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Contract: sdk.ContractVersion}
	if build, ok := debug.ReadBuildInfo(); ok {
		if release := build.Main.Version; release != "" && release != "(devel)" {
			v.Version = release
		}
		for _, setting := range build.Settings {
			switch setting.Key {
			case "vcs.revision":
				v.Commit = setting.Value
			case "vcs.modified":
				v.Modified = setting.Value == "true"
			}
		}
	}
	return s.show(v, func(w io.Writer) {
		row(w, "varco", v.Version)
		if v.Commit != "" {
			row(w, "commit", v.Commit)
		}
		row(w, "go", v.Go+" "+v.Platform)
		row(w, "plugin contract", fmt.Sprintf("v%d", v.Contract))
	})
}
