package audit

import "time"

// Bounds of one event. What is longer is cut at a character, never refused: a login must not fail because a browser sent a
// long name, and an attacker must not be able to fill the log with a few requests.
const (
	MaxField  = 256       // bytes in a field
	MaxValue  = 512       // bytes in a value of Data
	MaxData   = 24        // entries in Data; those that sort last are dropped
	MaxEvents = 64        // rows in one InsertAudit
	MaxBody   = 48 * 1024 // bytes of canonical JSON that no event exceeds
)

// Event is one security decision. Every field but Kind may be empty.
//
// Nothing in it may be a secret: the record is read by many and cannot be corrected. No password, one-time code, token,
// cookie or key, not even hashed; ids of such things are fine. [Write] replaces data whose name or look is that of a
// secret, as a net below that rule and not as a licence to forget it.
type Event struct {
	ID      string            // given by Write: 26 characters that ascend with the order of writing
	At      time.Time         // when it was decided, by the domain's clock; kept in µs, UTC. Write fills in the time when zero
	Kind    Kind              //
	Subject string            // whom it is about: a subscriber's sub
	Client  string            // the relying party's client_id
	Flow    string            // the login Flow's id
	Session string            // the session's id (not the cookie's value)
	Actor   string            // who did it when that is not the subject: an operator's name, "system", a plugin's instance
	Address string            // the network address it came from
	Request string            // the HTTP request's id, which error pages and log lines show. Write takes it from the context
	Data    map[string]string // what the Kind says; names are lower case ASCII with underscores
}
