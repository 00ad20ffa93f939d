package provider

import (
	"context"
	"log/slog"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/instancekey"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/signingkey"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// The topics by which replicas tell each other what changed.
const (
	topicClients = "clients"
	topicKeys    = "signing_keys"
	// topicInstanceKeys is woken when a key of an instance was rotated or taken away.
	topicInstanceKeys = "instance_keys"
)

// domains are the services that a server and an operator's command share.
type domains struct {
	box         *sealing.Keyring
	clients     *relyingparty.Service
	keys        *signingkey.Service
	instance    *instancekey.Service // keys of plugins' instances
	subscribers *subscriber.Service
	life        *login.Life
	audit       *auditKeys
}

// newDomains wires the services on an open store.
func newDomains(c *Config, store *sqlstore.Store, box *sealing.Keyring, plugins subscriber.Importer, log *slog.Logger) (*domains, error) {
	d := &domains{box: box}
	var err error
	if d.audit, err = c.auditKeys(box); err != nil {
		return nil, err
	}
	acrs := make([]string, len(c.Policy.Levels))
	for i, l := range c.Policy.Levels {
		acrs[i] = l.ACR
	}
	d.clients = &relyingparty.Service{DB: store, Store: store, Audit: store, ACRs: acrs,
		Changed: func(...string) { store.Wake(context.Background(), topicClients) }}
	d.keys, err = signingkey.New(signingkey.Options{DB: store, Store: store, Box: box, Audit: store, Log: log,
		Interval: time.Duration(c.SigningKeys.Rotate), Lead: time.Duration(c.SigningKeys.PublishAhead),
		Changed: func() { store.Wake(context.Background(), topicKeys) }})
	if err != nil {
		return nil, err
	}
	d.instance = &instancekey.Service{DB: store, Store: store, Box: box, Audit: store,
		Changed: func(string) { store.Wake(context.Background(), topicInstanceKeys) }}
	// A command queues what the server sends: which channels there are is the server's to know.
	some := []string{"server"}
	outbox, err := delivery.NewOutbox(delivery.Options{Engine: delivery.Engine(store.Dialect()), Pool: store.SQL(), Store: store, Box: box,
		Channels: map[string][]string{delivery.SMS: some, delivery.Email: some}, Log: log})
	if err != nil {
		return nil, err
	}
	d.life = &login.Life{DB: store, Rows: store, Box: box, Outbox: outbox, Recovery: c.recovery(), Brand: c.Brand.Name, Issuer: c.Issuer, Now: time.Now}
	d.subscribers = &subscriber.Service{DB: store, Rows: store, Audit: store, Box: box, Plugins: plugins,
		Register: d.life.Register, History: d.life.History,
		Forgive: func(ctx context.Context, q tx.Q, sub string) error { return forgive(ctx, q, store, sub) }}
	return d, nil
}

// forgive forgets the failures counted against a subscriber.
func forgive(ctx context.Context, q tx.Q, store throttle.Store, sub string) error {
	rows, err := store.Counters(ctx, q, throttle.SubjectKey(sub))
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := store.PutCounter(ctx, q, throttle.Counter{Key: r.Key, FailedAt: r.FailedAt, Version: r.Version}); err != nil {
			return err
		}
	}
	return nil
}

// importer lets subscribers be added with credentials, starting the plugins when they are first needed.
type importer struct {
	plugins func(context.Context) (*host.Host, error)
}

var _ subscriber.Importer = importer{}

// Import implements [subscriber.Importer].
func (i importer) Import(ctx context.Context, instance string, in []sdk.ImportInput) ([]sdk.ImportResult, string, error) {
	h, err := i.plugins(ctx)
	if err != nil {
		return nil, "", err
	}
	d, ok := h.Describe(instance)
	if !ok {
		return nil, "", fault.New(fault.Invalid, "there is no plugin "+instance+", or it does not start: see `varco plugin list`")
	}
	results, err := h.Import(ctx, instance, in)
	return results, d.CredentialType, err
}
