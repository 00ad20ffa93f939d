package main

import (
	"log/slog"

	"github.com/varco-id/varco/provider"
)

type serveCmd struct{}

func (serveCmd) Help() string {
	return `Stops cleanly on SIGTERM or Ctrl-C. While it runs, the other commands reach it through a socket in the data folder.

Example:
  varco serve --config /etc/varco/varco.yaml`
}

func (serveCmd) Run(s *session) error {
	config, err := s.config()
	if err != nil {
		return err
	}
	log := s.logger(config.Log)
	server, err := provider.New(s, config, log)
	if err != nil {
		return err
	}
	go func() {
		select {
		case <-server.Ready():
			log.Info("the provider is ready", "issuer", config.Issuer, "listen", config.Listen, "version", version)
		case <-s.Done():
		}
	}()
	return server.Run(s)
}

// logger writes to standard error as the configuration says.
func (s *session) logger(c provider.Log) *slog.Logger { return provider.NewLogger(s.err, c) }
