package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Racers is how many run for one prize.
const Racers = 12

var races = []race{
	{"300 codes, 12 racers: each is redeemed once", raceCodes},
	{"a refresh token rotates once", raceRotate},
	{"a flow takes one answer", raceFlow},
	{"the first failure is counted once", raceFirstCounter},
	{"a counter moves on once", raceCounter},
	{"an OTP's step is used once", raceCredential},
	{"a session takes one update", raceSession},
	{"a generation has one signing key", raceSigningKey},
	{"a one-time key is used once", raceOnce},
	{"a name has one owner", raceName},
	{"a message is queued once", raceMessage},
	{"a flow that is due is taken by one", raceWaits},
	{"a signal is left to a step that waits or to nobody", raceSignal},
	{"a generation has one key of an instance", raceInstanceKey},
	{"a recovery ticket is used once", raceTickets},
	{"a change is taken back once", raceCancel},
	{"parallel guesses: as many as are allowed and no more", raceGuesses},
}

// OneWins lets racers run from several stores at once and fails unless exactly one returns nil, and the others a lost race.
func OneWins(t *testing.T, pools []store.Store, run func(ctx context.Context, s store.Store, racer int) error) {
	t.Helper()
	var won atomic.Int64
	var ready, finished sync.WaitGroup
	gate := make(chan struct{})
	for i := range Racers {
		ready.Add(1)
		finished.Go(func() {
			ready.Done()
			<-gate
			switch err := run(t.Context(), pools[i%len(pools)], i); {
			case err == nil:
				won.Add(1)
			case !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound):
				t.Errorf("racer %d: %v", i, err)
			}
		})
	}
	ready.Wait()
	close(gate)
	finished.Wait()
	if won.Load() != 1 {
		t.Errorf("%d racers won", won.Load())
	}
}

const raceRounds = 20

// rounds races again and again, half of the racers in a transaction, half without.
func rounds(t *testing.T, pools []store.Store, run func(ctx context.Context, s store.Store, q tx.Q, round, racer int) error) {
	t.Helper()
	for round := range raceRounds {
		OneWins(t, pools, func(ctx context.Context, s store.Store, racer int) error {
			if racer%2 == 0 {
				return run(ctx, s, s, round, racer)
			}
			return s.InTx(ctx, func(q tx.Q) error { return run(ctx, s, q, round, racer) })
		})
	}
}

func raceCodes(t *testing.T, pools []store.Store) {
	const codes = 300
	PrepareCodes(t, pools[0], codes)
	var won [codes]atomic.Int64
	var all sync.WaitGroup
	for racer := range Racers {
		all.Go(func() {
			s := pools[racer%len(pools)]
			for i := range codes {
				id := (i + racer/4) % codes // three packs that run ahead of each other
				if RedeemCode(t, s, id, racer) {
					won[id].Add(1)
				}
			}
		})
	}
	all.Wait()
	for id := range won {
		if n := won[id].Load(); n != 1 {
			t.Errorf("code %d was redeemed %d times", id, n)
		}
	}
}

// PrepareCodes stores anna and n finished logins of hers, flow-0 and so on.
func PrepareCodes(t *testing.T, s store.Store, n int) {
	t.Helper()
	enrol(t, s, "anna")
	ctx := t.Context()
	check(t, s.InTx(ctx, func(q tx.Q) error {
		for i := range n {
			if err := finish(ctx, s, q, fmt.Sprintf("flow-%d", i), "anna"); err != nil {
				return err
			}
		}
		return nil
	}))
}

// RedeemCode tries to redeem a code of PrepareCodes and says whether it did. Every third racer tries a wrong verifier first, which must
// spoil it for nobody.
func RedeemCode(t *testing.T, s store.Store, code, racer int) bool {
	t.Helper()
	ctx := t.Context()
	r := redemption(fmt.Sprintf("flow-%d", code))
	r.Grant.ID = fmt.Sprintf("grant-%d-%d", code, racer)
	redeem := func() error {
		return s.InTx(ctx, func(q tx.Q) error { _, err := s.Redeem(ctx, q, r); return err })
	}
	if racer%3 == 0 {
		right := r.Challenge
		r.Challenge = "wrong"
		wantKind(t, redeem(), fault.NotFound, "a wrong verifier")
		r.Challenge = right
	}
	err := redeem()
	if err != nil && !fault.Is(err, fault.NotFound) {
		t.Errorf("code %d: %v", code, err)
	}
	return err == nil
}

func raceRotate(t *testing.T, pools []store.Store) {
	enrol(t, pools[0], "anna")
	check(t, pools[0].InsertSession(t.Context(), pools[0], sessionOf("s1", "anna")))
	check(t, pools[0].InsertGrant(t.Context(), pools[0], grantOf("g1", "anna", "s1")))
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, _ int) error {
		_, err := s.Rotate(ctx, q, "g1", "bank", int64(round)+1, noon)
		return err
	})
}

func raceFlow(t *testing.T, pools []store.Store) {
	check(t, pools[0].InsertFlow(t.Context(), pools[0], begun("f1")))
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, racer int) error {
		f := begun("f1")
		f.Version = int64(round) + 1
		var g login.Guard
		if racer%3 > 0 {
			g.Key = "anna"
		}
		return s.CommitFlow(ctx, q, f, g)
	})
}

func raceFirstCounter(t *testing.T, pools []store.Store) {
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, _ int) error {
		return s.PutCounter(ctx, q, throttle.Counter{Key: fmt.Sprint("k", round), Failures: 1})
	})
}

func raceCounter(t *testing.T, pools []store.Store) {
	check(t, pools[0].PutCounter(t.Context(), pools[0], throttle.Counter{Key: "k"}))
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, _ int) error {
		return s.PutCounter(ctx, q, throttle.Counter{Key: "k", Failures: round, Version: int64(round) + 1})
	})
	same(t, counter(t, pools[0], "k").Version, int64(raceRounds)+1)
}

func raceCredential(t *testing.T, pools []store.Store) {
	enrol(t, pools[0], "anna")
	check(t, pools[0].InsertCredential(t.Context(), pools[0], credential("c1", "anna")))
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, _ int) error {
		c := credential("c1", "anna")
		c.Revision = int64(round) + 1
		return s.UpdateCredential(ctx, q, c)
	})
}

func raceSession(t *testing.T, pools []store.Store) {
	check(t, pools[0].InsertSession(t.Context(), pools[0], sessionOf("s1", "anna")))
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, _ int) error {
		v := sessionOf("s1", "anna")
		v.Version = int64(round) + 1
		return s.UpdateSession(ctx, q, v)
	})
}

func raceSigningKey(t *testing.T, pools []store.Store) {
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, racer int) error {
		return s.InsertSigningKey(ctx, q, signingKey(fmt.Sprintf("k-%d-%d", round, racer), "ES256"), int64(round))
	})
}

func raceOnce(t *testing.T, pools []store.Store) {
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, _ int) error {
		return s.Once(ctx, q, fmt.Sprint("jti-", round), noon)
	})
}

func raceName(t *testing.T, pools []store.Store) {
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, racer int) error {
		p := person(fmt.Sprintf("p-%d-%d", round, racer))
		names := []subscriber.Name{nameOf(p, "own-"+p.ID), nameOf(p, fmt.Sprint("name-", round))}
		return s.InsertSubscriber(ctx, q, p, names, nil)
	})
	same(t, len(must(pools[0].ListSubscribers(t.Context(), pools[0], "", 1000))(t)), raceRounds)
}

func raceMessage(t *testing.T, pools []store.Store) {
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, racer int) error {
		m := message(fmt.Sprintf("m-%d-%d", round, racer), noon)
		m.Key = fmt.Sprint("key-", round)
		stored, err := s.InsertMessage(ctx, q, m)
		if err == nil && !stored {
			return fault.New(fault.Conflict, "not stored")
		}
		return err
	})
}

// raceGuesses is an attacker who tries a hundred codes at once where five failures are allowed: the right one must not win unless it
// was among the first six to be judged.
func raceGuesses(t *testing.T, pools []store.Store) {
	const allowed, guesses = 5, 100
	ctx := t.Context()
	for round := range 4 {
		key := fmt.Sprint("anna-", round)
		var judged atomic.Int64 // guesses that were weighed against the truth and committed
		var all sync.WaitGroup
		for i := range guesses {
			id := fmt.Sprintf("f-%d-%d", round, i)
			s := pools[i%len(pools)]
			check(t, s.InsertFlow(ctx, s, begun(id)))
			all.Go(func() {
				for {
					c, err := firstCounter(ctx, s, key)
					if err != nil {
						t.Error(err)
						return
					}
					if c.Failures >= allowed {
						return
					}
					err = s.InTx(ctx, func(q tx.Q) error {
						if i == guesses/2 { // the right one: nothing to count, only the guard
							return s.CommitFlow(ctx, q, begun(id), login.Guard{Key: key, Version: c.Version})
						}
						c.Failures++
						if err := s.PutCounter(ctx, q, c); err != nil {
							return err
						}
						return s.CommitFlow(ctx, q, begun(id), login.Guard{})
					})
					if err == nil {
						judged.Add(1)
						return
					}
					if !fault.Is(err, fault.Conflict) {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		if n := judged.Load(); n < allowed || n > allowed+1 {
			t.Errorf("%d guesses were judged where %d failures are allowed", n, allowed)
		}
	}
}

func firstCounter(ctx context.Context, s store.Store, key string) (throttle.Counter, error) {
	found, err := s.Counters(ctx, s, key)
	if err != nil || len(found) == 0 {
		return throttle.Counter{Key: key}, err
	}
	return found[0], nil
}
