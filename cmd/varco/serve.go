package main

import (
	"runtime/debug"
	"time"

	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/varco-id/varco/provider"
)

type serveCmd struct{}

func (serveCmd) Help() string {
	return `Stops cleanly on SIGTERM or Ctrl-C; SIGHUP puts changed plugins in force, as varco plugin reload does. While it runs, the other
commands reach it through a socket in the data folder.

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
			time.AfterFunc(afterStart, debug.FreeOSMemory)
		case <-s.Done():
		}
	}()
	go reloadOnHangup(s, server, log)
	return server.Run(s)
}

// reloadOnHangup has SIGHUP do what `varco plugin reload` does.
func reloadOnHangup(s *session, server *provider.Server, log *slog.Logger) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	select {
	case <-server.Ready(): // until then there is nothing to reload, and the signal must not end the process either
	case <-s.Done():
		return
	}
	for {
		select {
		case <-hangups:
			done, err := server.ReloadPlugins(s)
			if err != nil {
				log.Error("plugins not reloaded", "error", err)
				continue
			}
			log.Info("plugins reloaded", "refused", done.Refused(), "restart_for", strings.Join(done.Restart, " "))
		case <-s.Done():
			return
		}
	}
}
