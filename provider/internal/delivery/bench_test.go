package delivery

import (
	"context"
	"strconv"
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/tx"
)

// BenchmarkCommitToSend is one message at a time, from before its transaction to the call of the channel.
func BenchmarkCommitToSend(b *testing.B) {
	eachEngine(b, func(b *testing.B, r *rig) {
		sent := make(chan struct{}, 1)
		w := r.worker(senderFunc(func(context.Context, sdk.Message) (*sdk.SendResult, error) {
			sent <- struct{}{}
			return &sdk.SendResult{Accepted: true}, nil
		}))
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		for i := 0; b.Loop(); i++ {
			if err := r.store.InTx(ctx, func(q tx.Q) error { return r.Queue(ctx, q, code(strconv.Itoa(i))) }); err != nil {
				b.Fatal(err)
			}
			r.Wake()
			<-sent
		}
		cancel()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkQueue is what a message adds to the transaction of its step.
func BenchmarkQueue(b *testing.B) {
	eachEngine(b, func(b *testing.B, r *rig) {
		ctx := b.Context()
		i := 0
		if err := r.store.InTx(ctx, func(q tx.Q) error {
			for b.Loop() {
				i++
				if err := r.Queue(ctx, q, code(strconv.Itoa(i))); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	})
}

func eachEngine(b *testing.B, bench func(b *testing.B, r *rig)) {
	for _, engine := range []Engine{PostgreSQL, SQLite} {
		b.Run(string(engine), func(b *testing.B) { bench(b, newRig(b, newStore(b, engine), twoSMS)) })
	}
}
