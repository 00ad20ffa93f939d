package login

import (
	"slices"

	"github.com/varco-id/varco/provider/internal/policy"
)

// Facts is everything Next decides on.
type Facts struct {
	Policy *policy.Policy
	Level  int // required, an index into Policy.Levels

	Identified bool     // a subscriber is known
	Proven     []string // methods that count
	Enrolled   []string // methods the subscriber has a credential for
	Offered    []string // methods of running plugins
	Naming     []string // methods that find out who the person is by themselves
	Chosen     string   // what the person picked, if anything

	Bind           string // method to bind once the level is reached
	Bound          bool   // …and it was
	ConsentMissing bool

	Recovering bool // Bind replaces what was lost, and Policy says what that takes
	Contact    bool // an address is to be replaced once the level is reached, and was not yet
}

// Kind is the kind of a Decision.
type Kind int

// The kinds of Decision.
const (
	KindAsk      Kind = iota // run Method
	KindConsent              // ask for consent
	KindDone                 // the request is satisfied
	KindRefuse               // the subscriber cannot reach the level
	KindDown                 // they could, but a plugin is not running
	KindDeclined             // a risk source is against it; never an answer of Next
)

// Decision is what comes next in a Flow.
type Decision struct {
	Kind    Kind
	Method  string   // KindAsk
	Binding bool     // KindAsk: bind a credential of Method
	Options []string // KindAsk: the methods to choose from, Method among them
}

// Next names the next step of a login. It is pure: the same facts give the same decision on any replica at any time.
func Next(f Facts) Decision {
	if level, _ := f.Policy.Reached(f.Proven); f.Identified && level >= f.Level && len(f.Proven) > 0 {
		switch {
		case f.Contact:
			return Decision{Kind: KindAsk, Method: policy.Contact, Options: []string{policy.Contact}}
		case f.Bind != "" && !f.Bound && !f.Recovering && !mayBind(f.Policy, f.Bind, level, f.Enrolled):
			return Decision{Kind: KindRefuse}
		case f.Bind != "" && !f.Bound:
			return Decision{Kind: KindAsk, Method: f.Bind, Binding: true, Options: []string{f.Bind}}
		case f.ConsentMissing:
			return Decision{Kind: KindConsent}
		}
		return Decision{Kind: KindDone}
	}
	// Before somebody is identified every offered method is asked for alike: what a name has enrolled must not show.
	has := func(m string) bool { return !f.Identified || slices.Contains(f.Enrolled, m) }
	offered := func(m string) bool { return slices.Contains(f.Offered, m) }

	if ways := f.Policy.Ways(f.Level, f.Proven, func(m string) bool { return has(m) && offered(m) }); len(ways) > 0 {
		return ask(ways, f)
	}
	if len(f.Policy.Ways(f.Level, f.Proven, has)) > 0 {
		return Decision{Kind: KindDown}
	}
	if d, ok := bindAtLogin(f, offered); ok {
		return d
	}
	return Decision{Kind: KindRefuse}
}

// mayBind says whether somebody who proved level may bind a method: not if they could then prove more than now, unless policy lets them.
// A second factor that is bound with the first alone is worth no more than the first (RTS article 24).
func mayBind(p *policy.Policy, method string, level int, enrolled []string) bool {
	if slices.Contains(p.BindAtLogin, method) {
		return true
	}
	return level >= p.Attainable(func(m string) bool {
		return instanceOf(m) == instanceOf(method) || slices.Contains(enrolled, m) // a credential serves all methods of its instance
	})
}

// bindAtLogin lets a person bind the method that is missing, if policy allows it, everything else of the combination
// is proven, and they have no second authenticator at all: whoever has one must use it, or a stolen password would be
// enough to add another (RTS article 24).
func bindAtLogin(f Facts, offered func(string) bool) (Decision, bool) {
	for _, m := range f.Enrolled {
		if !slices.Contains(f.Proven, m) {
			return Decision{}, false
		}
	}
	bindable := func(m string) bool {
		return slices.Contains(f.Policy.BindAtLogin, m) && !slices.Contains(f.Enrolled, m) && offered(m)
	}
	var options []string
	for _, w := range f.Policy.Ways(f.Level, f.Proven, bindable) {
		if len(f.Proven) > 0 && len(w) == 1 && !slices.Contains(options, w[0]) {
			options = append(options, w[0])
		}
	}
	if len(options) == 0 {
		return Decision{}, false
	}
	d := Decision{Kind: KindAsk, Method: options[0], Binding: true, Options: options}
	if slices.Contains(options, f.Chosen) {
		d.Method = f.Chosen
	}
	return d, true
}

// ask picks the first method of the shortest way, or the one the person chose. As long as nobody is known, a method that needs a name
// comes before those that find out by themselves: these stand on the page that asks for it.
func ask(ways [][]string, f Facts) Decision {
	d := Decision{Kind: KindAsk}
	for _, w := range ways {
		if !slices.Contains(d.Options, w[0]) {
			d.Options = append(d.Options, w[0])
		}
	}
	d.Method = d.Options[0]
	if !f.Identified {
		if i := slices.IndexFunc(d.Options, func(m string) bool { return !slices.Contains(f.Naming, m) }); i >= 0 {
			d.Method = d.Options[i]
		}
	}
	if slices.Contains(d.Options, f.Chosen) {
		d.Method = f.Chosen
	}
	return d
}
