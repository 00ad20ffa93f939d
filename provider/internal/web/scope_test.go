package web

import (
	"slices"
	"testing"
)

// TestScopesOfClaims: a person is asked about kinds of data, whether a relying party names scopes or single claims.
func TestScopesOfClaims(t *testing.T) {
	t.Parallel()
	catalogue, err := loadWords(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range scopes(catalogue["en"], []string{"openid", "email", "claim:email_verified", "id_claim:phone_number", "claim:birthdate", "accounts:read"}) {
		got = append(got, s.Name)
		if s.Title == "" {
			t.Errorf("%s has no title", s.Name)
		}
	}
	if want := []string{"email", "phone", "profile", "accounts:read"}; !slices.Equal(got, want) {
		t.Fatalf("asked about %v, want %v", got, want)
	}
}
