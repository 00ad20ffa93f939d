package login_test

import (
	"testing"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
)

// Steps carry what is known of the person; the plugin host leaves each instance what the operator lets it see.
func TestStepsCarryTheSubjectsAttributes(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	anna := b.person("anna.rossi", false)
	var seen []*sdk.Subject
	b.plugins.before = func(_ host.Op, r *sdk.StepRequest) { seen = append(seen, r.Context.Subject) }
	w := b.browser()
	w.password(w.open(), "anna.rossi", annaPassword)
	stranger := b.browser()
	stranger.password(stranger.open(), "nobody.knows", annaPassword)
	if len(seen) != 2 || seen[0] == nil || seen[0].ID != anna || seen[0].Attributes["email"] != "anna@example.org" || seen[0].Attributes["name"] != "Anna Rossi" {
		t.Fatalf("the plugin was told of %+v", seen)
	}
	if seen[1] != nil {
		t.Errorf("the plugin was told of %+v for a name nobody has", seen[1])
	}
}
