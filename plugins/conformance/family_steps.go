package conformance

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

var stepRules = []Rule{
	{ID: "steps.right", check: checkRight, Where: whereStep,
		Says: "the right answers succeed",
		Fix:  "correct the answers in conformance.yaml, or the method"},
	{ID: "steps.wrong", check: checkWrong, Where: whereStep,
		Says: "wrong answers fail, with a reason",
		Fix:  "answer Failure with BAD_CREDENTIAL or the reason that fits; success only for the right answer"},
	{ID: "steps.counts", check: checkCounts, Where: "step.proto, Failure.counts",
		Says: "a wrong guess counts as a failed attempt",
		Fix:  "set counts for everything that could have been right: the host throttles by it, and what does not count can be tried for ever"},
	{ID: "steps.opening", check: checkOpening, Where: "lifecycle.proto, Method.opening",
		Says: "a method with an opening view needs no Begin, and Begin shows the same view",
		Fix:  "leave Method.opening out if Begin does anything, or accept Continue as the first call"},
	{ID: "steps.shapes", check: checkShapes, Where: whereStep,
		Says: "inputs of every shape get an answer, and none gets in: empty, huge, unicode, control characters, none at all",
		Fix:  "check the length and form of every input before you use it; what cannot be right is INVALID_INPUT"},
	{ID: "steps.nobody", check: checkNobody, Where: whereContext,
		Says: "nobody gets in: no name, no credential, an unknown method, an answer before the question",
		Fix:  "succeed only for the subject of the request, by a credential of the request"},
	{ID: "steps.cancel", check: checkCancel, Where: whereStep,
		Says: "Cancel ends within 1 s, at any time",
		Fix:  "answer Cancel without waiting for back ends; a flow that is unknown is no error"},
	{ID: "steps.clock", check: checkClock, Where: "step.proto, StepContext.now",
		Says: "time comes from the request, not from the plugin's own clock",
		Fix:  "use StepContext.now wherever a step needs the time: replicas have clocks of their own"},
	{ID: "steps.import", check: checkImport, Where: whereEnrol,
		Says: "ImportCredentials answers each input, the broken ones with an error for the operator",
		Fix:  "return one result for each input in the same order; refuse what is not in the documented form"},
	{ID: "steps.revoke", check: checkRevoke, Where: whereEnrol,
		Says: "Revoke of a credential works, also twice and of one that is not readable",
		Fix:  "treat what is gone already as revoked; a damaged credential must not keep a person from removing it"},
	{ID: "steps.outcome", check: believed(sdk.RuleOutcome), last: true, Where: whereResponse,
		Says: "every answer has exactly one outcome, which can be",
		Fix:  "set one outcome and the members it requires"},
	{ID: "steps.subject", check: believed(sdk.RuleSubject), last: true, Where: "step.proto, Success.subject",
		Says: "success is for the flow's subject alone",
		Fix:  "leave Success.subject empty, or name the subject of the request"},
	{ID: "steps.amr", check: believed(sdk.RuleAMR), last: true, Where: "step.proto, Success.amr",
		Says: "no answer claims an amr above its method's",
		Fix:  "claim only what Method.amr lists"},
	{ID: "steps.credential", check: believed(sdk.RuleCredential), last: true, Where: whereChange,
		Says: "changes are of credentials that were handed in, with their revision, and within the limits",
		Fix:  "copy credential_id and expected_revision from the request; leave the id of a new credential empty"},
	{ID: "steps.effect", check: believed(sdk.RuleEffect), last: true, Where: whereEffect,
		Says: "an effect has a key and a channel",
		Fix:  "set idempotency_key and channel of every effect"},
	{ID: "steps.size", check: believed(sdk.RuleSize), last: true, Where: "plugins/sdk/limits.go",
		Says: "answers keep the limits of sizes and numbers",
		Fix:  "keep evidence under 16 KiB, at most 64 changes and 16 effects in a step"},
	{ID: "steps.secrets", check: checkTypedSecrets, last: true, Where: "plugins/sdk/doc.go",
		Says: "what people type and what is sent to them is in no log and no status",
		Fix:  "log that something was wrong, never the value"},
}

// walked goes through every method once, so that the rules that judge what was seen have seen it also when they are
// checked alone.
func (v *verdict) walk() {
	if v.kit.walked || !v.configured || !slices.Contains(v.description.Services, sdk.ServiceAuthenticator) {
		return
	}
	v.kit.walked = true
	for i := range v.description.Methods {
		m := &v.description.Methods[i]
		v.part(func() {
			v.looked(seenView{where: "the opening view of " + m.ID, view: m.Opening})
			first := v.newFlow(m, v.newPerson("walker"), false, v.primary())
			_, _ = first.begin(v.ctx)
			s := v.scripted(m)
			who := v.bound(m)
			_, _ = v.newFlow(m, who, false, v.primary()).walk(v.ctx, "right", s.Right)
			for n := range s.Wrong {
				v.part(func() {
					a := v.wrong(m, who.clone(), n, v.primary())
					_, _ = a.finish(v.ctx, &s.Wrong[n], a.inputs)
				})
			}
			if len(s.Enrol) > 0 { // once more, now that there is a credential
				_, _ = v.enrol(v.ctx, m, who, v.primary())
			}
		})
	}
	v.why = ""
}

// believed checks what the host would have refused of all the answers of a run.
func believed(rule sdk.Rule) func(*verdict) {
	return func(v *verdict) {
		v.needs(sdk.ServiceAuthenticator)
		v.walk()
		v.made()
		for _, seen := range v.sightings.broken[rule] {
			v.fail("%s", seen)
		}
	}
}

func checkRight(v *verdict) {
	v.methods(func(m *sdk.Method) {
		s := v.scripted(m)
		who, err := v.bind(v.ctx, m, v.primary())
		v.made()
		if err != nil {
			if !errors.Is(err, errRefused) {
				v.fail("binding a credential: %v", err)
			}
			return
		}
		for n := range 2 {
			answer, err := v.newFlow(m, who, false, v.primary()).walk(v.ctx, "right", s.Right)
			switch {
			case errors.Is(err, errRefused):
				return // told by the rule that was broken
			case (err != nil || answer.Success == nil) && v.worksAfterBegin(m, who, s):
				return // told by steps.opening
			case err != nil:
				v.fail("login %d: %v", n+1, err)
				return
			case answer.Success == nil:
				v.fail("login %d ended with %s", n+1, outcome(answer))
				return
			}
		}
	})
}

// worksAfterBegin says whether the right answer succeeds if Begin is called although there is an opening view.
func (v *verdict) worksAfterBegin(m *sdk.Method, who *person, s *MethodScript) bool {
	if m.Opening == nil {
		return false
	}
	f := v.newFlow(m, who.clone(), false, v.primary())
	f.asks = true
	answer, err := f.walk(v.ctx, "right", s.Right)
	return err == nil && answer.Success != nil
}

// wrongly gives each wrong answer of the script to f.
func (v *verdict) wrongly(m *sdk.Method, judge func(n int, answer *sdk.StepResponse, err error)) {
	s := v.scripted(m)
	if len(s.Wrong) == 0 {
		v.why = "conformance.yaml names no wrong answers: methods." + m.ID + ".wrong"
		v.stop()
	}
	who := v.bound(m)
	for n := range s.Wrong {
		a := v.wrong(m, who, n, v.primary())
		answer, err := a.finish(v.ctx, &s.Wrong[n], a.inputs)
		v.made()
		judge(n, answer, err)
	}
}

func checkWrong(v *verdict) {
	v.methods(func(m *sdk.Method) {
		v.wrongly(m, func(n int, answer *sdk.StepResponse, err error) {
			switch {
			case err != nil:
				v.sound("the wrong answer", err)
			case answer.Failure == nil:
				v.fail("wrong answer %d ended with %s", n+1, outcome(answer))
			}
		})
	})
}

func checkCounts(v *verdict) {
	v.methods(func(m *sdk.Method) {
		v.wrongly(m, func(n int, answer *sdk.StepResponse, err error) {
			if err == nil && answer.Failure != nil && answer.Failure.Reason == sdk.ReasonBadCredential && !answer.Failure.Counts {
				v.fail("wrong answer %d failed with bad_credential and does not count", n+1)
			}
		})
	})
}

func checkOpening(v *verdict) {
	v.methods(func(m *sdk.Method) {
		if m.Opening == nil {
			v.why = "no method has an opening view"
			v.stop()
		}
		who := v.bound(m)
		answer, err := v.newFlow(m, who.clone(), false, v.primary()).begin(v.ctx)
		v.made()
		switch {
		case errors.Is(err, errRefused):
		case err != nil:
			v.fail("Begin: %v", err)
		case answer.Challenge == nil:
			v.fail("Begin answered %s, and the description has an opening view", outcome(answer))
		case !reflect.DeepEqual(answer.Challenge.View, *m.Opening):
			v.fail("the first view of Begin is not the opening view of the description")
		}
		if s := v.script.Methods[m.ID]; s != nil && len(s.Right) > 0 {
			answer, err := v.newFlow(m, who.clone(), false, v.primary()).walk(v.ctx, "right", s.Right)
			if !errors.Is(err, errRefused) && (err != nil || answer.Success == nil) && v.worksAfterBegin(m, who, s) {
				v.fail("without Begin the right answer ends with %s, after it with success", said(answer, err))
			}
		}
	})
}

// shapes are inputs that no page should be needed to survive.
var shapes = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"empty": "", "a space": " ", "a zero byte": "\x00", "digits": "123456", "a negative number": "-1", "a huge number": "99999999999999999999",
		"4 KiB":          strings.Repeat("9", 4<<10),
		"200 KiB":        strings.Repeat("a", 200<<10),
		"unicode":        "zażółć gęślą jaźń 🔑 İıſß",
		"bidi controls":  "\u202e654321\u202c",
		"combining":      "e" + strings.Repeat("\u0301", 300),
		"controls":       "\r\n\t\x1b[31m\x07\x7f",
		"full width":     "１２３４５６",
		"JSON":           `{"$ne":null}`,
		"SQL":            `' OR '1'='1' -- `,
		"LDAP":           `*)(uid=*))(|(uid=*`,
		"a path":         "../../../../etc/passwd",
		"a template":     "{{.}}${7*7}%s%n",
		"markup":         `<script>alert(1)</script>`,
		"not a code":     "null",
		"base64 of JSON": "eyJhbGciOiJub25lIn0.e30.",
	}
})

func checkShapes(v *verdict) {
	v.methods(func(m *sdk.Method) {
		s := v.scripted(m)
		who := v.bound(m)
		for _, name := range slices.Sorted(maps.Keys(shapes())) {
			f := v.newFlow(m, who.clone(), false, v.primary())
			v.ended(f.stand(v.ctx, "right", s.Right))
			inputs := map[string]string{}
			for _, field := range fieldNames(f.view) {
				inputs[field] = shapes()[name]
			}
			v.tries(f, "the input "+name, f.asked(inputs))
		}
		for name, inputs := range map[string]map[string]string{
			"no input at all": nil, "an unknown input": {"zz_no_such_field": "x"}, "an unknown action": {"action": "zz_no_such_action"},
		} {
			f := v.newFlow(m, who.clone(), false, v.primary())
			v.ended(f.stand(v.ctx, "right", s.Right))
			v.tries(f, name, inputs)
		}
		if len(s.Enrol) > 0 {
			for _, name := range slices.Sorted(maps.Keys(shapes())) {
				f := v.newFlow(m, v.newPerson("newcomer"), true, v.primary())
				v.ended(f.begins(v.ctx))
				inputs := map[string]string{}
				for _, field := range fieldNames(f.view) {
					inputs[field] = shapes()[name]
				}
				_, err := f.proceed(v.ctx, f.asked(inputs))
				v.sound("binding with the input "+name, err)
			}
		}
	})
}

// tries makes a call that must not succeed.
func (v *verdict) tries(f *flow, what string, inputs map[string]string) {
	answer, err := f.proceed(v.ctx, inputs)
	v.made()
	v.sound(what, err)
	if err == nil && answer.Success != nil {
		v.fail("success with %s", what)
	}
}

func fieldNames(view *sdk.View) []string {
	if view == nil {
		return nil
	}
	var names []string
	for _, n := range view.Nodes {
		switch {
		case n.TextField != nil:
			names = append(names, n.TextField.Name)
		case n.Choice != nil:
			names = append(names, n.Choice.Name)
		case n.WebAuthn != nil:
			names = append(names, "webauthn")
		}
	}
	return names
}

func checkNobody(v *verdict) {
	v.methods(func(m *sdk.Method) {
		var right map[string]string
		var who *person
		if s := v.script.Methods[m.ID]; s != nil && len(s.Right) > 0 {
			v.part(func() { who = v.bound(m) })
			if who != nil {
				f := v.newFlow(m, who.clone(), false, v.primary())
				right, _ = f.approach(v.ctx, "right", s.Right)
			}
		}
		if right == nil {
			right = map[string]string{"action": "continue", "code": "123456", "password": "123456"}
		}
		try := func(what string, f *flow, o op, change func(*sdk.StepRequest)) {
			r := f.request(right)
			if o == opBegin {
				r.Inputs = nil
			}
			change(r)
			answer, err := v.call(v.ctx, f.on(), o, r, nil)
			v.made()
			v.sound(what, err)
			if err == nil && answer.Success != nil {
				v.fail("success for %s", what)
			}
		}
		for _, o := range []op{opBegin, opContinue} {
			try("nobody, "+string(o), v.newFlow(m, nil, false, v.primary()), o, func(*sdk.StepRequest) {})
			stranger := v.newPerson("stranger")
			stranger.subject.Attributes = nil
			try("somebody without credentials, "+string(o), v.newFlow(m, stranger, false, v.primary()), o, func(*sdk.StepRequest) {})
		}
		try("nobody, with inputs at Begin", v.newFlow(m, nil, false, v.primary()), opBegin, func(r *sdk.StepRequest) { r.Inputs = right })
		garbage := map[string]string{"action": "continue", "code": "x", "password": "x"}
		try("an unknown method", v.newFlow(m, who, false, v.primary()), opContinue, func(r *sdk.StepRequest) {
			r.Context.MethodID, r.Inputs = "zz-no-such-method", garbage
		})
		try("an answer before the question", v.newFlow(m, who, false, v.primary()), opContinue, func(r *sdk.StepRequest) { r.Inputs = garbage })
		if slices.Contains(v.description.Services, sdk.ServiceEnrollment) {
			try("binding for nobody", v.newFlow(m, nil, true, v.primary()), opContinueEnroll, func(*sdk.StepRequest) {})
		}
	})
}

func checkCancel(v *verdict) {
	v.methods(func(m *sdk.Method) {
		for name, who := range map[string]*person{"nobody": nil, "somebody": v.newPerson("canceller")} {
			f := v.newFlow(m, who, false, v.primary())
			for range 2 {
				began := time.Now()
				v.made()
				err := v.cancel(f.request(nil))
				if took := time.Since(began); took > time.Second {
					v.fail("Cancel of %s took %s", name, took.Round(time.Millisecond))
				}
				v.sound("Cancel of "+name, err)
			}
		}
	})
}

// checkClock runs a login in another year, all of it by the request's clock.
func checkClock(v *verdict) {
	v.methods(func(m *sdk.Method) {
		s := v.scripted(m)
		for _, step := range append(slices.Clone(s.Right), s.Enrol...) {
			if len(step.Exec) > 0 || step.Callback != nil || step.Poll > 0 {
				v.why = "the answers come from elsewhere, which has a clock of its own"
				v.stop()
			}
		}
		began := v.began
		defer func() { v.kit.began = began }()
		v.working(m)
		v.kit.began = began.AddDate(1, 0, 0)
		who, err := v.bind(v.ctx, m, v.primary())
		if errors.Is(err, errRefused) {
			v.ended(err)
		}
		v.made()
		if err != nil {
			v.fail("a year from now, %v", err)
			return
		}
		answer, err := v.newFlow(m, who, false, v.primary()).walk(v.ctx, "right", s.Right)
		if errors.Is(err, errRefused) {
			v.ended(err)
		}
		if err != nil || answer.Success == nil {
			v.fail("a year from now the right answer ends with %s", said(answer, err))
		}
	})
}

func checkImport(v *verdict) {
	v.needs(sdk.ServiceEnrollment)
	inputs := []string{"", "{", "null", "[]", "7", `{"zz_no_such_member":1}`, `{}`, strings.Repeat("[", 10_000)}
	all := make([]sdk.ImportInput, len(inputs))
	for i, raw := range inputs {
		all[i] = sdk.ImportInput{Subject: v.newPerson("imported").subject, JSON: []byte(raw)}
	}
	ctx, cancel := v.within(configureLimit)
	defer cancel()
	results, err := v.primary().ImportCredentials(ctx, instanceID, all)
	if v.unoffered(err) {
		v.absent("the plugin imports nothing")
	}
	v.made()
	if err != nil {
		v.sound("ImportCredentials", err)
		return
	}
	if len(results) != len(inputs) {
		v.fail("%d results for %d inputs", len(results), len(inputs))
		return
	}
	for i := range results {
		if err := results[i].Validate(); err != nil {
			v.fail("for the input %.20q: %v", inputs[i], err)
		} else if results[i].Error == "" {
			v.fail("the input %.20q is accepted", inputs[i])
		}
		v.say("ImportCredentials", results[i].Error)
	}
}

func checkRevoke(v *verdict) {
	v.needs(sdk.ServiceEnrollment)
	credentials := []sdk.Credential{{ID: "damaged", Type: v.description.CredentialType, Data: []byte("\x00not readable"), Revision: 1}}
	for i := range v.description.Methods {
		v.part(func() {
			for _, c := range v.bound(&v.description.Methods[i]).credentials {
				credentials = append(credentials, c, c)
			}
		})
	}
	for _, c := range credentials {
		ctx, cancel := v.within(v.limit())
		err := v.primary().Revoke(ctx, instanceID, c)
		cancel()
		v.made()
		v.sound("Revoke of "+c.ID, err)
	}
}

func checkTypedSecrets(v *verdict) {
	v.ready()
	v.walk()
	v.made()
	for _, leak := range v.leaks("typed: ") {
		v.fail("%s", leak)
	}
}
