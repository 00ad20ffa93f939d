package oath

import (
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/internal/oathcode"
)

// Whatever token somebody has, and whether they have one, as many codes are computed.
func TestEveryTokenTakesTheSameWork(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, c := range []Config{{Skew: 1, LookAhead: 10, ResyncPeriods: 20, ResyncPresses: 100}, {Skew: 2, LookAhead: 1, ResyncPeriods: 120, ResyncPresses: 50}, {LookAhead: 50, ResyncPeriods: 5, ResyncPresses: 1000}} {
		clock := oathcode.Clock{Seed: oathcode.NewSeed("SHA1", 6), Period: 30}
		used := clock
		used.Last = used.StepAt(now)
		for name, one := range map[string]token{
			"nobody's": nobodys[0].token, "a time token": {Clock: &clock}, "a time token in use": {Clock: &used},
			"a button token in use": {Counter: &oathcode.Counter{Seed: clock.Seed, Next: 7}},
		} {
			if n, m := one.codes(now, c), most(c); n > m || n < 1 {
				t.Errorf("%s: %d codes, and %d at most: %+v", name, n, m, c)
			}
		}
	}
}
