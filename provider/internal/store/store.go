package store

import (
	"context"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/consent"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/instancekey"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/replica"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/signingkey"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Store is everything the domains ask of storage.
type Store interface {
	tx.DB
	subscriber.Store
	subscriber.CredentialStore
	subscriber.LifeStore
	relyingparty.Store
	signingkey.Store
	instancekey.Store
	login.Store
	login.WaitStore
	session.Store
	consent.Store
	grant.Store
	throttle.Store
	delivery.Store
	audit.Store
	sealing.KeysetStore
	replica.Store
	Waker
}

// Waker tells the replicas of each other's changes.
type Waker interface {
	// Wake wakes the topic's subscribers on all replicas; call it after the commit. It neither waits nor fails.
	Wake(ctx context.Context, topic string)
	// Subscribe returns a channel that gets a value when the topic may have been woken, and a function that ends it.
	Subscribe(topic string) (<-chan struct{}, func())
}

// The topics.
const (
	TopicClient     = "client"      // a registration was added, changed or removed
	TopicSigningKey = "signing_key" // a key was made, retired or removed
	TopicAudit      = "audit"       // events wait for the sealer
)
