package policy

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func bank() *Policy {
	return &Policy{
		Levels: []Level{
			{ACR: "urn:varco:1fa", AnyOf: [][]string{{"password"}}},
			{ACR: "urn:varco:sca", AnyOf: [][]string{{"password", "totp"}, {"password", "sms"}, {"passkey"}}, Factors: 2},
		},
		Default: "urn:varco:1fa",
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		asked     []string
		essential bool
		def, min  string
		want      int
		refused   bool
	}{
		"nothing asked: the policy's default":        {want: 0},
		"nothing asked: the relying party's default": {def: "urn:varco:sca", want: 1},
		"asked":                                          {asked: []string{"urn:varco:sca"}, want: 1},
		"the first known value counts":                   {asked: []string{"1", "urn:varco:sca", "urn:varco:1fa"}, want: 1},
		"unknown wishes are passed over":                 {asked: []string{"1", "2"}, want: 0},
		"unknown essential values cannot be met":         {asked: []string{"1", "2"}, essential: true, refused: true},
		"the relying party's minimum cannot be undercut": {asked: []string{"urn:varco:1fa"}, min: "urn:varco:sca", want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := bank().Require(c.asked, c.essential, c.def, c.min)
			if ok == c.refused || got != c.want {
				t.Fatalf("got level %d, ok %v; want level %d, refused %v", got, ok, c.want, c.refused)
			}
		})
	}
}

func TestWaysAskForTheLeast(t *testing.T) {
	t.Parallel()
	all := func(string) bool { return true }
	ways := bank().Ways(1, []string{"password"}, all)
	if len(ways) != 3 || !slices.Equal(ways[0], []string{"totp"}) || !slices.Equal(ways[1], []string{"sms"}) {
		t.Fatalf("after the password, ways are %v", ways)
	}
	if ways := bank().Ways(1, nil, func(m string) bool { return m == "password" }); len(ways) != 0 {
		t.Fatalf("a password alone reaches SCA by %v", ways)
	}
}

// Whatever was proven, the level reached never exceeds what the policy says those methods reach, and a way that is
// walked to its end reaches the level it was asked for.
func TestWalkingAWayReachesTheLevel(t *testing.T) {
	t.Parallel()
	methods := []string{"a", "b", "c", "d"}
	rapid.Check(t, func(t *rapid.T) {
		p := &Policy{}
		for i := range rapid.IntRange(1, 4).Draw(t, "levels") {
			l := Level{ACR: string(rune('0' + i))}
			for range rapid.IntRange(1, 3).Draw(t, "combinations") {
				l.AnyOf = append(l.AnyOf, rapid.SliceOfNDistinct(rapid.SampledFrom(methods), 1, 3, rapid.ID[string]).Draw(t, "combination"))
			}
			p.Levels = append(p.Levels, l)
		}
		level := rapid.IntRange(0, len(p.Levels)-1).Draw(t, "level")
		proven := rapid.SliceOfDistinct(rapid.SampledFrom(methods), rapid.ID[string]).Draw(t, "proven")
		usable := rapid.SliceOfDistinct(rapid.SampledFrom(methods), rapid.ID[string]).Draw(t, "usable")
		for _, way := range p.Ways(level, proven, func(m string) bool { return slices.Contains(usable, m) }) {
			for _, m := range way {
				if !slices.Contains(usable, m) || slices.Contains(proven, m) {
					t.Fatalf("way %v asks for %s", way, m)
				}
			}
			if got, _ := p.Reached(slices.Concat(proven, way)); got < level {
				t.Fatalf("way %v from %v reaches %d, not %d", way, proven, got, level)
			}
		}
		if got, c := p.Reached(proven); got >= 0 {
			for _, m := range c {
				if !slices.Contains(proven, m) {
					t.Fatalf("level %d reached without %s", got, m)
				}
			}
		}
	})
}
