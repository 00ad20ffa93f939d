package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/varco-id/varco/examples/bank"
	"github.com/varco-id/varco/provider"
)

type demoCmd struct {
	Data       string `default:"data/demo" type:"path" placeholder:"DIR" help:"Where the demo keeps its database, keys and log."`
	Listen     string `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address of the provider; port 0 takes a free one."`
	BankListen string `default:"127.0.0.1:8081" placeholder:"ADDR" help:"Address of the demo bank; port 0 takes a free one."`
}

func (demoCmd) Help() string {
	return `Everything in it is public or weak on purpose: http, passwords that everybody knows. It is not for production and listens on
this machine alone. A second start on the same folder keeps the people. Ctrl-C stops all of it.

Example:
  varco demo --data /tmp/varco-demo`
}

func (c *demoCmd) Run(s *session) error {
	d := &demo{dir: c.Data}
	var err error
	if d.listen, err = freeAddress("--listen", c.Listen, ""); err != nil {
		return err
	}
	if d.bankListen, err = freeAddress("--bank-listen", c.BankListen, d.listen); err != nil {
		return err
	}
	s.say("Preparing the demo in %s …", c.Data)
	config, err := d.prepare(s)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(c.Data, "varco.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the demo's log cannot be written: %w", err)
	}
	defer log.Close()
	return d.serve(s, config, log)
}

// serve runs the provider and the bank until Ctrl-C.
func (d *demo) serve(s *session, config *provider.Config, log io.Writer) error {
	logger := provider.NewLogger(log, config.Log)
	server, err := provider.New(s, config, logger)
	if err != nil {
		return err
	}
	rp, err := bank.New(bank.Config{URL: d.bankURL(), Issuer: config.Issuer, ClientID: bankClient, ClientSecret: d.Secrets[bankClient],
		AccountURL: config.Issuer + "/account", Tips: d.tips, Log: logger})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", d.bankListen)
	if err != nil {
		return fmt.Errorf("the bank cannot listen: %w", err)
	}
	group, ctx := errgroup.WithContext(s)
	group.Go(func() error { return server.Run(ctx) })
	group.Go(func() error { return serveBank(ctx, listener, rp) })
	group.Go(func() error {
		select {
		case <-server.Ready():
			return d.announce(s, config)
		case <-ctx.Done():
			return nil
		}
	})
	err = group.Wait()
	if err == nil {
		s.say("Stopped.")
	}
	return err
}

func serveBank(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second}
	stop := context.AfterFunc(ctx, func() {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(drain) != nil {
			_ = server.Close()
		}
	})
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// freeAddress checks that a loopback address can be listened on, and finds the port when 0 is asked for.
func freeAddress(flag, address, taken string) (string, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", usage(flag + " " + address + " is not an address: write it like 127.0.0.1:8080")
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", usage(flag + " must be a loopback address like 127.0.0.1:8080: the demo's passwords are public")
	}
	l, err := net.Listen("tcp", address)
	if err != nil || address == taken {
		return "", usage(fmt.Sprintf("%s is taken: choose another address with %s, like %s %s", address, flag, flag, net.JoinHostPort(host, "0")))
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// say tells a person what is going on; scripts read the one JSON object.
func (s *session) say(format string, args ...any) {
	if s.options.Output != "json" {
		fmt.Fprintf(s.out, format+"\n", args...)
	}
}
