package storetest

import (
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/replica"
	"github.com/varco-id/varco/provider/internal/store"
)

var replicaRules = []rule{
	{"a replica's announcement replaces its former one", replicaAnnounces},
	{"a replica is forgotten up to a time", replicaForgotten},
}

func announcement(id, instance string, version uint32) replica.Plugin {
	return replica.Plugin{Replica: id, Instance: instance, StateVersion: version, PluginVersion: "1.2.3", SeenAt: noon}
}

func replicaAnnounces(t *testing.T, s store.Store) {
	ctx := t.Context()
	one, two := announcement("a", "password", 1), announcement("b", "password", 2)
	for _, p := range []replica.Plugin{two, one} {
		check(t, s.AnnounceReplica(ctx, s, p))
	}
	same(t, must(s.Replicas(ctx, s))(t), []replica.Plugin{one, two})
	one.StateVersion, one.PluginVersion, one.SeenAt = 3, "2.0.0", noon.Add(time.Second)
	check(t, s.AnnounceReplica(ctx, s, one))
	same(t, must(s.Replicas(ctx, s))(t), []replica.Plugin{one, two})
}

func replicaForgotten(t *testing.T, s store.Store) {
	ctx := t.Context()
	late, other := announcement("a", "totp", 1), announcement("b", "password", 1)
	late.SeenAt = noon.Add(time.Second)
	for _, p := range []replica.Plugin{announcement("a", "password", 1), late, other} {
		check(t, s.AnnounceReplica(ctx, s, p))
	}
	check(t, s.ForgetReplica(ctx, s, "a", noon))
	same(t, must(s.Replicas(ctx, s))(t), []replica.Plugin{late, other})
	check(t, s.ForgetReplica(ctx, s, "nobody", noon))
}
