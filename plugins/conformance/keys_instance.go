package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"

	"github.com/varco-id/varco/plugins/sdk"
)

// instanceKeys makes the keys that a plugin asks the host for.
func instanceKeys(d *sdk.Description) map[string][]byte {
	keys := make(map[string][]byte)
	for _, want := range d.InstanceKeys {
		if want.Kind != "ES256" {
			keys[want.Name] = make([]byte, 32)
			rand.Read(keys[want.Name])
			continue
		}
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err) // only a broken source of randomness
		}
		if keys[want.Name], err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			panic(err) // a P-256 key always marshals
		}
	}
	return keys
}
