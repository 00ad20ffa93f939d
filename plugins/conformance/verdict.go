package conformance

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/varco-id/varco/plugins/sdk"
)

// maxSeen bounds what a failure tells: the first few are enough to mend it.
const maxSeen = 5

// verdict is one rule being checked. Its methods may be called by the goroutine of the check alone, except fail.
type verdict struct {
	*kit
	ctx context.Context

	mu      sync.Mutex
	seen    []string
	details []string
	about   string // the method being checked, for the failures
	why     string // not applicable
	ran     bool   // a part of the check was made
	more    int
}

// fail notes that the rule is broken.
func (v *verdict) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.about != "" {
		text = "method " + v.about + ": " + text
	}
	text = clean(text)
	if slices.Contains(v.seen, text) {
		return
	}
	if len(v.seen) == maxSeen {
		v.more++
		return
	}
	v.seen = append(v.seen, text)
}

// failed says whether the rule is known to be broken.
func (v *verdict) failed() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.seen) > 0
}

// detail is shown beside a rule that holds: a figure.
func (v *verdict) detail(format string, args ...any) {
	v.details = append(v.details, clean(fmt.Sprintf(format, args...)))
}

// stop ends the check, or the part of it for one method.
func (v *verdict) stop() { runtime.Goexit() }

// absent ends it because there is nothing to check.
func (v *verdict) absent(format string, args ...any) {
	v.why = fmt.Sprintf(format, args...)
	v.stop()
}

// made notes that there was something to check.
func (v *verdict) made() { v.ran = true }

// part runs f so that stop and absent end f alone.
func (v *verdict) part(f func()) {
	done := make(chan any, 1)
	go func() {
		defer func() {
			r := recover()
			if r != nil {
				r = fmt.Sprintf("%v\n%s", r, debug.Stack())
			}
			done <- r
		}()
		f()
	}()
	if r := <-done; r != nil {
		panic(r) // a mistake of the kit
	}
}

// methods runs f for each method of an authenticator.
func (v *verdict) methods(f func(m *sdk.Method)) {
	v.needs(sdk.ServiceAuthenticator)
	for i := range v.description.Methods {
		v.part(func() {
			m := &v.description.Methods[i]
			v.about = m.ID
			f(m)
		})
		v.about = ""
	}
}

// needs ends the check of a plugin that does not offer a service.
func (v *verdict) needs(s sdk.Service) {
	v.ready()
	if !slices.Contains(v.description.Services, s) {
		v.absent("the plugin does not offer the service %s", s)
	}
}

// ready ends the check if the plugin did not come as far as being configured.
func (v *verdict) ready() {
	if v.description == nil {
		v.absent("the plugin did not describe itself")
	}
	if !v.configured {
		v.absent("the plugin is not configured: see config.accepted")
	}
}

func (v *verdict) result(r *Rule, took time.Duration) Result {
	out := Result{Rule: r.ID, Family: r.Family(), Says: r.Says, Status: Passed, Took: took, Seconds: took.Seconds()}
	switch {
	case len(v.seen) > 0:
		out.Status, out.Seen, out.Fix, out.Where = Failed, v.seen, r.Fix, r.Where
		if v.more > 0 {
			out.Seen = append(out.Seen, fmt.Sprintf("… and %d more", v.more))
		}
	case !v.ran:
		out.Status, out.Why = NotApplicable, v.why
		if out.Why == "" {
			out.Why = "there was nothing to check"
		}
	default:
		out.Details = v.details
	}
	return out
}

// clean keeps a plugin's words from playing with a terminal, and short.
func clean(s string) string {
	s = strings.Map(func(c rune) rune {
		if c == '\n' || unicode.IsPrint(c) {
			return c
		}
		return '·'
	}, s)
	const most = 600
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + " …"
	}
	return s
}
