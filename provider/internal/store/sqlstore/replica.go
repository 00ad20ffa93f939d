package sqlstore

import (
	"context"
	"math"
	"time"

	"github.com/varco-id/varco/provider/internal/replica"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ replica.Store = (*Store)(nil)

// AnnounceReplica writes what a replica runs; see [replica.Store].
func (s *Store) AnnounceReplica(ctx context.Context, q tx.Q, r replica.Plugin) error {
	return mapped(query.New(q).AnnounceReplica(ctx, query.AnnounceReplicaParams{Replica: r.Replica, Instance: r.Instance,
		StateVersion: int64(r.StateVersion), PluginVersion: r.PluginVersion, SeenAt: micros(r.SeenAt)}), "announce a replica")
}

// Replicas lists what all replicas run; see [replica.Store].
func (s *Store) Replicas(ctx context.Context, q tx.Q) ([]replica.Plugin, error) {
	rows, err := query.New(q).Replicas(ctx)
	if err != nil {
		return nil, mapped(err, "list replicas")
	}
	out := make([]replica.Plugin, len(rows))
	for i, r := range rows {
		out[i] = replica.Plugin{Replica: r.Replica, Instance: r.Instance, StateVersion: uint32(min(max(r.StateVersion, 0), math.MaxUint32)),
			PluginVersion: r.PluginVersion, SeenAt: moment(r.SeenAt)}
	}
	return out, nil
}

// ForgetReplica removes what a replica wrote until the time; see [replica.Store].
func (s *Store) ForgetReplica(ctx context.Context, q tx.Q, id string, until time.Time) error {
	return mapped(query.New(q).ForgetReplica(ctx, query.ForgetReplicaParams{Replica: id, SeenAt: micros(until)}), "forget a replica")
}
