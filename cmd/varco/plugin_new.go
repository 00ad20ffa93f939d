package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"text/template"

	"github.com/varco-id/varco/plugins/node"
)

// skeletons are the plugins that `varco plugin new` writes, one folder a language. A file name.tmpl becomes name.
//
//go:embed all:skeleton
var skeletons embed.FS

// varcoModule is where the SDK for Go comes from.
const varcoModule = "github.com/varco-id/varco"

type pluginNewCmd struct {
	Name     string `arg:"" help:"Name of the plugin: lower-case letters, digits and hyphens, a letter first."`
	Lang     string `default:"go" enum:"go,node" placeholder:"LANG" help:"go, or node for JavaScript and TypeScript."`
	Dir      string `placeholder:"DIR" help:"Folder to make (default: the name)."`
	Checkout string `placeholder:"DIR" help:"With go: build against the Varco source in this folder instead of a release."`
}

func (pluginNewCmd) Help() string {
	return "It is a whole authenticator, a PIN, with tests, texts in English and Italian and what the conformance kit asks for. " +
		"README.md in the folder says what to do next.\n\nExample:\n  varco plugin new memorable-date --lang node"
}

// skeleton is what the templates know.
type skeleton struct {
	Name      string
	GoVersion string // for go.mod
	Require   string // the version of Varco's module; empty where `go get` is still to find it
	Checkout  string // absolute path instead of a release
}

// created is what the command says.
type created struct {
	Dir   string   `json:"dir"`
	Files []string `json:"files"`
	Next  []string `json:"next"` // commands to run in Dir
}

func (c *pluginNewCmd) Run(s *session) error {
	if !validPluginName(c.Name) {
		return usage(fmt.Sprintf("the name %q must be lower-case letters, digits and hyphens, a letter first and at most 64", c.Name))
	}
	if c.Dir == "" {
		c.Dir = c.Name
	}
	values := skeleton{Name: c.Name, GoVersion: goVersion(runtime.Version()), Require: release()}
	if c.Checkout != "" {
		var err error
		if values.Checkout, err = checkout(c.Checkout); err != nil {
			return err
		}
		values.Require = "v0.0.0"
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	files, err := render(c.Lang, &values)
	if err != nil {
		return err
	}
	if err := writeNew(dir, files); err != nil {
		return err
	}
	result := created{Dir: dir, Next: nextSteps(c.Lang, &values)}
	for _, f := range files {
		result.Files = append(result.Files, f.name)
	}
	return s.show(result, func(w io.Writer) {
		fmt.Fprintf(w, "Wrote %s. Next:\n\n    cd %s\n", plural(len(files), "file"), c.Dir)
		for _, line := range result.Next {
			fmt.Fprintf(w, "    %s\n", line)
		}
		fmt.Fprintln(w, "\nREADME.md there says more.")
	})
}

// validPluginName is the contract's rule, and that of npm and of Go's module paths.
func validPluginName(name string) bool {
	return name != "" && len(name) <= 64 && name[0] >= 'a' && name[0] <= 'z' && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" &&
		!strings.HasSuffix(name, "-")
}

func nextSteps(lang string, values *skeleton) []string {
	if lang == "node" {
		return []string{"npm ci --ignore-scripts", "npm test", "npm run conformance"}
	}
	steps := []string{"go mod tidy", "go test ./...", "go build -o " + values.Name + " .", "varco plugin test ./" + values.Name}
	if values.Require == "" {
		steps = append([]string{"go get " + varcoModule + "/plugins/sdk@latest"}, steps...)
	}
	return steps
}

// goVersion is the language version of a toolchain: 1.26 for go1.26.8.
func goVersion(toolchain string) string {
	parts := strings.SplitN(strings.TrimPrefix(toolchain, "go"), ".", 3)
	if len(parts) < 2 {
		return "1.26"
	}
	return parts[0] + "." + parts[1]
}

// release is the version of this program, empty for one that was built from a checkout.
func release() string {
	build, ok := debug.ReadBuildInfo()
	if !ok || build.Main.Version == "(devel)" || strings.Contains(build.Main.Version, "+dirty") || strings.HasPrefix(build.Main.Version, "v0.0.0-") {
		return ""
	}
	return build.Main.Version
}

// checkout is the absolute path of Varco's source.
func checkout(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || !bytes.HasPrefix(mod, []byte("module "+varcoModule+"\n")) {
		return "", usage(dir + " is not Varco's source: its go.mod should begin with `module " + varcoModule + "`")
	}
	return dir, nil
}

type newFile struct {
	name string // with slashes, relative to the plugin's folder
	data []byte
}

// render makes the files of a language.
func render(lang string, values *skeleton) ([]newFile, error) {
	var files []newFile
	root, err := fs.Sub(skeletons, "skeleton/"+lang)
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		// Not {{ }}, which the conformance kit's own scripts use, nor [[ ]], which JavaScript does.
		t, err := template.New(name).Delims("<%", "%>").Option("missingkey=error").Parse(string(raw))
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := t.Execute(&out, values); err != nil {
			return err
		}
		files = append(files, newFile{finalName(name), out.Bytes()})
		return nil
	})
	if err != nil || lang != "node" {
		return files, err
	}
	return withHelper(files, values.Name)
}

// finalName is the name a template's result gets. Go's embedding leaves out nothing here, but names with a leading dot
// are easily lost in archives, so the templates do without.
func finalName(name string) string {
	dir, base := filepath.Split(strings.TrimSuffix(name, ".tmpl"))
	if base == "gitignore" || base == "npmrc" {
		base = "." + base
	}
	return dir + base
}

// helperDir is where the npm package for plugins lies in a skeleton: it is in no registry, and so always fits this program.
const helperDir = "varco-plugin"

func withHelper(files []newFile, name string) ([]newFile, error) {
	err := fs.WalkDir(node.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(node.Files, path)
		files = append(files, newFile{helperDir + "/" + path, raw})
		return err
	})
	if err != nil {
		return nil, err
	}
	lock, err := lockFor(name)
	return append(files, newFile{"package-lock.json", lock}), err
}

// lockFor turns the helper's lock file into one of a package that depends on the helper: the digests of everything that
// npm will fetch are known before it does.
func lockFor(name string) ([]byte, error) {
	var lock struct {
		Name            string                    `json:"name"`
		Version         string                    `json:"version"`
		LockfileVersion int                       `json:"lockfileVersion"`
		Requires        bool                      `json:"requires"`
		Packages        map[string]map[string]any `json:"packages"`
	}
	if err := json.Unmarshal(node.Lock, &lock); err != nil {
		return nil, fmt.Errorf("the helper's lock file: %w", err)
	}
	helper := lock.Packages[""]
	if helper == nil {
		return nil, errors.New("the helper's lock file names no package")
	}
	lock.Name, lock.Version = name, "0.1.0"
	lock.Packages[""] = map[string]any{"name": name, "version": lock.Version, "engines": helper["engines"],
		"dependencies": map[string]any{"@varco/plugin": "file:" + helperDir}}
	delete(helper, "name")
	helper["resolved"] = "file:" + helperDir
	lock.Packages["node_modules/@varco/plugin"] = helper
	out, err := json.MarshalIndent(lock, "", "  ")
	return append(out, '\n'), err
}

// writeNew writes into a folder that is new or empty: nothing of anybody's is lost.
func writeNew(dir string, files []newFile) error {
	if there, err := os.ReadDir(dir); err == nil && len(there) > 0 {
		return usage(dir + " is not empty: name another folder with --dir")
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
