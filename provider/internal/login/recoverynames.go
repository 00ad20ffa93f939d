package login

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
)

// reminderLife is how long a reminder is worth sending.
const reminderLife = time.Hour

// namesPerAddress is how many reminders one network address may ask for in an hour: offices share one.
const namesPerAddress = 30

// RemindNames sends the names that belong to a proven address to it. Whether it belongs to anybody shows nowhere: not in the answer, and not in
// the time it takes, which is d.Pace for all. fault.Invalid for what cannot be an address.
func (d *Dispatcher) RemindNames(ctx context.Context, typed string, b Browser) error {
	channel := subscriber.Mobile
	if strings.Contains(typed, "@") {
		channel = subscriber.Email
	}
	to, err := subscriber.ParseAddress(channel, typed)
	if err != nil {
		return err
	}
	if d.Attempts != nil && !d.Attempts.AllowN(d.Now(), 1) {
		d.Metrics.Throttled("overall")
		return fault.New(fault.Throttled, "more requests than this replica takes")
	}
	answer := time.NewTimer(d.Pace)
	defer answer.Stop()
	err = d.life.remind(ctx, channel, to, b)
	if fault.Is(err, fault.Conflict) {
		err = nil // somebody asked the same at the same moment, and it is counted
	}
	select {
	case <-answer.C:
	case <-ctx.Done():
	}
	return err
}

func (l *Life) remind(ctx context.Context, channel subscriber.Channel, to string, b Browser) error {
	now := l.Now()
	var done lifeChange
	enough := false
	for what, limit := range map[string]int{"names " + subscriber.FoldAddress(to): l.MessagesPerHour, "names from " + throttle.AddressKey(b.Address): namesPerAddress} {
		c, ok, err := l.bound(ctx, what, limit, now)
		if err != nil {
			return err
		}
		enough = enough || !ok
		done.counters = append(done.counters, c)
	}
	slices.SortFunc(done.counters, func(a, b throttle.Counter) int { return strings.Compare(a.Key, b.Key) }) // locks in one order
	named, err := l.Rows.NamesByContact(ctx, l.DB, l.lookup(to))
	if err != nil {
		return err
	}
	if enough {
		return nil
	}
	// The same message is stored when nobody has the address: without one to send to, it goes nowhere.
	m := delivery.Message{Key: "names:" + done.counters[0].Key + ":" + now.UTC().Format(time.RFC3339Nano), Channel: string(channel),
		Template: delivery.ReminderNames, Params: map[string]string{"brand": l.Brand, "names": ""}, ExpiresAt: now.Add(reminderLife)}
	var events []audit.Event
	var names []string
	for _, n := range named {
		if n.Channel != channel {
			continue
		}
		m.To, m.Subject, m.Locale = to, n.Subject, n.Locale
		names = append(names, n.Name)
		if !slices.ContainsFunc(events, func(e audit.Event) bool { return e.Subject == n.Subject }) {
			events = append(events, audit.Event{At: now, Kind: audit.NamesReminded, Subject: n.Subject, Address: b.Address, Data: map[string]string{"channel": string(channel)}})
		}
	}
	m.Params["names"] = strings.Join(names, "\n")
	return l.commit(ctx, done, []delivery.Message{m}, now, events...)
}
