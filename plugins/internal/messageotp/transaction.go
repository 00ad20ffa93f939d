package messageotp

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/varco-id/varco/plugins/sdk"
)

// maxDetails in bytes is what a message says of a transaction at most: three text messages.
const maxDetails = 300

// digest names a transaction whole: what is done and what is shown of it. A code is bound to it (RTS article 5), so that a change of
// amount or payee voids the code.
func digest(t *sdk.Transaction) []byte {
	if t == nil {
		return nil
	}
	raw := encode(struct {
		Type    string
		Payload []byte
		Display map[string]string // encoding/json sorts the keys
	}{t.Type, t.Payload, t.Display})
	sum := sha256.Sum256(raw)
	return sum[:]
}

// details writes what is shown of a transaction, in the order of the names.
func details(t *sdk.Transaction) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(t.Display)) {
		parts = append(parts, t.Display[name])
	}
	return strings.Join(parts, ", ")
}

// rows are what the page shows: amount and payee first, as the message says them.
func rows(t *sdk.Transaction) []sdk.ShownRow {
	var out []sdk.ShownRow
	for _, name := range []string{"amount", "payee"} {
		if v := t.Display[name]; v != "" {
			out = append(out, sdk.ShownRow{Label: sdk.T("transaction." + name), Value: v})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Display)) {
		if name != "amount" && name != "payee" && t.Display[name] != "" {
			out = append(out, sdk.ShownRow{Label: sdk.T("transaction.other", "name", name), Value: t.Display[name]})
		}
	}
	return out
}

// evidence is what an auditor may see of a success.
func (s *step) evidence(address string) []byte {
	raw, err := json.Marshal(struct {
		Channel     string `json:"channel"`
		Address     string `json:"address"` // masked
		Transaction []byte `json:"transaction_sha256,omitempty"`
	}{s.method.Channel, s.Mask(address), digest(s.ctx.Transaction)})
	if err != nil {
		panic(err) // plain fields always marshal
	}
	return raw
}
