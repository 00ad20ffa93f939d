package conformance

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

var timingRules = []Rule{
	{ID: "timing.shape", check: checkShape, Where: whereReason,
		Says: "an unknown name gets the answer of a wrong secret",
		Fix:  "answer BAD_CREDENTIAL (or UNKNOWN_USER) with the same view, counts and retryable, whether the subject exists or not"},
	{ID: "timing.named", check: checkNamed, Where: "step.proto, StepContext.identified",
		Says: "whoever was merely named gets what nobody gets",
		Fix:  "while StepContext.identified is false answer as for an absent subject: anybody can type a name, to see whether it exists"},
	{ID: "timing.unknown", check: checkTiming, Where: "step.proto, StepContext.subject",
		Says: "an unknown name takes as long as a wrong secret, in processor time and by the clock",
		Fix:  "do the same work for an absent subject: hash against a dummy, ask the back end all the same"},
	{ID: "timing.legacy", check: checkLegacyTiming, Where: whereLegacy,
		Says: "Verify of an unknown name takes as long as of a wrong secret",
		Fix:  "do the same work for a name that the store does not know"},
}

// asWrong stands before a wrong answer to a method that somebody unknown can be asked by, as the first of a login.
func (v *verdict) asWrong(m *sdk.Method) (who *person, inputs map[string]string) {
	if m.Opening == nil {
		v.why = "no method asks somebody unknown (there is no opening view)"
		v.stop()
	}
	s := v.scripted(m)
	if len(s.Wrong) == 0 || len(s.Right) != 1 {
		v.why = "conformance.yaml names no wrong answer to the first question: methods." + m.ID + ".wrong"
		v.stop()
	}
	who = v.bound(m)
	f := v.newFlow(m, who.clone(), false, v.primary())
	v.ended(f.begins(v.ctx))
	inputs, err := f.prepare(v.ctx, "wrong", &s.Wrong[0])
	v.ended(err)
	return who, inputs
}

// face is what a person could see of an answer.
type face struct {
	Kind              string
	Reason            sdk.Reason
	Counts, Retryable bool
	View              *sdk.View
	Effects           int
}

func faceOf(r *sdk.StepResponse) face {
	f := face{Kind: outcome(r), View: viewOf(r), Effects: len(r.Effects)}
	if r.Failure != nil {
		f.Kind, f.Reason, f.Counts, f.Retryable = "failure", r.Failure.Reason, r.Failure.Counts, r.Failure.Retryable
		if f.Reason == sdk.ReasonUnknownUser { // looks alike to the browser
			f.Reason = sdk.ReasonBadCredential
		}
	}
	return f
}

func checkShape(v *verdict) {
	v.methods(func(m *sdk.Method) {
		who, inputs := v.asWrong(m)
		wrong, err := v.newFlow(m, who, false, v.primary()).proceed(v.ctx, inputs)
		v.ended(err)
		if wrong.Failure == nil {
			v.why = "a wrong answer does not fail: see steps.wrong"
			v.stop()
		}
		bare := v.newPerson("bare")
		for what, other := range map[string]*person{"nobody": nil, "somebody without a credential": bare} {
			answer, err := v.newFlow(m, other, false, v.primary()).proceed(v.ctx, inputs)
			v.ended(err)
			v.made()
			if a, b := faceOf(wrong), faceOf(answer); !reflect.DeepEqual(a, b) {
				v.fail("%s gets %s, a wrong secret %s", what, describeFace(b, a), describeFace(a, b))
			}
		}
	})
}

func checkNamed(v *verdict) {
	v.methods(func(m *sdk.Method) {
		if m.Opening != nil || m.IdentifiesSubject {
			v.why = "no method is begun for somebody who was merely named"
			v.stop()
		}
		who := v.bound(m)
		begin := func(who *person) face {
			f := v.newFlow(m, who, false, v.primary())
			f.context.Identified = false
			answer, err := f.begin(v.ctx)
			v.ended(err)
			seen := faceOf(answer)
			seen.Effects = 0 // what is sent is seen by its owner alone
			return seen
		}
		nobody := begin(nil)
		for what, other := range map[string]*person{"somebody with a credential": who, "somebody without a credential": v.newPerson("bare")} {
			seen := begin(other)
			v.made()
			if !reflect.DeepEqual(seen, nobody) {
				v.fail("Begin: %s who was merely named gets %s, nobody %s", what, describeFace(seen, nobody), describeFace(nobody, seen))
			}
		}
	})
}

// describeFace tells in what a face differs from another.
func describeFace(f, other face) string {
	s := f.Kind
	if f.Reason != "" {
		s += fmt.Sprintf(" %s (counts %t, retryable %t)", f.Reason, f.Counts, f.Retryable)
	}
	if !reflect.DeepEqual(f.View, other.View) {
		s += " with another view"
	}
	if f.Effects != other.Effects {
		s += fmt.Sprintf(" and %d effects", f.Effects)
	}
	return s
}

// What counts as a difference: a part of the whole, an amount that a network does not hide, and the same sign in most
// pairs. Noise has no sign.
const (
	suspectPart  = 0.20
	suspectCPU   = 400 * time.Microsecond
	suspectClock = 2500 * time.Microsecond
	suspectSigns = 0.80
)

// measured is a series of pairs.
type measured struct{ a, b []time.Duration }

func (m *measured) add(a, b time.Duration) { m.a, m.b = append(m.a, a), append(m.b, b) }

func median(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[len(sorted)/2]
}

// differ says whether the two series are told apart, by more than floor.
func (m *measured) differ(floor time.Duration) bool {
	if len(m.a) == 0 {
		return false
	}
	differences := make([]time.Duration, len(m.a))
	positive, negative := 0, 0
	for i := range m.a {
		differences[i] = m.a[i] - m.b[i]
		if differences[i] > 0 {
			positive++
		} else if differences[i] < 0 {
			negative++
		}
	}
	middle := median(differences).Abs()
	part := float64(middle) / float64(max(1, min(median(m.a), median(m.b))))
	return middle > floor && part > suspectPart && float64(max(positive, negative)) > suspectSigns*float64(len(m.a))
}

// ratio is that of the medians.
func (m *measured) ratio() float64 {
	return float64(median(m.a)) / float64(max(1, median(m.b)))
}

// compare times two calls in turns, on a process that does nothing else. The order within a pair changes, so that what
// one call leaves behind does not always fall on the other.
func (v *verdict) compare(p *process, what string, a, b func() error) {
	var clock, cpu measured
	series := func() bool {
		clock, cpu = measured{}, measured{}
		for i := range v.options.Rounds + 2 {
			var took [2]time.Duration
			var used [2]time.Duration
			for n := range 2 {
				which := (n + i) % 2
				call := a
				if which == 1 {
					call = b
				}
				before, err := cpuTime(p.pid)
				measurable := canMeasure && err == nil
				began := time.Now()
				if err := call(); err != nil {
					v.ended(err)
				}
				took[which] = time.Since(began)
				if after, err := cpuTime(p.pid); measurable && err == nil {
					used[which] = after - before
				}
			}
			if i >= 2 { // the first ones warm up
				clock.add(took[0], took[1])
				cpu.add(used[0], used[1])
			}
		}
		return cpu.differ(suspectCPU) || clock.differ(suspectClock)
	}
	v.made()
	different := true
	for n := 0; n < 3 && different; n++ { // chance does not come three times in the same way
		different = series()
	}
	switch {
	case different && cpu.differ(suspectCPU):
		v.fail("%s takes %s of the processor, a wrong secret %s: a ratio of %.2f", what, round(median(cpu.a)), round(median(cpu.b)), cpu.ratio())
	case different:
		v.fail("%s takes %s, a wrong secret %s: a ratio of %.2f", what, round(median(clock.a)), round(median(clock.b)), clock.ratio())
	}
	v.detail("%s: ratio of the medians %.2f by the clock, %.2f in processor time (%s and %s)", what, clock.ratio(), cpu.ratio(),
		round(median(cpu.a)), round(median(cpu.b)))
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

func checkTiming(v *verdict) {
	v.methods(func(m *sdk.Method) {
		who, inputs := v.asWrong(m)
		p := v.launch()
		defer p.kill()
		try := func(who *person) func() error {
			return func() error {
				if who != nil {
					who = who.clone()
				}
				_, err := v.newFlow(m, who, false, p).proceed(v.ctx, inputs)
				return err
			}
		}
		v.compare(p, "an unknown name", try(nil), try(who))
		v.compare(p, "somebody without a credential", try(v.newPerson("bare")), try(who))
	})
}

func checkLegacyTiming(v *verdict) {
	v.needs(sdk.ServiceLegacySource)
	l := v.script.Legacy
	if l == nil {
		v.absent("%v: legacy", errNoScript)
	}
	p := v.launch()
	defer p.kill()
	try := func(name string) func() error {
		return func() error {
			_, err := v.verify(v.ctx, p, name, "certainly-not-the-secret")
			return err
		}
	}
	v.compare(p, "an unknown name", try(l.unknown()), try(l.Name))
}
