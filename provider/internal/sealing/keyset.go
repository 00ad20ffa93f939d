package sealing

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/varco-id/varco/provider/internal/fault"
)

// Keyset is a class's keys as stored.
type Keyset struct {
	Class   Class
	Wrapped []byte // a Tink keyset, encrypted by the KEK; associated data: installation and class
	KEK     string // ID of that KEK
	Version int64  // compare-and-set, from 1
}

// KeysetStore is what this package asks of storage. A store never sees a key in clear.
type KeysetStore interface {
	// InstallationID returns the random name of this installation's database, the same for ever.
	InstallationID(ctx context.Context) (string, error)
	Keysets(ctx context.Context) ([]Keyset, error)
	// InsertKeyset answers fault.Conflict when the class has a keyset.
	InsertKeyset(ctx context.Context, k Keyset) error
	// UpdateKeyset writes Wrapped and KEK if the version is still k.Version, and raises it; fault.Conflict when lost.
	UpdateKeyset(ctx context.Context, k Keyset) error
}

// classDerivation is the keyset behind MAC. It is not one of the classes of secrets: nothing is sealed with it.
const classDerivation Class = "derivation"

var allClasses = []Class{ClassFlow, ClassCredential, ClassSigningKey, ClassClient, ClassMessage, ClassConfig, ClassContact, ClassInstanceKey, classDerivation}

func template(c Class) *tinkpb.KeyTemplate {
	if c == classDerivation {
		return prf.HMACSHA256PRFKeyTemplate()
	}
	return aead.AES256GCMKeyTemplate()
}

// keks are the key-encryption keys given: the first wraps, all unwrap.
type keks []KEK

func (ks keks) byID(id string) (KEK, error) {
	names := make([]string, len(ks))
	for i, k := range ks {
		if names[i] = k.ID(); names[i] == id {
			return k, nil
		}
	}
	return nil, fault.New(fault.Invalid, fmt.Sprintf("the secrets in the database are sealed under the key-encryption key %s, and only %s is configured: "+
		"add the missing key to sealing.kek", id, strings.Join(names, ", ")))
}

// wrap encrypts h for the store under the first KEK.
func (ks keks) wrap(ctx context.Context, installation string, c Class, h *keyset.Handle) (Keyset, error) {
	var b bytes.Buffer
	if err := h.WriteWithContext(ctx, keyset.NewBinaryWriter(&b), &wrapper{kek: ks[0]}, wrapPlace(installation, c)); err != nil {
		return Keyset{}, fault.Wrap(fault.Unavailable, err, "wrap a keyset")
	}
	return Keyset{Class: c, Wrapped: b.Bytes(), KEK: ks[0].ID(), Version: 1}, nil
}

// unwrap decrypts what wrap made, with whichever KEK it was.
func (ks keks) unwrap(ctx context.Context, installation string, k Keyset) (*keyset.Handle, error) {
	kek, err := ks.byID(k.KEK)
	if err != nil {
		return nil, err
	}
	w := &wrapper{kek: kek}
	h, err := keyset.ReadWithContext(ctx, keyset.NewBinaryReader(bytes.NewReader(k.Wrapped)), w, wrapPlace(installation, k.Class))
	if fault.Is(w.failed, fault.Unavailable) { // a KMS that is away: the key may be right, and it is worth trying again
		return nil, w.failed
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, fmt.Sprintf("the keyset %q does not open under the key-encryption key %s", k.Class, k.KEK))
	}
	return h, nil
}

func wrapPlace(installation string, c Class) []byte {
	return join(nil, "varco keyset", installation, string(c))
}

// wrapper shows a KEK to Tink.
type wrapper struct {
	kek    KEK
	failed error // of Unwrap: Tink's own error does not carry it
}

var _ tink.AEADWithContext = (*wrapper)(nil)

func (w *wrapper) EncryptWithContext(ctx context.Context, plaintext, associatedData []byte) ([]byte, error) {
	return w.kek.Wrap(ctx, plaintext, associatedData)
}

func (w *wrapper) DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) (plaintext []byte, err error) {
	plaintext, err = w.kek.Unwrap(ctx, ciphertext, associatedData)
	w.failed = err
	return plaintext, err
}
