package login_test

import (
	"testing"

	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

func TestRemindNames(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bank) {
		b.customer("Anna", "password")
		b.customer("Bruno", "password") // the same mobile
		ask := func(to string) {
			t.Helper()
			must(t, b.d.RemindNames(t.Context(), to, b.browser().Browser))
		}
		ask("anna@OLD.example")
		m := b.outbox.messages
		if len(m) != 1 || m[0].To != "anna@OLD.example" || m[0].Params["names"] != "Anna" {
			t.Fatalf("messages: %+v", m)
		}
		ask("+39 333 000000")
		if m = b.outbox.messages; len(m) != 2 || m[1].Params["names"] != "Anna\nBruno" || m[1].Channel != delivery.SMS {
			t.Fatalf("messages: %+v", m)
		}
		ask("nobody@example.org")
		if m = b.outbox.messages; len(m) != 3 || m[2].To != "" || m[2].Subject != "" {
			t.Fatalf("for nobody: %+v", m)
		}
		for range 10 {
			ask("anna@old.example")
		}
		if n := len(b.outbox.messages); n != 5 {
			t.Errorf("%d messages: an address gets three an hour", n)
		}
		if err := b.d.RemindNames(t.Context(), "not an address", b.browser().Browser); !fault.Is(err, fault.Invalid) {
			t.Errorf("no address: %v", err)
		}
	})
}

// An address that nobody proved leads to no name, and neither does one that was given up.
func TestOnlyProvenAddressesLeadToNames(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	sub := b.customer("Anna", "password", "totp")
	must(t, b.d.Life().SetContact(t.Context(), "a", sub, subscriber.Email, "typo@example.org", false, "told by telephone"))
	b.outbox.messages = nil
	for _, to := range []string{"anna@old.example", "typo@example.org"} {
		must(t, b.d.RemindNames(t.Context(), to, b.browser().Browser))
	}
	for _, m := range b.outbox.messages {
		if m.To != "" {
			t.Errorf("a message to %s", m.To)
		}
	}
}

func TestRemindNamesTakesTheSameStatements(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	b.customer("Anna", "password")
	db := &countingDB{DB: b.store}
	b.d.Life().DB = db
	seen := map[int64][]string{}
	for _, to := range []string{"anna@old.example", "nobody@example.org"} {
		db.statements.Store(0)
		must(t, b.d.RemindNames(t.Context(), to, b.browser().Browser))
		seen[db.statements.Load()] = append(seen[db.statements.Load()], to)
	}
	if len(seen) != 1 {
		t.Errorf("statements differ: %v", seen)
	}
}
