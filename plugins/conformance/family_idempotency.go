package conformance

import (
	"errors"
	"reflect"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
)

var idempotencyRules = []Rule{
	{ID: "idempotency.repeat", check: checkRepeat, Where: "step.proto, StepContext.idempotency_key",
		Says: "the same call with the same key has the same outcome and asks for the same effects",
		Fix:  "derive everything from the request; make the keys of effects from StepContext.idempotency_key, so that what is repeated is sent once"},
	{ID: "idempotency.keys", check: checkEffectKeys, Where: "step.proto, Effect.idempotency_key",
		Says: "different steps ask for effects under different keys",
		Fix:  "make the key of an effect from StepContext.idempotency_key: under a key that was used before nothing is sent"},
	{ID: "idempotency.replay", check: checkReplay, Where: whereReason,
		Says: "a one-time answer that was accepted is refused the second time",
		Fix:  "remember in the credential or the state what was accepted, and answer REPLAYED"},
}

// answered stands before the last call of a right login.
type answered struct {
	*flow
	inputs map[string]string
}

// almost logs a person in up to the last call.
func (v *verdict) almost(m *sdk.Method, who *person, on ...*process) answered {
	s := v.scripted(m)
	f := v.newFlow(m, who, false, on...)
	inputs, err := f.approach(v.ctx, "right", s.Right)
	v.ended(err)
	return answered{f, inputs}
}

func effectKeys(r *sdk.StepResponse) []string {
	var keys []string
	for _, e := range r.Effects {
		keys = append(keys, e.IdempotencyKey)
	}
	slices.Sort(keys)
	return keys
}

// same says how two answers to one call differ in what counts, or nothing.
func same(a, b *sdk.StepResponse) string {
	changes := func(r *sdk.StepResponse) []string {
		var all []string
		for _, c := range r.CredentialChanges {
			all = append(all, string(c.Kind)+" "+c.CredentialID)
		}
		slices.Sort(all)
		return all
	}
	switch {
	case outcome(a) != outcome(b):
		return "first " + outcome(a) + ", then " + outcome(b)
	case !slices.Equal(effectKeys(a), effectKeys(b)):
		return "the effects have other keys"
	case !slices.Equal(changes(a), changes(b)):
		return "it changes other credentials"
	case a.Success != nil && !reflect.DeepEqual(a.Success.AMR, b.Success.AMR):
		return "the amr is another"
	}
	return ""
}

func checkRepeat(v *verdict) {
	v.methods(func(m *sdk.Method) {
		s := v.scripted(m)
		who := v.bound(m)
		again := func(what string, f *flow, first *sdk.StepResponse) {
			second, err := f.repeat(v.ctx, v.primary())
			v.made()
			switch {
			case errors.Is(err, errRefused):
			case err != nil:
				v.fail("%s again: %v", what, err)
			default:
				if how := same(first, second); how != "" {
					v.fail("%s again with the same key: %s", what, how)
				}
			}
		}
		f := v.newFlow(m, who.clone(), false, v.primary())
		if first, err := f.begin(v.ctx); err == nil {
			again("Begin", f, first)
		}
		a := v.almost(m, who.clone(), v.primary())
		first, err := a.proceed(v.ctx, a.inputs)
		v.ended(err)
		again("the right answer", a.flow, first)
		if len(s.Wrong) > 0 {
			w := v.wrong(m, who.clone(), 0, v.primary())
			first, err := w.proceed(v.ctx, w.inputs)
			v.ended(err)
			again("a wrong answer", w.flow, first)
		}
		if len(s.Enrol) > 0 {
			f := v.newFlow(m, v.newPerson("person"), true, v.primary())
			first, err := f.begin(v.ctx)
			v.ended(err)
			again("BeginEnroll", f, first)
		}
	})
}

func checkEffectKeys(v *verdict) {
	v.methods(func(m *sdk.Method) {
		s := v.scripted(m)
		who := v.bound(m)
		seen := map[string]string{}
		any := false
		for range 2 {
			f := v.newFlow(m, who, false, v.primary())
			_, err := f.walk(v.ctx, "right", s.Right)
			v.ended(err)
			for _, e := range f.effects {
				any = true
				where := f.context.FlowID
				if other, ok := seen[e.IdempotencyKey]; ok {
					v.fail("the key %q is used twice, in %s and %s", e.IdempotencyKey, other, where)
				}
				seen[e.IdempotencyKey] = where
			}
		}
		if !any {
			v.why = "no login asks for an effect"
			return
		}
		v.made()
	})
}

func checkReplay(v *verdict) {
	v.methods(func(m *sdk.Method) {
		if s := v.scripted(m); !s.Once {
			v.why = "a right answer of the method counts more than once (once: false)"
			v.stop()
		}
		who := v.bound(m)
		a := v.almost(m, who, v.primary())
		first, err := a.proceed(v.ctx, a.inputs)
		v.ended(err)
		if first.Success == nil {
			v.why = "the right answer does not succeed: see steps.right"
			v.stop()
		}
		v.made()
		// In a new flow at the same time, with the credential as the first left it, and with the state that was good once.
		who.now = a.context.Now
		f := v.newFlow(m, who, false, v.primary())
		v.ended(f.begins(v.ctx))
		v.tries(f, "an answer that was accepted before", a.inputs)
		// And in the same flow: whatever the host does, a code that was used is used up, unless the state alone held it.
		if len(first.State) > 0 {
			v.tries(a.flow, "the answer that was just accepted, in the same flow", a.inputs)
		}
	})
}
