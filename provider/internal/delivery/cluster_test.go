package delivery

import (
	"os"
	"testing"
)

// EmptyPostgreSQL makes an empty database on a real server and returns its URL. The store's own test server imports this package,
// so the external half of these tests brings it.
var EmptyPostgreSQL func(t testing.TB) string

func TestMain(m *testing.M) {
	if task := os.Getenv(childTask); task != "" {
		os.Exit(child(task))
	}
	os.Exit(m.Run())
}
