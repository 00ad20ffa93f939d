package host

import (
	"errors"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// Status is what an operator wants to know of an instance.
type Status struct {
	Instance  string    `json:"instance"`
	Plugin    string    `json:"plugin"`  // what it calls itself, or the configured name before it came up
	Version   string    `json:"version"` // empty before it came up
	State     State     `json:"state"`
	PID       int       `json:"pid,omitempty"`
	Restarts  int       `json:"restarts"`
	Since     time.Time `json:"since"` // of State
	LastError string    `json:"last_error,omitempty"`
	// Digest is the SHA-256 of an external program; empty for a bundled plugin, which is the running binary, and for
	// an unpinned program.
	Digest   string        `json:"digest,omitempty"`
	Latency  Latency       `json:"latency"`
	Problems []sdk.Problem `json:"problems,omitempty"` // with its configuration
}

// Status returns the status of each instance, in the order of the configuration.
func (h *Host) Status() []Status {
	order := h.roster.Load().order
	all := make([]Status, len(order))
	for n, i := range order {
		all[n] = i.status()
	}
	return all
}

func (i *instance) described() (about *sdk.Description, up bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.about, i.state == StateUp || i.soon()
}

// soon says, with the lock held, whether a call would wait for a process that is about to come up. To people such a plugin is
// there: a login must not go another way because a process was replaced.
func (i *instance) soon() bool {
	return i.state == StateStarting || (i.state == StateRestarting && time.Until(i.next) < patience)
}

func (i *instance) status() Status {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := Status{Instance: i.config.ID, Plugin: i.config.Plugin, State: i.state, Restarts: i.restarts, Since: i.since, Digest: i.digest,
		Latency: i.latency.latency()}
	if i.about != nil {
		s.Plugin, s.Version = i.about.Name, i.about.Version
	} else if s.Plugin == "" {
		s.Plugin = i.config.Command[0]
	}
	if i.current != nil {
		s.PID = i.current.pid
	}
	if i.lastErr != nil {
		s.LastError = i.lastErr.Error()
	}
	s.Problems = Problems(i.lastErr)
	return s
}

// Problems returns what a plugin said of its configuration when err is that it refused it.
func Problems(err error) []sdk.Problem {
	if m := (*misconfigured)(nil); errors.As(err, &m) {
		return m.Problems
	}
	return nil
}
