package delivery

import (
	"context"

	"github.com/riverqueue/river/riverdriver"
)

// bell stands in for PostgreSQL's LISTEN inside one process. River asks its listener for news of inserted jobs; ours is rung
// by [Outbox.Wake] after the commit. NOTIFY inside the transaction would make every commit of the database wait for
// the one before it; here only the job's own replica is woken at once, and the others come by at their next poll.
type bell struct{ ring chan string }

var _ riverdriver.Listener = (*bell)(nil)

func newBell() *bell { return &bell{ring: make(chan string, len(queues))} }

// strike never blocks: a bell that already rings needs no second stroke.
func (b *bell) strike() {
	for _, queue := range queues {
		select {
		case b.ring <- queue:
		default:
		}
	}
}

// insertTopic and the payload's shape are River's: the producer of the queue fetches when it hears them.
const insertTopic = "river_insert"

// WaitForNotification returns the next stroke, or ctx's error.
func (b *bell) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	select {
	case queue := <-b.ring:
		return &riverdriver.Notification{Topic: insertTopic, Payload: `{"queue":"` + queue + `"}`}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// There is no connection, so there is nothing to open, keep alive or close.

func (b *bell) Close(context.Context) error            { return nil }
func (b *bell) Connect(context.Context) error          { return nil }
func (b *bell) Listen(context.Context, string) error   { return nil }
func (b *bell) Ping(context.Context) error             { return nil }
func (b *bell) Schema() string                         { return "" }
func (b *bell) SetAfterConnectExec(string)             {}
func (b *bell) Unlisten(context.Context, string) error { return nil }
