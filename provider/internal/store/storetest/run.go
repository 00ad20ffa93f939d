package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/audit/audittest"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Open makes an empty database with its schema and returns that many stores on it, each with a pool of its own as if it was
// another replica. Where only one process may use a database, all are the same store.
type Open func(t *testing.T, pools int) []store.Store

type rule struct {
	name string
	test func(t *testing.T, s store.Store)
}

type race struct {
	name string
	test func(t *testing.T, pools []store.Store)
}

// Run holds stores to every rule.
func Run(t *testing.T, open Open) {
	var rules []rule
	for _, domain := range [][]rule{subscriberRules, credentialRules, claimantRules, clientRules, signingKeyRules, flowRules, sessionRules, grantRules,
		consentRules, lifeRules, throttleRules, messageRules, waitRules, instanceKeyRules, keysetRules, replicaRules, txRules} {
		rules = append(rules, domain...)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.test(t, open(t, 1)[0])
		})
	}
	for _, r := range races {
		t.Run("race/"+r.name, func(t *testing.T) {
			t.Parallel()
			r.test(t, open(t, 3))
		})
	}
	t.Run("audit", func(t *testing.T) {
		t.Parallel()
		audittest.Conformance(t, func(t *testing.T) (tx.DB, audit.Store) {
			s := open(t, 1)[0]
			return s, s
		})
	})
}

// noon is when these tests happen. Stores keep microseconds, in UTC.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func wantKind(t *testing.T, err error, kind fault.Kind, what string) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v, want the kind %v", what, err, kind)
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
