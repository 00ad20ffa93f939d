package host

import (
	"context"
	"time"
)

// State is where an instance stands.
type State string

// The states of an instance.
const (
	StateStarting   State = "starting"   // its process is coming up
	StateUp         State = "up"         // it answers
	StateRestarting State = "restarting" // its process ended; the next start is waiting for its turn
	StateBroken     State = "broken"     // it crashed or lied too often: left alone for a while
	StateFailed     State = "failed"     // it cannot start as configured; tried again from time to time
	StateStopped    State = "stopped"    // the host is not running, or has stopped it
)

// Reporter hears what happens to plugins. Its methods may be called at the same time and must not block.
type Reporter interface {
	// Lied tells that an answer was refused because it broke the contract; rule is a value of sdk.Rule.
	Lied(ctx context.Context, instance string, rule string)
	// State tells that an instance changed its state.
	State(instance string, s State)
	// Called tells that a call ended; err is nil or an *Error.
	Called(instance, op string, d time.Duration, err error)
}

// Silent is a Reporter that reports nothing. Embed it to implement only some of the methods.
type Silent struct{}

var _ Reporter = Silent{}

// Lied does nothing.
func (Silent) Lied(context.Context, string, string) {}

// State does nothing.
func (Silent) State(string, State) {}

// Called does nothing.
func (Silent) Called(string, string, time.Duration, error) {}
