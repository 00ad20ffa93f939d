package sealing

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/varco-id/varco/provider/internal/fault"
)

// KEK is a key-encryption key. It wraps a handful of keysets when they are made, and unwraps them when a process starts; no
// request waits for it, so it may be far away.
type KEK interface {
	// ID names the key, not where it comes from: the same key from a file and from a variable has one ID. It is no secret.
	ID() string
	Wrap(ctx context.Context, plaintext, associatedData []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped, associatedData []byte) ([]byte, error)
}

// KEKSize is the length of a local key-encryption key in bytes.
const KEKSize = 32

// rawKEK is AES-256-GCM with a random nonce: 2^32 wrappings are allowed and some dozens happen.
type rawKEK struct {
	id   string
	aead cipher.AEAD
}

// NewRawKEK makes a KEK of 32 bytes of key.
func NewRawKEK(key []byte) (KEK, error) {
	if len(key) != KEKSize {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("a key-encryption key has %d bytes, this one %d", KEKSize, len(key)))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "make a key-encryption key")
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "make a key-encryption key")
	}
	name := hmac.New(sha256.New, key)
	name.Write([]byte("varco key-encryption key id"))
	return &rawKEK{id: "kek-" + hex.EncodeToString(name.Sum(nil)[:8]), aead: aead}, nil
}

func (k *rawKEK) ID() string { return k.id }

func (k *rawKEK) Wrap(_ context.Context, plaintext, associatedData []byte) ([]byte, error) {
	return k.aead.Seal(nil, nil, plaintext, associatedData), nil
}

func (k *rawKEK) Unwrap(_ context.Context, wrapped, associatedData []byte) ([]byte, error) {
	return k.aead.Open(nil, nil, wrapped, associatedData)
}

// ParseKEK reads a KEK as text: 32 bytes in base64, standard or URL-safe, padded or not, white space around it ignored.
func ParseKEK(text string) (KEK, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	key, err := encoding.Strict().DecodeString(text)
	if err != nil {
		// The parser's error would quote a part of the key.
		return nil, fault.New(fault.Invalid, "a key-encryption key is 32 bytes in base64: make one with `openssl rand -base64 32`")
	}
	return NewRawKEK(key)
}

// EnvKEK reads a KEK from an environment variable.
func EnvKEK(name string) (KEK, error) {
	text, ok := os.LookupEnv(name)
	if !ok {
		return nil, fault.New(fault.Invalid, "the environment variable "+name+", which holds the key-encryption key, is not set")
	}
	k, err := ParseKEK(text)
	return k, fault.Wrap(fault.Invalid, err, "the environment variable "+name)
}

// FileKEK reads a KEK from a file that nobody else may read.
func FileKEK(path string) (KEK, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "open the file of the key-encryption key")
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat() // of the open file: the name may point elsewhere by now
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "look at the file of the key-encryption key")
	}
	if err := private(info); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, path)
	}
	text := make([]byte, 256)
	n, err := f.Read(text)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "read the file of the key-encryption key")
	}
	k, err := ParseKEK(string(text[:n]))
	return k, fault.Wrap(fault.Invalid, err, path)
}

// CreateKEKFile writes a new random KEK to a file that must not exist yet, readable by its owner alone.
func CreateKEKFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "create the file of the key-encryption key")
	}
	key := make([]byte, KEKSize)
	_, _ = rand.Read(key) // never fails: it ends the process instead
	_, err = fmt.Fprintln(f, base64.StdEncoding.EncodeToString(key))
	if err == nil {
		err = f.Sync() // what this key seals is lost without it
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return fault.Wrap(fault.Unavailable, err, "write the file of the key-encryption key")
}
