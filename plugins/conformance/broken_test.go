package conformance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/conformance"
)

// kinds are the plugins that keep the contract until they are told how to break it.
var kinds = []string{"model", "sms", "fraud", "store", "hsm", "phone"}

func TestNoFalseAlarm(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			mustBreak(t, check(t, conformance.Options{}, "testdata/"+kind+".yaml", broken, kind, ""))
		})
	}
}

// defects lists a broken plugin a line: its kind, how it is broken, and the rules that must fail when they are others
// than the one the defect is named after.
const defects = `
hsm    launch.handshake late
hsm    launch.handshake ends
hsm    launch.handshake preceded
hsm    launch.handshake core
hsm    launch.handshake contract
hsm    launch.handshake protocol
hsm    launch.cookie ignored
hsm    launch.cookie silent
hsm    launch.cookie no error
hsm    launch.plain
hsm    launch.mtls                          | launch.library launch.mtls
hsm    launch.stranger any certificate
hsm    launch.stranger no certificate
hsm    launch.socket
hsm    launch.health missing
hsm    launch.health says no
hsm    launch.stdout
hsm    launch.shutdown
hsm    launch.sigterm
hsm    launch.socket_removed
hsm    launch.nothing_left
hsm    describe.answers slowly
hsm    describe.answers with an error
hsm    describe.valid name
hsm    describe.valid version
hsm    describe.stable calls
hsm    describe.stable processes
hsm    describe.stable configuration
hsm    describe.offline
sms    describe.services                    | describe.services delivery.send delivery.refused delivery.shapes
model  describe.english title
hsm    describe.english none
hsm    describe.locales missing
hsm    describe.locales empty
hsm    describe.markup
hsm    describe.markup direction
hsm    describe.parameters
hsm    describe.schema not a schema
hsm    describe.schema open
hsm    describe.schema elsewhere
hsm    describe.secrets
hsm    config.accepted
hsm    config.required
hsm    config.unknown
hsm    config.types
hsm    config.json
hsm    config.pointers
hsm    config.pointers elsewhere
hsm    config.pointers without words
hsm    config.kept
hsm    config.instances all removed
hsm    config.instances not removed
hsm    config.instances removed once
hsm    config.secrets in the log
hsm    config.secrets in problems
hsm    config.secrets in a status
model  steps.wrong
model  steps.counts
model  steps.opening view
model  steps.opening begin
model  steps.shapes
model  steps.nobody
model  steps.cancel
model  steps.clock
model  steps.import accepted
model  steps.import fewer
model  steps.revoke
model  steps.outcome
model  steps.subject
model  steps.amr
model  steps.credential
model  steps.effect
model  steps.size
model  steps.secrets
model  steps.secrets typed
model  idempotency.repeat
model  idempotency.keys
model  idempotency.replay
model  state.damaged trusted
model  state.damaged bug
model  state.foreign
model  state.version
model  state.credential
model  state.expired
model  state.highest
model  state.highest credential
model  state.limits
model  replicas.steps                       | replicas.steps crash.killed
model  replicas.race                        | idempotency.replay replicas.race
model  crash.stopped
model  crash.cancelled
hsm    crash.oversize
hsm    crash.noise
model  crash.alive
fraud  deadlines.closed
sms    deadlines.closed
fraud  deadlines.status
fraud  deadlines.status verdict
sms    deadlines.status blamed
fraud  deadlines.in_time
sms    deadlines.check
fraud  deadlines.recovers
model  timing.unknown work
model  timing.unknown sleep
model  timing.named
model  timing.shape reason
model  timing.shape view
store  timing.legacy
store  timing.legacy sleep
model  ui.view
model  ui.view qr
model  ui.texts missing
model  ui.texts parameter
model  ui.nodes
model  ui.kinds
model  ui.labels
model  ui.error
model  ui.typed
model  ui.length
phone  ui.pending
model  load.flows
model  load.leaks memory
model  load.leaks files
model  load.leaks threads
model  load.idle
sms    delivery.send                        | delivery.send deadlines.recovers
sms    delivery.repeat
sms    delivery.refused for now
sms    delivery.refused kind
sms    delivery.refused nobody
sms    delivery.refused late
sms    delivery.shapes
sms    delivery.secrets
fraud  risk.verdict
fraud  risk.reasons
fraud  risk.shapes
fraud  risk.shapes verdict
store  legacy.known
store  legacy.unknown
store  legacy.wrong
store  legacy.injection
store  legacy.migrated
store  legacy.secrets
hsm    keys.roundtrip
hsm    keys.hidden
hsm    keys.bound
hsm    keys.tampered trailing
hsm    keys.tampered bug
hsm    keys.unknown
hsm    keys.sign
hsm    keys.secrets
phone  callbacks.script
phone  callbacks.junk bug
phone  callbacks.junk accepted
phone  callbacks.route
phone  callbacks.delivery
phone  callbacks.delivery revision
phone  callbacks.answer status
phone  callbacks.answer signal
`

type brokenPlugin struct {
	kind, defect string
	rules        []string
}

func brokenPlugins(t *testing.T) []brokenPlugin {
	t.Helper()
	var all []brokenPlugin
	for line := range strings.Lines(defects) {
		left, right, given := strings.Cut(strings.TrimSpace(line), "|")
		fields := strings.Fields(left)
		if len(fields) < 2 {
			continue
		}
		p := brokenPlugin{kind: fields[0], defect: strings.Join(fields[1:], " "), rules: []string{fields[1]}}
		if given {
			p.rules = strings.Fields(right)
		}
		all = append(all, p)
	}
	return all
}

// families are those that are checked of a broken plugin. What its defect cannot reach is left out, to save the time of many
// processes: TestNoFalseAlarm checks all of it, on the same program.
func (p *brokenPlugin) families() []string {
	family, _, _ := strings.Cut(p.defect, ".")
	var out []string
	switch family {
	case "launch":
	case "describe", "config":
		out = []string{"launch", "crash"}
	case "crash":
		out = []string{"describe", "config"}
	default:
		if out = []string{"launch", "describe", "config"}; p.kind != "model" {
			out = append(out, "crash")
		}
	}
	return slices.DeleteFunc(conformance.Families(), func(f string) bool { return slices.Contains(out, f) })
}

// Each plugin breaks what it is named after, and nothing else is said of it.
func TestBrokenPlugins(t *testing.T) {
	t.Parallel()
	all := brokenPlugins(t)
	if len(all) < 40 {
		t.Fatalf("%d broken plugins", len(all))
	}
	inParallel(t, len(all), func(n int) {
		p := all[n]
		t.Run(p.kind+" "+p.defect, func(t *testing.T) {
			mustBreak(t, check(t, conformance.Options{Only: p.families()}, "testdata/"+p.kind+".yaml", broken, p.kind, p.defect), p.rules...)
		})
	})
}

// Every rule has a plugin that breaks it: a rule that nothing can break says nothing.
func TestEveryRuleIsBrokenOnce(t *testing.T) {
	t.Parallel()
	done := map[string]bool{}
	for _, p := range brokenPlugins(t) {
		for _, rule := range p.rules {
			done[rule] = true
		}
	}
	for _, rule := range []string{"upgrade.credential", "upgrade.state", "upgrade.written", "steps.right"} { // TestUpgrade, TestWrongScript
		done[rule] = true
	}
	for _, r := range conformance.Rules() {
		if !done[r.ID] {
			t.Errorf("no plugin breaks %s", r.ID)
		}
	}
}
