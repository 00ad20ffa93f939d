package conformance

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

var stateRules = []Rule{
	{ID: "state.damaged", check: checkDamagedState, Where: "step.proto, StepRequest.state",
		Says: "state that is cut, changed or made up never gets in and is no bug",
		Fix:  "decode the state strictly and check it before use; answer EXPIRED for what is not readable"},
	{ID: "state.foreign", check: checkForeignState, Where: "step.proto, StepRequest.state",
		Says: "the state and the answer of another person's flow do not open this one",
		Fix:  "put the credential or the subject into the state, and compare it"},
	{ID: "state.version", check: checkStateVersion, Where: "lifecycle.proto, Description.state_version",
		Says: "state and credentials of a newer release are refused with FAILED_PRECONDITION or a failure, not as a bug",
		Fix:  "compare the version before you decode; after a rollback such data is no mistake of anybody"},
	{ID: "state.credential", check: checkDamagedCredential, Where: "step.proto, Credential.data",
		Says: "a credential that is not readable never gets in and is no bug",
		Fix:  "answer FAILED_PRECONDITION: a status outside the contract counts to the breaker, and one damaged row would shut out everybody"},
	{ID: "state.expired", check: checkExpired, Where: "step.proto, StepContext.expires_at",
		Says: "an answer that came too late is refused",
		Fix:  "keep in the state until when the answer counts, and compare StepContext.now"},
	{ID: "state.highest", check: checkHighest, Where: "step.proto, StepContext.max_state_version",
		Says: "no state or credential of a version above max_state_version is written",
		Fix:  "write the older form when StepContext.max_state_version asks for it, credentials included"},
	{ID: "state.limits", check: believed(sdk.RuleState), last: true, Where: "step.proto, StepResponse.state",
		Says: "the state keeps to 16 KiB and to its version",
		Fix:  "keep less in the state; write no version above StepContext.max_state_version"},
}

func checkDamagedState(v *verdict) {
	v.methods(func(m *sdk.Method) {
		who := v.bound(m)
		a := v.almost(m, who.clone(), v.primary())
		if len(a.state) == 0 {
			v.why = "no method keeps state before the last answer"
			v.stop()
		}
		good := bytes.Clone(a.state)
		for name, state := range map[string][]byte{
			"no state": nil, "half of the state": good[:len(good)/2], "all but the last byte": good[:len(good)-1],
			"a zero byte": {0}, "random bytes": bytes.Repeat([]byte{0xc3, 0x28, 0xff, 0x00}, 64), "an empty list": []byte("[]"),
			"null": []byte("null"), "16 KiB of zeros": make([]byte, sdk.MaxState), "deep JSON": []byte(strings.Repeat("[", 8<<10)),
		} {
			b := v.almost(m, who.clone(), v.primary())
			b.state = state
			v.tries(b.flow, name+" and an answer that was right", b.inputs)
		}
		// A changed byte may mean the same; with a wrong answer it must not mean yes, whichever it is.
		s := v.scripted(m)
		if len(s.Wrong) == 0 {
			return
		}
		for i := 0; i < len(good); i += 1 + len(good)/24 {
			b := v.wrong(m, who.clone(), 0, v.primary())
			b.state = bytes.Clone(b.state)
			if i < len(b.state) {
				b.state[i] ^= 0x11
			}
			v.tries(b.flow, fmt.Sprintf("byte %d of the state changed and a wrong answer", i), b.inputs)
		}
	})
}

func checkForeignState(v *verdict) {
	v.methods(func(m *sdk.Method) {
		who := v.bound(m)
		if v.script.Methods[m.ID].Import != nil {
			v.why = "what is imported would be the same credential for everybody"
			v.stop()
		}
		thief, err := v.bindAs(v.ctx, "thief", m, v.primary())
		v.ended(err)
		theirs := v.almost(m, thief, v.primary())
		if len(theirs.state) == 0 {
			v.why = "no method keeps state before the last answer"
			v.stop()
		}
		victim := v.almost(m, who.clone(), v.primary())
		if len(victim.inputs) > 0 && sameInputs(theirs.inputs, victim.inputs) {
			v.why = "the answer does not depend on the flow"
			v.stop()
		}
		victim.state, victim.version = theirs.state, theirs.version
		v.tries(victim.flow, "the state and the answer of another person's flow", theirs.inputs)
	})
}

func sameInputs(a, b map[string]string) bool {
	for name, value := range a {
		if name != "action" && b[name] != value {
			return false
		}
	}
	return true
}

func checkStateVersion(v *verdict) {
	v.methods(func(m *sdk.Method) {
		who := v.bound(m)
		newer := v.description.StateVersion + 1
		any := false
		if a := v.almost(m, who.clone(), v.primary()); len(a.state) > 0 {
			any = true
			a.version = newer
			v.tries(a.flow, "state of a newer release", a.inputs)
		}
		if len(who.credentials) > 0 && v.needsCredential(m, who) {
			any = true
			a := v.almost(m, who.clone(), v.primary())
			for i := range a.person.credentials {
				a.person.credentials[i].Version = newer
				a.person.credentials[i].Data = []byte(`{"of":"a newer release"}`)
			}
			v.tries(a.flow, "a credential of a newer release", a.inputs)
		}
		if !any {
			v.why = "the method keeps neither state nor credentials"
		}
	})
}

func checkDamagedCredential(v *verdict) {
	v.methods(func(m *sdk.Method) {
		who := v.bound(m)
		if len(who.credentials) == 0 || !v.needsCredential(m, who) {
			v.why = "the method keeps no credentials"
			v.stop()
		}
		good := who.credentials[0].Data
		for name, data := range map[string][]byte{
			"without data": nil, "cut in half": good[:len(good)/2], "of random bytes": bytes.Repeat([]byte{0xc3, 0x28, 0xff, 0x00}, 64),
			"that is null": []byte("null"), "that is an empty list": []byte("[]"),
		} {
			a := v.almost(m, who.clone(), v.primary())
			for i := range a.person.credentials {
				a.person.credentials[i].Data = data
			}
			v.tries(a.flow, "a credential "+name, a.inputs)
			f := v.newFlow(m, a.person, false, v.primary())
			_, err := f.begin(v.ctx)
			v.sound("Begin with a credential "+name, err)
		}
	})
}

func checkExpired(v *verdict) {
	v.methods(func(m *sdk.Method) {
		s := v.scripted(m)
		lifetime := time.Duration(s.Lifetime)
		if lifetime == 0 {
			v.why = "conformance.yaml does not say how long an answer counts: methods." + m.ID + ".lifetime"
			v.stop()
		}
		a := v.almost(m, v.bound(m), v.primary())
		a.context.Now = a.context.Now.Add(lifetime + time.Second)
		a.context.ExpiresAt = a.context.Now.Add(time.Minute)
		v.tries(a.flow, fmt.Sprintf("an answer given %s after it was asked for", lifetime+time.Second), a.inputs)
	})
}

func checkHighest(v *verdict) {
	v.methods(func(m *sdk.Method) {
		if v.description.StateVersion < 2 {
			v.why = "the plugin has one state version only"
			v.stop()
		}
		s := v.scripted(m)
		low := v.description.StateVersion - 1
		check := func(what string, r *sdk.StepResponse, err error) {
			v.made()
			if err != nil || r == nil {
				return
			}
			if len(r.State) > 0 && r.StateVersion > low {
				v.fail("%s writes state of version %d where %d is the highest", what, r.StateVersion, low)
			}
			for _, c := range r.CredentialChanges {
				if c.Version > low {
					v.fail("%s writes a credential of version %d where %d is the highest", what, c.Version, low)
				}
			}
		}
		run := func(f *flow, kind string, steps []Step) {
			// Past the host's check, which would hide what is looked for here.
			f.context.MaxStateVersion = low
			f.lenient = true
			r, err := f.walk(v.ctx, kind, steps)
			check("the last step ("+kind+")", r, err)
		}
		who := v.newPerson("person")
		if len(s.Enrol) > 0 {
			run(v.newFlow(m, who, true, v.primary()), "enrol", s.Enrol)
		} else {
			who = v.bound(m)
		}
		run(v.newFlow(m, who, false, v.primary()), "right", s.Right)
	})
}
