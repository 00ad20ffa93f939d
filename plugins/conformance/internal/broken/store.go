package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// store is an old identity store with one account.
type store struct {
	*base
	lock   sync.Mutex
	marked bool
}

var _ sdk.LegacySource = (*store)(nil)

const (
	storeName   = "mario.rossi"
	storeSecret = "old secret of mario"
)

var storeSalt = []byte("salt")

func newStore(bad defect) *store {
	return &store{base: newBase(bad, &sdk.Description{Name: "store", Texts: map[string]map[string]string{"en": {}}})}
}

func (s *store) known(name string) bool {
	if s.bad == "legacy.injection" && strings.Contains(name, "*") {
		return true
	}
	return name == storeName
}

// Lookup implements sdk.LegacySource.
func (s *store) Lookup(_ context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	if _, err := s.config(r.InstanceID); err != nil {
		return nil, err
	}
	switch {
	case s.known(r.Name) && s.bad != "legacy.known":
		return &sdk.LegacyResponse{Result: sdk.LegacyMatch}, nil
	case s.bad == "legacy.unknown":
		return nil, sdk.NotConfigured(errors.New("there is no such account"))
	}
	return &sdk.LegacyResponse{Result: sdk.LegacyNoMatch}, nil
}

// Verify implements sdk.LegacySource.
func (s *store) Verify(_ context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	if _, err := s.config(r.InstanceID); err != nil {
		return nil, err
	}
	if s.bad == "legacy.secrets" {
		slog.Info("bind", "secret", r.Secret)
	}
	known := s.known(r.Name)
	switch {
	case known && r.Secret == "" && s.bad == "legacy.wrong":
		return &sdk.LegacyResponse{Result: sdk.LegacyMatch}, nil // an anonymous bind
	case !known && s.bad == "timing.legacy":
		return &sdk.LegacyResponse{Result: sdk.LegacyNoMatch}, nil
	case !known && s.bad == "timing.legacy sleep":
		time.Sleep(25 * time.Millisecond)
	}
	same := subtle.ConstantTimeCompare(hashed(r.Secret, storeSalt), hashed(storeSecret, storeSalt)) == 1
	if !known || !same {
		return &sdk.LegacyResponse{Result: sdk.LegacyNoMatch}, nil
	}
	return &sdk.LegacyResponse{Result: sdk.LegacyMatch}, nil
}

// MarkMigrated implements sdk.LegacySource.
func (s *store) MarkMigrated(context.Context, sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.marked && s.bad == "legacy.migrated" {
		return nil, sdk.Aborted(errors.New("it is marked"))
	}
	s.marked = true
	return &sdk.LegacyResponse{Result: sdk.LegacyMatch}, nil
}

// Restore implements sdk.LegacySource.
func (s *store) Restore(context.Context, sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.marked = false
	return &sdk.LegacyResponse{Result: sdk.LegacyMatch}, nil
}
