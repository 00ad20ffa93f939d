package storetest

import (
	"testing"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/store"
)

var keysetRules = []rule{
	{"an installation has one name for ever", installationID},
	{"a keyset is made once and replaced by compare-and-set", keysetLife},
}

func installationID(t *testing.T, s store.Store) {
	first := must(s.InstallationID(t.Context()))(t)
	if len(first) < 20 {
		t.Errorf("the name %q can be guessed", first)
	}
	same(t, must(s.InstallationID(t.Context()))(t), first)
}

func keysetLife(t *testing.T, s store.Store) {
	ctx := t.Context()
	k := sealing.Keyset{Class: sealing.ClassFlow, Wrapped: []byte{0, 1}, KEK: "kek-1", Version: 1}
	check(t, s.InsertKeyset(ctx, k))
	wantKind(t, s.InsertKeyset(ctx, k), fault.Conflict, "a second keyset of the class")
	same(t, must(s.Keysets(ctx))(t), []sealing.Keyset{k})
	next := sealing.Keyset{Class: sealing.ClassFlow, Wrapped: []byte{2}, KEK: "kek-2", Version: 1}
	check(t, s.UpdateKeyset(ctx, next))
	wantKind(t, s.UpdateKeyset(ctx, next), fault.Conflict, "an old version")
	next.Version = 2
	same(t, must(s.Keysets(ctx))(t), []sealing.Keyset{next})
}
