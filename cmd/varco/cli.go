package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/signal"
	"os/user"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/varco-id/varco/provider"
)

// process is what the program has of the world around it.
type process struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
}

// cli is the command line: one field a subcommand.
type cli struct {
	Config string `short:"c" default:"varco.yaml" env:"VARCO_CONFIG" placeholder:"FILE" help:"Configuration file (${env}, default ${default})."`
	Output string `short:"o" default:"text" enum:"text,json" help:"text for people, json for scripts."`

	Serve      serveCmd      `cmd:"" help:"Run the OpenID Provider."`
	Demo       demoCmd       `cmd:"" help:"Run a demo: the provider, its plugins, a bank and a few people."`
	Setup      configCmd     `cmd:"" name:"config" help:"Check the configuration, or print its schema or an example."`
	Client     clientCmd     `cmd:"" help:"Add, list, change and remove relying parties."`
	Subscriber subscriberCmd `cmd:"" help:"Add, show, block and remove the people who sign in."`
	Plugin     pluginCmd     `cmd:"" help:"See the plugins and how they are."`
	Keys       keysCmd       `cmd:"" help:"List and rotate the keys that sign tokens and those that seal secrets."`
	DB         dbCmd         `cmd:"" name:"db" help:"Migrate the database or see where it stands."`
	Audit      auditCmd      `cmd:"" help:"Verify or export the record of security decisions."`
	Doctor     doctorCmd     `cmd:"" help:"Check the whole installation and say how to mend what is wrong."`
	Version    versionCmd    `cmd:"" help:"Show the version of the program and of its contracts."`
	Completion completionCmd `cmd:"" help:"Print the completion script of a shell."`
	Complete   completeCmd   `cmd:"" hidden:"" name:"__complete" passthrough:""`
}

const description = `Varco is an OpenID Provider that guards people's bank accounts.

Exit codes: 0 done; 1 it failed, or a check found something wrong; 2 the command line or the configuration is wrong;
3 something it needs cannot be reached now.`

// The exit codes.
const (
	exitDone = iota
	exitFailed
	exitUsage
	exitUnavailable
)

// session is one run of the program.
type session struct {
	process
	context.Context
	options *cli
	parser  *kong.Kong
}

// stopped carries an exit code out of kong, which wants to end the process for --help.
type stopped int

// run is the whole program; it returns the exit code.
func run(args []string, p process) (code int) {
	var options cli
	parser, err := newParser(&options, p)
	if err != nil {
		panic(err) // the declarations above are wrong: every test fails
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case stopped:
			code = int(r)
		default:
			panic(r)
		}
	}()
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(p.err, "varco: %s\n", usageText(err))
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	s := &session{process: p, Context: provider.WithActor(ctx, operator()), options: &options, parser: parser}
	return s.report(parsed.Run(s))
}

func newParser(options *cli, p process) (*kong.Kong, error) {
	return kong.New(options, kong.Name("varco"), kong.Description(description), kong.Writers(p.out, p.err),
		kong.Exit(func(code int) { panic(stopped(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.ShortUsageOnError())
}

// usageText says what is wrong with a command line and where help is.
func usageText(err error) string {
	var parse *kong.ParseError
	command := "varco"
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Command() != "" {
		command += " " + strings.SplitN(parse.Context.Command(), " <", 2)[0]
	}
	return err.Error() + "; `" + command + " --help` shows an example"
}

// operator is who the audit log names.
func operator() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// config loads the configuration.
func (s *session) config() (*provider.Config, error) {
	c, err := provider.Load(s.options.Config, s.environ)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("there is no file " + s.options.Config + ": name the configuration with --config, or write one with `varco config example > varco.yaml`")
	}
	return c, err
}

// installation loads the configuration and reaches the installation: the running server where there is one, else the database.
func (s *session) installation() (provider.Caller, func(), error) {
	c, err := s.config()
	if err != nil {
		return nil, nil, err
	}
	caller, closing, err := provider.Reach(s, c)
	if err != nil {
		return nil, nil, err
	}
	return caller, func() { _ = closing.Close() }, nil
}

// do carries an operation out on the installation.
func do[In, Out any](s *session, o provider.Operation[In, Out], in In) (Out, error) {
	caller, done, err := s.installation()
	if err != nil {
		var none Out
		return none, err
	}
	defer done()
	return o.Do(s, caller, in)
}
