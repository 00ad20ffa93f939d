package policy

import (
	"slices"
	"time"
)

// The host's own steps, which a combination may name beside the methods of plugins. No instance of a plugin may be called so.
const (
	Ticket  = "ticket"  // the code of the assisted path: the bank has made sure who it is
	Contact = "contact" // the code that proves a new address; never part of a combination
)

// HostMethods are the names that are taken.
var HostMethods = []string{Ticket, Contact}

// Recovery is the operator's rules for the life of an account.
type Recovery struct {
	// Ways says, by the method that was lost, which combinations replace it. A method that is not here is replaced by what [Recovery.Derive]
	// finds enough.
	Ways map[string][][]string
	// Carried are the instances whose codes travel in messages: whoever has the mailbox or the number has the code.
	Carried []string
	// CoolingOff is how long relying parties are told to be careful, and how long a change can be taken back.
	CoolingOff time.Duration
	// TicketLifetime is how long a code of the assisted path can be used.
	TicketLifetime time.Duration
	// TicketApprovals is how many operators a ticket takes: 1, or 2 for four eyes.
	TicketApprovals int
	// MessagesPerHour bounds what one address is sent without its owner's proof.
	MessagesPerHour int
}

// RecoveryDefaults are safe for production.
func RecoveryDefaults() Recovery {
	return Recovery{CoolingOff: 24 * time.Hour, TicketLifetime: time.Hour, TicketApprovals: 1, MessagesPerHour: 3}
}

// Proof is a method as far as recovery weighs it.
type Proof struct {
	Method, Instance string
	Factors          int  // kinds of factor one success proves
	Knowledge        bool // the only factor is knowledge
	Carried          bool // the code travels in a message
}

// enough is what a combination must weigh. A password (1) and a code in a message (1) are what is stolen most; an authenticator app, a token,
// a recovery code and a ticket (2) are not to be had from afar; a passkey that asks for a finger or a PIN (3) is two factors in one. So an app
// and a mail are enough, a password and a mail are not, and neither mailbox nor number nor both are.
const enough = 3

func (p Proof) weight() int {
	switch {
	case p.Method == Ticket:
		return 2
	case p.Factors == 0:
		return 0
	case p.Factors > 1:
		return 3
	case p.Carried, p.Knowledge:
		return 1
	}
	return 2
}

// order puts what is hardest to steal first: the first method of a combination is asked of anybody who gives a name, and a message is sent to
// nobody unproven.
func (p Proof) order() int {
	switch {
	case p.Carried:
		return 4
	case p.Method == Ticket:
		return 2
	case p.Knowledge:
		return 3
	}
	return 2 - p.weight()
}

// Derive lists the smallest combinations of methods of different instances that weigh enough to replace what was lost; each has something
// that travels in no message.
func Derive(have []Proof) [][]string {
	have = slices.DeleteFunc(slices.Clone(have), func(p Proof) bool { return p.weight() == 0 })
	slices.SortStableFunc(have, func(a, b Proof) int { return a.order() - b.order() })
	var found [][]Proof
	var grow func(from int, so []Proof)
	grow = func(from int, so []Proof) {
		weight, kept := 0, false
		for _, p := range so {
			weight += p.weight()
			kept = kept || !p.Carried
		}
		if weight >= enough && kept {
			found = append(found, slices.Clone(so))
			return
		}
		if len(so) == enough {
			return
		}
		for i := from; i < len(have); i++ {
			if !slices.ContainsFunc(so, func(p Proof) bool { return p.Instance == have[i].Instance }) {
				grow(i+1, append(slices.Clone(so), have[i]))
			}
		}
	}
	grow(0, nil)
	slices.SortStableFunc(found, func(a, b []Proof) int { return len(a) - len(b) })
	var ways [][]string
	for _, f := range found {
		way := make([]string, len(f))
		for i, p := range f {
			way[i] = p.Method
		}
		// What asks for more than another way is no way of its own.
		if !slices.ContainsFunc(ways, func(w []string) bool { return len(missing(w, way)) == 0 }) {
			ways = append(ways, way)
		}
	}
	return ways
}
