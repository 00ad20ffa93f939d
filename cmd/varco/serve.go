package main

import (
	"github.com/varco-id/varco/provider"
)

type serveCmd struct{}

func (serveCmd) Help() string {
	return `Stops cleanly on SIGTERM or Ctrl-C. While it runs, the other commands reach it through a socket in the data folder.

Example:
  varco serve --config /etc/varco/varco.yaml`
}

func (serveCmd) Run(s *session) error {
	coarseTimers()
	tuneMemory(s)
	config, err := s.config()
	if err != nil {
		return err
	}
	log := provider.NewLogger(s.err, config.Log)
	server, err := provider.New(s, config, log)
	if err != nil {
		return err
	}
	go func() {
		select {
		case <-server.Ready():
			log.Info("ready", "issuer", config.Issuer, "listen", server.Address())
		case <-s.Done():
		}
	}()
	return server.Run(s)
}
