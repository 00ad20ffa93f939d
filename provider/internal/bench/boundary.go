//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
)

// boundary is what it costs that plugins are processes.
type boundary struct {
	StepDirect  time.Duration `json:"step_direct_p50_ns"`  // the function called in this process
	StepProcess time.Duration `json:"step_process_p50_ns"` // the same through the host, one at a time
	Bundled     time.Duration `json:"start_bundled_ns"`    // from the start of a host to the first answer of the password plugin
	Pinned      time.Duration `json:"start_pinned_ns"`     // …of a small external plugin, whose content is hashed and sealed first
}

const (
	boundarySteps  = 2000
	boundaryStarts = 9
)

// measureBoundary starts plugins as the server does: mutual TLS, a private socket, the program's content sealed.
func measureBoundary(ctx context.Context, binary, small string) (m boundary, err error) {
	self, err := os.Executable()
	if err != nil {
		return m, err
	}
	plainRequest := &sdk.StepRequest{Context: sdk.StepContext{InstanceID: "p", MethodID: "plain", FlowID: "f", IdempotencyKey: "k", Intent: sdk.IntentLogin}}
	m.StepDirect, err = p50(func() error { _, err := (plain{}).Begin(ctx, plainRequest); return err })
	if err != nil {
		return m, err
	}
	external := func(program string, args ...string) (host.Options, error) {
		digest, err := digestOf(program)
		return host.Options{Instances: []host.InstanceConfig{{ID: "p", Command: append([]string{program}, args...), SHA256: digest}}}, err
	}
	o, err := external(self, plainMode)
	if err != nil {
		return m, err
	}
	if _, err = firstAnswer(ctx, o, plainRequest, func(h *host.Host) error {
		m.StepProcess, err = p50(func() error { _, err := h.Step(ctx, host.Begin, plainRequest); return err })
		return err
	}); err != nil {
		return m, err
	}
	if o, err = external(small); err != nil {
		return m, err
	}
	if m.Pinned, err = starts(ctx, o, "grid"); err != nil {
		return m, err
	}
	m.Bundled, err = starts(ctx, host.Options{Executable: binary, Instances: []host.InstanceConfig{{ID: "p", Plugin: "password"}}}, "password")
	return m, err
}

// starts is the median time from the start of a host to the first answer of its plugin.
func starts(ctx context.Context, o host.Options, method string) (time.Duration, error) {
	r := &sdk.StepRequest{Context: sdk.StepContext{InstanceID: "p", MethodID: method, FlowID: "f", IdempotencyKey: "k", Intent: sdk.IntentLogin}}
	all := make([]time.Duration, boundaryStarts)
	for i := range all {
		var err error
		if all[i], err = firstAnswer(ctx, o, r, func(*host.Host) error { return nil }); err != nil {
			return 0, err
		}
	}
	return median(all), nil
}

// firstAnswer runs a host until its plugin answered once, and then f on it.
func firstAnswer(ctx context.Context, o host.Options, r *sdk.StepRequest, f func(*host.Host) error) (took time.Duration, err error) {
	began := time.Now()
	h, err := host.New(o)
	if err != nil {
		return 0, err
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- h.Run(running) }()
	defer func() {
		stop()
		err = errors.Join(err, <-done)
	}()
	waiting, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := h.WaitReady(waiting); err != nil {
		return 0, fmt.Errorf("the plugin does not start: %w", err)
	}
	if _, err := h.Step(ctx, host.Begin, r); err != nil {
		return 0, err
	}
	took = time.Since(began)
	return took, f(h)
}

// p50 is the median time of a call.
func p50(call func() error) (time.Duration, error) {
	all := make([]time.Duration, boundarySteps)
	for i := range all {
		began := time.Now()
		if err := call(); err != nil {
			return 0, err
		}
		all[i] = time.Since(began)
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

func digestOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), err
}
