package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/varco-id/varco/plugins/conformance"
	"github.com/varco-id/varco/provider"
)

// pluginTestCmd is `varco plugin test`.
type pluginTestCmd struct {
	Path        string   `arg:"" help:"The plugin's program, or the name of a bundled plugin."`
	Args        []string `arg:"" optional:"" help:"Arguments of the program, after --."`
	Configuring string   `name:"plugin-config" placeholder:"FILE" help:"Configuration of the plugin (JSON or YAML), instead of the one in the script."`
	Scripts     string   `placeholder:"PATH" help:"Folder of the script conformance.yaml, or the script itself. Default: the program's folder."`
	Only        []string `short:"f" name:"family" placeholder:"NAME" help:"Check one family of rules or one rule alone; may be repeated."`
	Env         []string `placeholder:"NAME=VALUE" help:"Environment variable of the program; may be repeated."`
	JUnit       string   `name:"junit" placeholder:"FILE" help:"Write the report as JUnit XML, too; - writes it alone to standard output."`
	Golden      string   `placeholder:"DIR" help:"Check against the states that an earlier release wrote into this folder."`
	WriteGolden string   `placeholder:"DIR" help:"Write such states of this release into a folder."`
	Flows       int      `default:"100" help:"Logins in each round of the load (default ${default})."`
	List        bool     `help:"List the rules instead of checking anything. Give any PATH."`
}

func (pluginTestCmd) Help() string {
	return `The program is launched and used as Varco does, and as it and the world around it may fail: it must keep every rule of the
plugin contract. No configuration of Varco's is read. The script says how the plugin is configured and what right answers are; see
docs/plugins/conformance.md. Exit code 1: a rule is broken.

Example:
  varco plugin test ./my-plugin
  varco plugin test /usr/bin/node --scripts ./my-plugin -- /opt/bank/my-plugin/index.js
  varco plugin test totp --scripts plugins/totp --family state --family replicas`
}

func (c *pluginTestCmd) Run(s *session) error {
	if c.List {
		return c.list(s)
	}
	options, err := c.options(s)
	if err != nil {
		return usage(err.Error())
	}
	if f, ok := s.err.(*os.File); ok && terminal(f) {
		options.Progress = func(done, total int, rule string) { fmt.Fprintf(f, "\r\x1b[K%d of %d: %s", done+1, total, rule) }
		defer fmt.Fprint(f, "\r\x1b[K")
	}
	report, err := conformance.Run(s, *options)
	if err != nil {
		return usage(err.Error())
	}
	if options.Progress != nil {
		fmt.Fprint(s.err, "\r\x1b[K")
	}
	if err := c.write(s, report); err != nil {
		return err
	}
	if !report.OK() {
		return errFound
	}
	return nil
}

func (c *pluginTestCmd) options(s *session) (*conformance.Options, error) {
	o := &conformance.Options{Env: c.Env, Only: c.Only, Golden: c.Golden, WriteGolden: c.WriteGolden, Flows: c.Flows}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, err
	}
	scripts := c.Scripts
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && provider.IsBundled(c.Path) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		o.Command = []string{self, "plugin", "serve", c.Path}
	} else {
		o.Command = append([]string{path}, c.Args...)
		if scripts == "" {
			scripts = filepath.Dir(path)
		}
	}
	o.Script = new(conformance.Script)
	if scripts != "" {
		if o.Script, err = conformance.LoadScript(scripts); err != nil {
			return nil, err
		}
		if o.ScriptDir, err = scriptDir(scripts); err != nil {
			return nil, err
		}
	}
	if c.Configuring != "" {
		return o, o.Script.LoadConfig(c.Configuring)
	}
	return o, nil
}

// scriptDir is the folder of a script.
func scriptDir(path string) (string, error) {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		path = filepath.Dir(path)
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

func (c *pluginTestCmd) write(s *session, report *conformance.Report) error {
	switch c.JUnit {
	case "":
	case "-":
		return report.JUnit(s.out)
	default:
		f, err := os.Create(c.JUnit)
		if err != nil {
			return err
		}
		if err := errors.Join(report.JUnit(f), f.Close()); err != nil {
			return err
		}
	}
	if s.options.Output == "json" {
		return report.JSON(s.out)
	}
	f, ok := s.out.(*os.File)
	report.Text(s.out, ok && terminal(f) && os.Getenv("NO_COLOR") == "")
	return nil
}

func (c *pluginTestCmd) list(s *session) error {
	type rule struct {
		Rule  string `json:"rule"`
		Says  string `json:"says"`
		Fix   string `json:"fix"`
		Where string `json:"where"`
	}
	var all []rule
	for _, r := range conformance.Rules() {
		all = append(all, rule{r.ID, r.Says, r.Fix, r.Where})
	}
	return s.show(all, func(w io.Writer) {
		for _, r := range all {
			row(w, r.Rule, r.Says)
		}
	})
}

// terminal says whether somebody looks at f.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Mode()&os.ModeDevice != 0
}
