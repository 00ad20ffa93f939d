package conformance

import (
	"errors"
	"sync"

	"github.com/varco-id/varco/plugins/sdk"
)

var replicaRules = []Rule{
	{ID: "replicas.steps", check: checkReplicas, Where: whereStep,
		Says: "each step can run in another process",
		Fix:  "keep nothing between calls: what a step needs from an earlier one goes into the state or the credential"},
	{ID: "replicas.race", check: checkRace, Where: whereChange,
		Says: "of a one-time answer given in two flows at once, one alone can be committed",
		Fix:  "beside the success of a one-time answer, change the credential that remembers it, with its expected_revision"},
}

func checkReplicas(v *verdict) {
	v.methods(func(m *sdk.Method) {
		s := v.scripted(m)
		v.working(m)
		who, err := v.bind(v.ctx, m, v.primary(), v.replica())
		if errors.Is(err, errRefused) {
			v.ended(err)
		}
		v.made()
		if err != nil {
			v.fail("with each step in another process, %v", err)
			return
		}
		answer, err := v.newFlow(m, who, false, v.replica(), v.primary()).walk(v.ctx, "right", s.Right)
		if errors.Is(err, errRefused) {
			v.ended(err)
		}
		if err != nil || answer.Success == nil {
			v.fail("with each step in another process, the right answer ends with %s", said(answer, err))
		}
	})
}

func checkRace(v *verdict) {
	v.methods(func(m *sdk.Method) {
		if s := v.scripted(m); !s.Once {
			v.why = "a right answer of the method counts more than once (once: false)"
			v.stop()
		}
		who := v.bound(m)
		one, two := who.clone(), who.clone()
		a, b := v.almost(m, one, v.primary()), v.almost(m, two, v.replica())
		if !sameInputs(a.inputs, b.inputs) || len(a.inputs) == 0 {
			v.why = "each flow has an answer of its own, and the host takes one answer in a flow"
			v.stop()
		}
		if one.conflict(nil) != nil || len(one.credentials) != len(two.credentials) {
			v.stop()
		}
		var wg sync.WaitGroup
		var first, second *sdk.StepResponse
		var firstErr, secondErr error
		on1, on2 := v.primary(), v.replica()
		wg.Go(func() { first, firstErr = v.call(v.ctx, on1, opContinue, a.request(a.inputs), one) })
		wg.Go(func() { second, secondErr = v.call(v.ctx, on2, opContinue, b.request(b.inputs), two) })
		wg.Wait()
		v.ended(errors.Join(firstErr, secondErr))
		v.made()
		if first.Success == nil || second.Success == nil {
			return // one of them is enough
		}
		// Both on the same data, as on two replicas of the host: the second commit has to lose.
		if err := one.commit(v.description, first.CredentialChanges); err != nil {
			v.ended(err)
		}
		if len(second.CredentialChanges) == 0 || one.conflict(second.CredentialChanges) == nil {
			v.fail("both answers succeed and both can be committed: the code counted twice")
		}
	})
}
