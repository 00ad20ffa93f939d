package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

// sightings are what came by during a run and is judged at its end.
type sightings struct {
	broken  map[sdk.Rule][]string // what the host would refuse
	views   []seenView
	secrets []secret
	said    []string // messages for the operator and statuses, where no secret belongs
}

type seenView struct {
	where   string // which call showed it
	view    *sdk.View
	failure bool // beside a failure
	pending bool
}

// secret is something that must not be in a log.
type secret struct{ what, value string }

// errRefused ends a check because the host would have refused an answer. Which rule was broken is told by that rule.
var errRefused = errors.New("the host would refuse the answer")

// broke notes that the host would refuse something.
func (k *kit) broke(where string, err error) {
	var v *sdk.Violation
	if !errors.As(err, &v) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sightings.broken == nil {
		k.sightings.broken = map[sdk.Rule][]string{}
	}
	if text := where + ": " + v.Detail; !slices.Contains(k.sightings.broken[v.Rule], text) {
		k.sightings.broken[v.Rule] = append(k.sightings.broken[v.Rule], text)
	}
}

// looked notes a view.
func (k *kit) looked(seen seenView) {
	if seen.view == nil {
		return
	}
	raw, err := json.Marshal(seen.view)
	if err != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.sightings.views) < 200 && !slices.ContainsFunc(k.sightings.views, func(s seenView) bool {
		old, err := json.Marshal(s.view)
		return err == nil && bytes.Equal(old, raw) && s.failure == seen.failure && s.pending == seen.pending
	}) {
		k.sightings.views = append(k.sightings.views, seen)
	}
}

// keep notes a secret. A very short one would be found in any log by chance.
func (k *kit) keep(what, value string) {
	if len(value) < 6 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := (secret{what, value}); !slices.Contains(k.sightings.secrets, s) {
		k.sightings.secrets = append(k.sightings.secrets, s)
	}
}

// say notes what the plugin told the operator.
func (k *kit) say(where, text string) {
	if text == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.sightings.said) < 10_000 {
		k.sightings.said = append(k.sightings.said, where+": "+text)
	}
}

// leaks looks for the secrets of a kind in everything that was written and said.
func (k *kit) leaks(kind string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var found []string
	look := func(where, text string) {
		for _, s := range k.sightings.secrets {
			if !strings.HasPrefix(s.what, kind) {
				continue
			}
			if at := s.in(text); at >= 0 {
				from := max(0, strings.LastIndexByte(text[:at], '\n')+1, at-80)
				found = append(found, fmt.Sprintf("%s holds %s: %q", where, s.what, text[from:at]+"[SECRET]"))
			}
		}
	}
	for _, p := range k.processes {
		look("standard error", p.stderr.String())
		look("standard output", p.stdio.String())
		look("standard output", p.stdout.rest())
	}
	for _, s := range k.sightings.said {
		where, text, _ := strings.Cut(s, ": ")
		look(where, text)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// in returns where the secret stands in a text, or -1. A short one, such as a code, must stand by itself: digits are part
// of every time stamp.
func (s *secret) in(text string) int {
	if len(s.value) >= 8 {
		return strings.Index(text, s.value)
	}
	word := func(c byte) bool {
		return c == '.' || c == '-' || c == '+' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	for from := 0; ; {
		at := strings.Index(text[from:], s.value)
		if at < 0 {
			return -1
		}
		at += from
		end := at + len(s.value)
		if (at == 0 || !word(text[at-1])) && (end == len(text) || !word(text[end]) || text[end] == '.') {
			return at
		}
		from = at + 1
	}
}

// fault says what is wrong with a technical error: its status must be one of the contract's. A deadline is the kit's or
// the host's own.
func (k *kit) fault(where string, err error) (bug string) {
	s := status.Convert(err)
	k.say(where, s.Message())
	switch s.Code() {
	case codes.OK, codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.FailedPrecondition, codes.Aborted, codes.Canceled:
		return ""
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return ""
	}
	return fmt.Sprintf("status %s (%s), which is a bug of the plugin to the host", s.Code(), s.Message())
}
