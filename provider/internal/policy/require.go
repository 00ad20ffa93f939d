package policy

import "slices"

// Level returns the index of an acr value, -1 when the policy does not know it.
func (p *Policy) Level(acr string) int {
	return slices.IndexFunc(p.Levels, func(l Level) bool { return l.ACR == acr })
}

// Lowest is the level of a request that asks for none.
func (p *Policy) Lowest() int {
	if i := p.Level(p.Default); i >= 0 {
		return i
	}
	return 0
}

// Require returns the level a request needs: the first acr value asked for that the policy knows, else the relying
// party's default, and never less than its minimum. acr_values is a wish (OIDC Core 3.1.2.1): values nobody knows are
// passed over, unless they are essential. ok is false when essential values are all unknown.
func (p *Policy) Require(asked []string, essential bool, clientDefault, clientMinimum string) (level int, ok bool) {
	level = -1
	for _, a := range asked {
		if level = p.Level(a); level >= 0 {
			break
		}
	}
	if level < 0 {
		if essential && len(asked) > 0 {
			return 0, false
		}
		if level = p.Level(clientDefault); level < 0 {
			level = p.Lowest()
		}
	}
	return max(level, p.Level(clientMinimum)), true
}

// Reached returns the highest level that the proven methods satisfy and the combination that does; -1 when none.
func (p *Policy) Reached(proven []string) (level int, combination []string) {
	for i := len(p.Levels) - 1; i >= 0; i-- {
		for _, c := range p.Levels[i].AnyOf {
			if len(missing(c, proven)) == 0 {
				return i, c
			}
		}
	}
	return -1, nil
}

// Ways returns what is still to be proven to reach the level, or a higher one: for each combination whose missing
// methods can all be used, those missing methods in the order they are asked. Ways that ask for less come first.
func (p *Policy) Ways(level int, proven []string, usable func(method string) bool) [][]string {
	var ways [][]string
	for i := max(level, 0); i < len(p.Levels); i++ {
		for _, c := range p.Levels[i].AnyOf {
			m := missing(c, proven)
			if len(m) == 0 || slices.ContainsFunc(m, func(s string) bool { return !usable(s) }) {
				continue
			}
			ways = append(ways, m)
		}
	}
	slices.SortStableFunc(ways, func(a, b []string) int { return len(a) - len(b) })
	return ways
}

// Attainable returns the highest level that the methods a person has can reach, -1 when none.
func (p *Policy) Attainable(has func(method string) bool) int {
	for i := len(p.Levels) - 1; i >= 0; i-- {
		for _, c := range p.Levels[i].AnyOf {
			if !slices.ContainsFunc(c, func(m string) bool { return !has(m) }) {
				return i
			}
		}
	}
	return -1
}

func missing(combination, proven []string) []string {
	var m []string
	for _, c := range combination {
		if !slices.Contains(proven, c) {
			m = append(m, c)
		}
	}
	return m
}
