package e2e_test

import (
	"bytes"
	"encoding/hex"
	"net/url"
	"sync"
	"testing"
)

// canary keeps the secrets that a test comes across, to look for them where none may be.
type canary struct {
	mu      sync.Mutex
	secrets map[string]string // value → what it is
}

func newCanary() *canary { return &canary{secrets: map[string]string{}} }

// keep remembers a secret. Short ones, such as one-time codes, could stand anywhere by chance and are not looked for.
func (c *canary) keep(what, value string) {
	if len(value) < 12 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets[value] = what
}

// check fails the test for every secret that text holds: as it is, as it would stand in a URL, or as a database prints bytes.
func (c *canary) check(t testing.TB, where string, text []byte) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for value, what := range c.secrets {
		for _, form := range []string{value, url.QueryEscape(value), hex.EncodeToString([]byte(value))} {
			if bytes.Contains(text, []byte(form)) {
				t.Errorf("%s holds a secret: %s", where, what)
				break
			}
		}
	}
}
