package provider

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
)

// certificate is the public listener's, read again when its file changes: renewing it needs no restart.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	changed time.Time // of the file that current was read from
	looked  time.Time
}

const certificateLook = 30 * time.Second

func (c *certificate) load() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "tls: the certificate or its key cannot be read")
	}
	c.current = &pair
	if info, err := os.Stat(c.cert); err == nil {
		c.changed = info.ModTime()
	}
	return nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) > certificateLook {
		c.looked = now
		if info, err := os.Stat(c.cert); err == nil && !info.ModTime().Equal(c.changed) {
			if err := c.load(); err != nil { // half written: the old one serves until it is whole
				c.log.Warn("the new TLS certificate cannot be read yet", "error", err)
			}
		}
	}
	return c.current, nil
}
