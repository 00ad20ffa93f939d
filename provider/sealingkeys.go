package provider

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// keks reads the key-encryption keys of the configuration. Those of a KMS are used through keys, which may be nil when
// there are none.
func (c *Config) keks(keys keyService) ([]sealing.KEK, error) {
	var keks []sealing.KEK
	for i, k := range c.Sealing.KEK {
		var kek sealing.KEK
		var err error
		switch {
		case k.KMS != "":
			kek = newKMSKEK(k.KMS, keys)
		case k.Env != "":
			text := c.source.environ[k.Env]
			if text == "" {
				return nil, fault.New(fault.Invalid, "sealing.kek: the environment variable "+k.Env+" is empty: put 32 bytes in base64 there (`openssl rand -base64 32`)")
			}
			kek, err = sealing.ParseKEK(text)
		default:
			kek, err = sealing.FileKEK(c.Path(k.File))
		}
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, fmt.Sprintf("sealing.kek[%d]", i))
		}
		keks = append(keks, kek)
	}
	return keks, nil
}

// openBox opens the installation's keysets.
func (c *Config) openBox(ctx context.Context, store *sqlstore.Store, keys keyService) (*sealing.Keyring, error) {
	keks, err := c.keks(keys)
	if err != nil {
		return nil, err
	}
	return sealing.Open(ctx, store, keks[0], keks[1:]...)
}

// openDomains opens the keysets and wires the services.
func openDomains(ctx context.Context, c *Config, store *sqlstore.Store, keys keyService, plugins subscriber.Importer, log *slog.Logger) (*domains, error) {
	box, err := c.openBox(ctx, store, keys)
	if err != nil {
		return nil, err
	}
	return newDomains(c, store, box, plugins, log)
}
