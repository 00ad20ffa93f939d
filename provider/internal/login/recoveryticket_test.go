package login_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/policy"
)

func TestTicket(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bank) {
		sub := b.customer("Anna", "password", "totp")
		b.customer("Bruno", "password", "totp")
		l := b.d.Life()
		issued, err := l.IssueTicket(t.Context(), "operator:a", sub, nil, false, "identity card at the branch")
		must(t, err)
		if !regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`).MatchString(issued.Code) {
			t.Errorf("the code is %q", issued.Code)
		}
		w := b.browser()
		if p := w.give(w.choose(w.recover("totp"), policy.Ticket), "Bruno", "ticket", issued.Code); p.Step == nil || p.Step.Method != policy.Ticket {
			t.Errorf("with somebody else's code: %+v", p)
		}
		w = b.browser()
		p := w.give(w.choose(w.recover("totp"), policy.Ticket), "Anna", "ticket", strings.ToLower(strings.ReplaceAll(issued.Code, "-", " ")))
		if p.Step == nil || p.Step.Method != "password" || p.Step.Binding {
			t.Fatalf("the code alone: %+v", p)
		}
		p = w.password(p, "", annaPassword)
		if p.Step == nil || !p.Step.Binding || p.Step.Method != "totp" {
			t.Fatalf("code and password: %+v", p)
		}
		// The code was used, in whichever flow.
		again := b.browser()
		if q := again.give(again.choose(again.recover("totp"), policy.Ticket), "Anna", "ticket", issued.Code); q.Step.Method != policy.Ticket {
			t.Errorf("a used code: %+v", q.Step)
		}
		secret := shownSecret(t, p)
		p = w.code(p, codeOf(t, secret, b.clock()))
		if p.Answer == nil {
			t.Fatalf("bound: %+v", p.Step)
		}
		creds, err := b.store.CredentialsOf(t.Context(), b.store, sub)
		must(t, err)
		if len(creds) != 2 || b.plugins.calls["revoke"] != 1 {
			t.Errorf("%d credentials, %d revoked", len(creds), b.plugins.calls["revoke"])
		}
	})
}

func TestTicketForWhoHasNothingLeft(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	sub := b.customer("Anna", "password", "totp")
	l := b.d.Life()
	for name, err := range map[string]error{
		"without a reason":  second(l.IssueTicket(t.Context(), "a", sub, nil, false, " ")),
		"alone for nothing": second(l.IssueTicket(t.Context(), "a", sub, nil, true, "branch")),
	} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	first, err := l.IssueTicket(t.Context(), "a", sub, []string{"password", "totp"}, true, "branch")
	must(t, err)
	issued, err := l.IssueTicket(t.Context(), "a", sub, []string{"password", "totp"}, true, "branch")
	must(t, err)
	w := b.browser()
	if p := w.give(w.choose(w.recover("password"), policy.Ticket), "Anna", "ticket", first.Code); p.Step.Method != policy.Ticket {
		t.Error("an older code opens something beside the newer one")
	}
	w = b.browser()
	p := w.give(w.choose(w.recover("password"), policy.Ticket), "Anna", "ticket", issued.Code)
	if p.Step == nil || !p.Step.Binding || p.Step.Method != "password" {
		t.Fatalf("the code: %+v", p)
	}
	p = w.give(p, "", "new_password", newPassword)
	if p.Step == nil || !p.Step.Binding || p.Step.Method != "totp" {
		t.Fatalf("after the password: %+v", p)
	}
	if p = w.code(p, codeOf(t, shownSecret(t, p), b.clock())); p.Answer == nil {
		t.Fatalf("both bound: %+v", p)
	}
	b.pass(time.Hour)
	late, err := l.IssueTicket(t.Context(), "a", sub, nil, false, "branch")
	must(t, err)
	b.pass(time.Hour)
	w = b.browser()
	if p := w.give(w.choose(w.recover("password"), policy.Ticket), "Anna", "ticket", late.Code); p.Step.Method != policy.Ticket {
		t.Error("a code whose time is over opens something")
	}
}

func TestFourEyes(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t), func(r *policy.Recovery) { r.TicketApprovals = 2 })
	sub := b.customer("Anna", "password", "totp")
	l := b.d.Life()
	asked, err := l.IssueTicket(t.Context(), "operator:a", sub, nil, false, "branch")
	must(t, err)
	if asked.Code != "" || asked.ApprovedBy != "" {
		t.Fatalf("one operator got a code: %+v", asked)
	}
	if _, err := l.ApproveTicket(t.Context(), "operator:a", asked.ID); !fault.Is(err, fault.Denied) {
		t.Errorf("the same operator approves: %v", err)
	}
	given, err := l.ApproveTicket(t.Context(), "operator:b", asked.ID)
	must(t, err)
	if _, err := l.ApproveTicket(t.Context(), "operator:c", asked.ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("approved twice: %v", err)
	}
	w := b.browser()
	if p := w.give(w.choose(w.recover("totp"), policy.Ticket), "Anna", "ticket", given.Code); p.Step.Method != "password" {
		t.Errorf("the code: %+v", p.Step)
	}
}

func second[A, B any](_ A, b B) B { return b }
