package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/policy"
)

func (k *checker) recovery() {
	r := k.c.Recovery
	for _, s := range []span{
		{"recovery.cooling_off", r.CoolingOff, time.Hour, 30 * 24 * time.Hour},
		{"recovery.ticket_lifetime", r.TicketLifetime, 5 * time.Minute, 72 * time.Hour},
	} {
		if d := time.Duration(s.value); d < s.least || d > s.max {
			k.wrong(s.key, fmt.Sprintf("%s is outside %s to %s", short(d), short(s.least), short(s.max)), "")
		}
	}
	if r.TicketApprovals < 1 || r.TicketApprovals > 2 {
		k.wrong("recovery.ticket_approvals", "a ticket takes one operator or two", "write 2 for four eyes")
	}
	if r.MessagesPerHour < 1 || r.MessagesPerHour > 20 {
		k.wrong("recovery.messages_per_hour", "this must be between 1 and 20", "")
	}
	for i, instance := range r.Carried {
		k.method(fmt.Sprintf("recovery.carried[%d]", i), instance)
	}
	for _, lost := range slices.Sorted(maps.Keys(r.Ways)) {
		key := join("recovery.ways", lost)
		k.method(key, lost)
		if len(r.Ways[lost]) == 0 {
			k.wrong(key, "no combination replaces it", "remove the key for what is derived, or name "+policy.Ticket+" and another method")
		}
		for i, way := range r.Ways[lost] {
			k.way(fmt.Sprintf("%s[%d]", key, i), lost, way)
		}
	}
}

// way checks one combination that replaces a method.
func (k *checker) way(key, lost string, way []string) {
	carried := k.c.carried()
	kept := false
	for i, method := range way {
		at := fmt.Sprintf("%s[%d]", key, i)
		switch {
		case method == policy.Ticket:
		case instanceOf(method) == instanceOf(lost):
			k.wrong(at, "what was lost cannot replace itself", "name another method")
		default:
			k.method(at, method)
		}
		kept = kept || (method != policy.Ticket && !slices.Contains(carried, instanceOf(method)))
	}
	switch {
	case len(way) == 0:
		k.wrong(key, "an empty combination would give every account away", "name at least one method")
	case len(way) == 1 && way[0] == policy.Ticket:
		k.wrong(key, "an operator alone could take over every account", "name a method beside "+policy.Ticket+"; who has nothing left gets `varco subscriber recover --nothing-left`")
	case !kept && !slices.Contains(way, policy.Ticket):
		k.wrong(key, "codes in messages alone: whoever has the mailbox or the number has the account", "name a method beside them that travels in no message")
	}
}

func instanceOf(method string) string {
	instance, _, _ := strings.Cut(method, "/")
	return instance
}

// carried are the instances whose codes travel in messages.
func (c *Config) carried() []string {
	if c.Recovery.Carried != nil {
		return c.Recovery.Carried
	}
	var out []string
	for _, id := range slices.Sorted(maps.Keys(c.Plugins)) {
		if name := c.Plugins[id].Name(id); name == "sms-otp" || name == "email-otp" {
			out = append(out, id)
		}
	}
	return out
}

// recovery is the configured recovery as the pipeline takes it.
func (c *Config) recovery() policy.Recovery {
	r := c.Recovery
	return policy.Recovery{Ways: r.Ways, Carried: c.carried(), CoolingOff: time.Duration(r.CoolingOff), TicketLifetime: time.Duration(r.TicketLifetime),
		TicketApprovals: r.TicketApprovals, MessagesPerHour: r.MessagesPerHour}
}
