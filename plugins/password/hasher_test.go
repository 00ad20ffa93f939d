package password

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// held is a hasher of two slots whose hashes last until they are let go.
func held() (h *hasher, begun chan struct{}, letGo chan struct{}) {
	begun, letGo = make(chan struct{}, 10), make(chan struct{})
	h = newHasher()
	h.derive = func([]byte, []byte, Params, int) []byte {
		begun <- struct{}{}
		<-letGo
		return make([]byte, sumLen)
	}
	h.release = func() {}
	h.useAllCores()
	h.slots = make(chan struct{}, 2)
	return h, begun, letGo
}

func TestHasherLimitsAndHonoursTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, begun, letGo := held()
		done := make(chan error, 3)
		for range 3 {
			go func() {
				_, err := h.create(t.Context(), good, defaultParams)
				done <- err
			}()
		}
		synctest.Wait()
		if n := len(begun); n != 2 {
			t.Fatalf("%d hashes at once with two slots", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.create(ctx, good, defaultParams); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("waited in vain: %v", err)
		}
		close(letGo)
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		h.idle.Stop()
	})
}

func TestHasherDoesNotStartForACallerWhoLeft(t *testing.T) {
	t.Parallel()
	h, _, letGo := held()
	close(letGo)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("gone"))
	for range 50 { // either branch of the select may win
		if _, err := h.create(ctx, good, defaultParams); err == nil {
			t.Fatal("hashed for nobody")
		}
	}
	h.idle.Stop()
}

func TestHasherGivesMemoryBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var released atomic.Int64
		h := newHasher()
		h.derive = func([]byte, []byte, Params, int) []byte { return make([]byte, sumLen) }
		h.release = func() { released.Add(1) }
		h.useAllCores()
		for range 5 {
			if _, err := h.create(t.Context(), good, defaultParams); err != nil {
				t.Fatal(err)
			}
			time.Sleep(idleBefore / 2)
		}
		if n := released.Load(); n != 0 {
			t.Errorf("released %d times while hashes kept coming", n)
		}
		time.Sleep(idleBefore)
		synctest.Wait()
		if n := released.Load(); n != 1 {
			t.Errorf("released %d times after the last hash, want once", n)
		}
	})
}

func TestSaltsDiffer(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	if one, two := b.enrolled(good)[0].Data, b.enrolled(good)[0].Data; string(one) == string(two) {
		t.Error("the same password gives the same hash twice")
	}
}
