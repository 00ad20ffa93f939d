package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// remote talks to a back end over HTTP.
type remote struct {
	bad    defect
	client *http.Client
	down   atomic.Bool // of "deadlines.recovers"
}

func newRemote(bad defect) *remote {
	return &remote{bad: bad, client: &http.Client{Timeout: time.Second}}
}

// post sends a question and reads the answer. A fault of any kind is a technical one.
func (b *remote) post(ctx context.Context, url string, question, answer any) error {
	raw, err := json.Marshal(question)
	if err != nil {
		return err
	}
	if b.bad == "deadlines.in_time" {
		ctx = context.Background()
		b.client.Timeout = time.Minute
	}
	if b.bad == "deadlines.recovers" && b.down.Load() {
		return sdk.Unavailable(errors.New("it was away"))
	}
	err = b.exchange(ctx, url, raw, answer)
	if err != nil {
		b.down.Store(true)
		if b.bad == "deadlines.status" {
			return err
		}
		return sdk.Unavailable(err)
	}
	return nil
}

func (b *remote) exchange(ctx context.Context, url string, question []byte, answer any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(question))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	out, err := b.client.Do(r)
	if err != nil {
		return errors.New("the back end does not answer")
	}
	defer out.Body.Close()
	if out.StatusCode != http.StatusOK {
		return fmt.Errorf("the back end answers %d", out.StatusCode)
	}
	if err := json.NewDecoder(out.Body).Decode(answer); err != nil {
		return errors.New("the back end's answer is not readable")
	}
	return nil
}
