package audittest

import (
	"testing"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/tx"
)

func TestMemoryStoreKeepsTheRules(t *testing.T) {
	t.Parallel()
	Conformance(t, func(*testing.T) (tx.DB, audit.Store) {
		s := &Store{}
		return s, s
	})
}
