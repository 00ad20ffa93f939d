package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
)

// throwawayKeys are instance keys for a plugin that is started only to see whether it works: the real ones need the database, and
// a program on trial need not see them. ES256 is PKCS #8 in DER, hmac-sha256 32 bytes.
func throwawayKeys(_ context.Context, _ string, want []sdk.InstanceKey) (map[string][]byte, error) {
	keys := make(map[string][]byte, len(want))
	for _, k := range want {
		if k.Kind != "ES256" {
			keys[k.Name] = make([]byte, 32)
			_, _ = rand.Read(keys[k.Name]) // never fails
			continue
		}
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "make a key")
		}
		if keys[k.Name], err = x509.MarshalPKCS8PrivateKey(private); err != nil {
			return nil, fault.Wrap(fault.Internal, err, "encode a key")
		}
	}
	return keys, nil
}
