package provider

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
)

// keyService is what a key-encryption key in a KMS asks of the plugin host.
type keyService interface {
	Wrap(ctx context.Context, instance, keyID string, plaintext, associatedData []byte) ([]byte, error)
	Unwrap(ctx context.Context, instance, keyID string, ciphertext, associatedData []byte) ([]byte, error)
}

var _ keyService = (*host.Host)(nil)

// kmsKEK is a key-encryption key that stays in a KMS, behind a plugin.
type kmsKEK struct {
	instance, key string
	service       keyService
}

var _ sealing.KEK = (*kmsKEK)(nil)

// newKMSKEK makes the KEK of a reference "INSTANCE/KEY-ID" that Check has seen.
func newKMSKEK(ref string, service keyService) *kmsKEK {
	instance, key, _ := strings.Cut(ref, "/")
	return &kmsKEK{instance: instance, key: key, service: service}
}

// ID implements [sealing.KEK]. Renaming the instance makes another key of it.
func (k *kmsKEK) ID() string { return "kms:" + k.instance + "/" + k.key }

// Wrap implements [sealing.KEK]. What the KMS wraps it must also unwrap before anybody relies on it: with the permission for
// the one and not for the other, the keysets would be lost at the next restart.
func (k *kmsKEK) Wrap(ctx context.Context, plaintext, associatedData []byte) ([]byte, error) {
	wrapped, err := k.service.Wrap(ctx, k.instance, k.key, plaintext, associatedData)
	if err != nil {
		return nil, k.explain(err)
	}
	again, err := k.Unwrap(ctx, wrapped, associatedData)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(plaintext, again) != 1 {
		return nil, fault.New(fault.Unavailable, "the key service "+k.instance+" does not give back what it wrapped: nothing was changed")
	}
	return wrapped, nil
}

// Unwrap implements [sealing.KEK].
func (k *kmsKEK) Unwrap(ctx context.Context, wrapped, associatedData []byte) ([]byte, error) {
	plaintext, err := k.service.Unwrap(ctx, k.instance, k.key, wrapped, associatedData)
	if err != nil {
		return nil, k.explain(err)
	}
	return plaintext, nil
}

// explain tells what an operator can do. A KMS that is away may come back; a key it does not have, or may not use, will not by itself.
func (k *kmsKEK) explain(err error) error {
	kind := fault.Unavailable
	var he *host.Error
	if errors.As(err, &he) && (he.Kind == host.NotConfigured || he.Kind == host.Bug) {
		kind = fault.Invalid
	}
	return fault.Wrap(kind, err, "the key-encryption key "+k.ID()+" cannot be used: look at `varco plugin list`, and at the KMS and its permissions")
}

// usesKMS says whether secrets cannot be opened before a plugin is up.
func (s Sealing) usesKMS() bool {
	return slices.ContainsFunc(s.KEK, func(k KEK) bool { return k.KMS != "" })
}
