package storetest

import (
	"context"
	"testing"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Workload is a piece of work to measure: what one kind of request asks of the store.
type Workload struct {
	Name    string
	Prepare func(b *testing.B, s store.Store)
	Run     func(b *testing.B, s store.Store, n string)
}

// Workloads are the requests that a bank's evening is made of.
var Workloads = []Workload{
	{"ping", func(*testing.B, store.Store) {}, func(b *testing.B, s store.Store, _ string) { _, err := s.InstallationID(b.Context()); need(b, err) }},
	{"login", enrolForBench, benchLogin},
	{"refresh", grantForBench, func(b *testing.B, s store.Store, _ string) {
		ctx := b.Context()
		need(b, s.InTx(ctx, func(q tx.Q) error {
			g, err := s.Grant(ctx, q, "g1")
			if err != nil {
				return err
			}
			if _, err = s.Rotate(ctx, q, "g1", "bank", g.Generation, noon); err != nil {
				return err
			}
			return audit.Write(ctx, q, s, audit.Event{Kind: audit.TokenRefreshed, Subject: "anna", Client: "bank"})
		}))
	}},
	{"introspection", grantForBench, func(b *testing.B, s store.Store, n string) {
		_, _, err := s.Live(b.Context(), s, "g1", n, noon)
		need(b, err)
	}},
}

func need(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

func enrolForBench(b *testing.B, s store.Store) {
	p := person("anna")
	need(b, s.InsertSubscriber(b.Context(), s, p, []subscriber.Name{nameOf(p, "name-anna")}, nil))
	need(b, s.InsertCredential(b.Context(), s, credential("c1", "anna")))
}

func grantForBench(b *testing.B, s store.Store) {
	enrolForBench(b, s)
	need(b, s.InsertSession(b.Context(), s, sessionOf("s1", "anna")))
	need(b, s.InsertGrant(b.Context(), s, grantOf("g1", "anna", "s1")))
}

// benchLogin is a password login as the provider does it, in its three commits.
func benchLogin(b *testing.B, s store.Store, n string) {
	ctx := b.Context()
	need(b, s.InTx(ctx, func(q tx.Q) error {
		if err := s.InsertFlow(ctx, q, begun(n)); err != nil {
			return err
		}
		return audit.Write(ctx, q, s, audit.Event{Kind: audit.LoginStarted, Client: "bank", Flow: n})
	}))
	need(b, stepForBench(ctx, s, n))
	need(b, s.InTx(ctx, func(q tx.Q) error {
		if _, err := s.Redeem(ctx, q, redemption(n)); err != nil {
			return err
		}
		return audit.Write(ctx, q, s, audit.Event{Kind: audit.TokenIssued, Subject: "anna", Client: "bank", Flow: n})
	}))
}

func stepForBench(ctx context.Context, s store.Store, n string) error {
	if _, err := s.Flow(ctx, s, n); err != nil {
		return err
	}
	_, _, counters, err := s.Claimant(ctx, s, "name-anna", "name", "browser", "address")
	if err != nil {
		return err
	}
	guard := login.Guard{Key: throttle.SubjectKey("anna")}
	for _, c := range counters {
		if c.Key == guard.Key {
			guard = login.Guard{Key: c.Key, Version: c.Version}
		}
	}
	return s.InTx(ctx, func(q tx.Q) error {
		session := sessionOf("session-"+n, "anna")
		if err := s.InsertSession(ctx, q, session); err != nil {
			return err
		}
		if err := s.CommitFlow(ctx, q, done(n, "anna", session.ID), guard); err != nil {
			return err
		}
		return audit.Write(ctx, q, s, audit.Event{Kind: audit.LoginStepSucceeded, Subject: "anna", Flow: n},
			audit.Event{Kind: audit.LoginCompleted, Subject: "anna", Flow: n}, audit.Event{Kind: audit.SessionCreated, Subject: "anna", Flow: n})
	})
}
