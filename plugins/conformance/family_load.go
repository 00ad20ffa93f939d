package conformance

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

var loadRules = []Rule{
	{ID: "load.flows", check: checkFlows, Where: whereStep,
		Says: "many logins at once, right and wrong ones mixed, end as each one alone",
		Fix:  "share nothing between calls; when there is too much to do answer RESOURCE_EXHAUSTED"},
	{ID: "load.leaks", check: checkLeaks, Where: whereStep,
		Says: "memory, open files and threads do not grow with the number of logins",
		Fix:  "keep nothing by flow or subject, close what you open, end what you start"},
	{ID: "load.idle", check: checkIdle, Where: whereHandshake,
		Says: "an idle plugin uses no processor time",
		Fix:  "wait for events instead of asking again and again"},
}

// crowd is one round of logins.
type crowd struct {
	wrong map[string]int // what went otherwise than alone
	mu    sync.Mutex
	done  int
	full  int // RESOURCE_EXHAUSTED or out of time: a plugin may have too much to do
}

func (c *crowd) note(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wrong == nil {
		c.wrong = map[string]int{}
	}
	c.wrong[text]++
}

// round runs n logins, every other one with a wrong answer, for at most limit.
func (v *verdict) round(p *process, m *sdk.Method, who *person, n int, limit time.Duration) *crowd {
	s := v.script.Methods[m.ID]
	c := new(crowd)
	work := make(chan int)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range work {
				v.oneOf(p, m, s, who.clone(), i, c)
			}
		})
	}
	stop := time.Now().Add(limit)
	for i := range n {
		if time.Now().After(stop) || v.ctx.Err() != nil {
			break
		}
		work <- i
	}
	close(work)
	wg.Wait()
	return c
}

func (v *verdict) oneOf(p *process, m *sdk.Method, s *MethodScript, who *person, i int, c *crowd) {
	wrong := i%2 == 1 && len(s.Wrong) > 0
	f := v.newFlow(m, who, false, p)
	kind, last := "right", &s.Right[len(s.Right)-1]
	if wrong {
		kind, last = "wrong", &s.Wrong[i/2%len(s.Wrong)]
	}
	err := f.stand(v.ctx, "right", s.Right)
	var inputs map[string]string
	if err == nil {
		inputs, err = f.prepare(v.ctx, kind, last)
	}
	var answer *sdk.StepResponse
	if err == nil {
		answer, err = f.finish(v.ctx, last, inputs)
	}
	switch code := status.Code(errors.Unwrap(err)); {
	case err == nil:
	case status.Code(err) == codes.ResourceExhausted, status.Code(err) == codes.DeadlineExceeded, code == codes.ResourceExhausted, code == codes.DeadlineExceeded:
		c.mu.Lock()
		c.full++
		c.mu.Unlock()
		return
	default:
		c.note(err.Error())
		return
	}
	c.mu.Lock()
	c.done++
	c.mu.Unlock()
	switch {
	case wrong && answer.Success != nil:
		c.note("a wrong answer succeeds")
	case !wrong && answer.Success == nil:
		c.note("a right answer ends with " + outcome(answer))
	}
}

// crowded ends the check of a method that cannot be walked by many at once.
func (v *verdict) crowded(m *sdk.Method) *person {
	s := v.scripted(m)
	for _, step := range s.Right {
		if len(step.Exec) > 0 && v.programs || step.Callback != nil || step.Poll > 0 {
			v.why = "the answers come from elsewhere"
			v.stop()
		}
	}
	who := v.bound(m)
	answer, err := v.newFlow(m, who.clone(), false, v.primary()).walk(v.ctx, "right", s.Right)
	v.ended(err)
	if answer.Success == nil {
		v.why = "the right answer does not succeed: see steps.right"
		v.stop()
	}
	for n := range s.Wrong {
		a := v.wrong(m, who.clone(), n, v.primary())
		if answer, err := a.finish(v.ctx, &s.Wrong[n], a.inputs); err != nil || answer.Success != nil {
			v.why = "a wrong answer does not fail: see steps.wrong"
			v.stop()
		}
	}
	return who
}

func checkFlows(v *verdict) {
	v.methods(func(m *sdk.Method) {
		who := v.crowded(m)
		p := v.busy()
		v.made()
		began := time.Now()
		c := v.round(p, m, who, 2*v.options.Flows, 5*time.Second)
		for text, n := range c.wrong {
			v.fail("%d of %d: %s", n, c.done+c.full, text)
		}
		if c.done == 0 && c.full > 0 {
			v.fail("of %d logins at once none came to an end", c.full)
		}
		detail := fmt.Sprintf("%s: %d answers, %.0f a second", m.ID, c.done, float64(c.done)/time.Since(began).Seconds())
		if c.full > 0 {
			detail += fmt.Sprintf("; %d were turned away", c.full)
		}
		v.detail("%s", detail)
	})
}

// What may be left after a round more than before it. A garbage collector takes its time, and some run only when a lot
// has come together: growth of memory counts if it goes on without a pause, round after round.
const (
	leakRounds  = 4
	mostRounds  = 24
	leakMemory  = 512 // KiB in each round
	leakFiles   = 4
	leakThreads = 6
)

func checkLeaks(v *verdict) {
	v.ready()
	if !canMeasure {
		v.absent("this system does not say what a process uses")
	}
	v.methods(func(m *sdk.Method) {
		who := v.crowded(m)
		p := v.busy()
		v.made()
		v.grows(p, func() { v.round(p, m, who, v.options.Flows, 2*time.Second) })
	})
}

// grows runs f a few times and compares what the process holds after each.
func (v *verdict) grows(p *process, f func()) {
	var all []usage
	for n := range mostRounds + 1 {
		f()
		time.Sleep(20 * time.Millisecond)
		u, err := usageOf(p.pid)
		v.ended(err)
		if n == 0 {
			continue // it warms up
		}
		if all = append(all, u); len(all) > leakRounds && paused(all) {
			break
		}
	}
	first, early, last := all[0], all[min(leakRounds, len(all)-1)], all[len(all)-1]
	if !paused(all) {
		v.fail("private memory grows without a pause: from %d to %d KiB in %d rounds of up to %d logins", first.anonymous, last.anonymous, len(all), v.options.Flows)
	}
	if early.files-first.files > leakFiles && everMore(all[:leakRounds+1], func(u usage) int { return u.files }) {
		v.fail("open files grow in every round: from %d to %d", first.files, early.files)
	}
	if early.threads-first.threads > leakThreads && everMore(all[:leakRounds+1], func(u usage) int { return u.threads }) {
		v.fail("threads grow in every round: from %d to %d", first.threads, early.threads)
	}
	v.detail("private memory %d → %d KiB, files %d → %d, threads %d → %d over %d rounds of up to %d logins", first.anonymous, last.anonymous,
		first.files, last.files, first.threads, last.threads, len(all), v.options.Flows)
}

// paused says whether memory grew little in the last two rounds.
func paused(all []usage) bool {
	return len(all) > 2 && all[len(all)-1].anonymous-all[len(all)-3].anonymous < 2*leakMemory
}

func everMore(all []usage, of func(usage) int) bool {
	for i := 1; i < len(all); i++ {
		if of(all[i]) <= of(all[i-1]) {
			return false
		}
	}
	return true
}

func checkIdle(v *verdict) {
	v.ready()
	if !canMeasure {
		v.absent("this system does not say what a process uses")
	}
	p := v.busy()
	const span = 400 * time.Millisecond
	least := span
	for range 5 { // the best of five: something may still be tidying up after the load
		before, err := cpuTime(p.pid)
		v.ended(err)
		time.Sleep(span)
		after, err := cpuTime(p.pid)
		v.ended(err)
		if least = min(least, after-before); least < span/50 {
			break
		}
	}
	v.made()
	if least > span/25 {
		v.fail("with nothing to do it used %s in %s", round(least), span)
	}
	v.detail("%s in %s", round(least), span)
}
