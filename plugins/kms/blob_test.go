package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"sync"
	"testing"
)

// testKey is one RSA key for all tests: making one takes a while.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func mustWrap(t testing.TB, authentication []byte, plaintext, place string) []byte {
	t.Helper()
	blob, err := wrap(testKey().Public(), authentication, []byte(plaintext), []byte(place))
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

func TestBlob(t *testing.T) {
	t.Parallel()
	for _, authentication := range [][]byte{nil, bytes.Repeat([]byte{7}, 32)} {
		for _, text := range []string{"", "a keyset", string(make([]byte, maxBlob/2))} {
			blob := mustWrap(t, authentication, text, "here")
			got, err := unwrap(testKey(), authentication, blob, []byte("here"))
			if err != nil || string(got) != text {
				t.Errorf("%d bytes come back as %d: %v", len(text), len(got), err)
			}
		}
	}
	if a, b := mustWrap(t, nil, "x", ""), mustWrap(t, nil, "x", ""); bytes.Equal(a, b) {
		t.Error("wrapped twice the same")
	}
}

func TestBlobRefuses(t *testing.T) {
	t.Parallel()
	own := bytes.Repeat([]byte{7}, 32)
	blob := mustWrap(t, own, "a keyset", "here")
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another place":              func() ([]byte, error) { return unwrap(testKey(), own, blob, []byte("there")) },
		"no place":                   func() ([]byte, error) { return unwrap(testKey(), own, blob, nil) },
		"another key":                func() ([]byte, error) { return unwrap(other, own, blob, []byte("here")) },
		"another authentication key": func() ([]byte, error) { return unwrap(testKey(), make([]byte, 32), blob, []byte("here")) },
		"made with the public key only": func() ([]byte, error) {
			return unwrap(testKey(), own, mustWrap(t, nil, "a keyset", "here"), []byte("here"))
		},
		"more at the end": func() ([]byte, error) { return unwrap(testKey(), own, append(bytes.Clone(blob), 0), []byte("here")) },
		"too long": func() ([]byte, error) {
			return unwrap(testKey(), own, append(bytes.Clone(blob), make([]byte, maxBlob)...), []byte("here"))
		},
	} {
		if out, err := open(); out != nil || !errors.Is(err, errBlob) {
			t.Errorf("%s: %q %v", name, out, err)
		}
	}
	for n := range blob {
		if out, err := unwrap(testKey(), own, blob[:n], []byte("here")); out != nil || !errors.Is(err, errBlob) {
			t.Fatalf("cut to %d bytes: %q %v", n, out, err)
		}
	}
	for n := range blob {
		changed := bytes.Clone(blob)
		changed[n] ^= 1
		if out, err := unwrap(testKey(), own, changed, []byte("here")); out != nil || !errors.Is(err, errBlob) {
			t.Fatalf("byte %d changed: %q %v", n, out, err)
		}
	}
}

func TestWrapRefuses(t *testing.T) {
	t.Parallel()
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.PublicKey{"elliptic": elliptical.Public(), "weak": weak.Public(), "none": nil} {
		if out, err := wrap(key, nil, []byte("x"), nil); out != nil || !errors.Is(err, errKey) {
			t.Errorf("%s: %q %v", name, out, err)
		}
	}
	if out, err := wrap(testKey().Public(), nil, make([]byte, maxBlob/2+1), nil); out != nil || !errors.Is(err, errSize) {
		t.Errorf("too much: %d bytes, %v", len(out), err)
	}
}

// away is a key in a KMS that answers with an error of its own, or with something that is not a content key.
type away struct {
	err    error
	answer []byte
}

func (away) Public() crypto.PublicKey { return testKey().Public() }

func (a away) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) {
	return a.answer, a.err
}

// That the KMS did not answer is never taken for a blob that is wrong: an operator would throw it away.
func TestUnwrapTellsTheKMS(t *testing.T) {
	t.Parallel()
	blob, down := mustWrap(t, nil, "x", ""), errors.New("no route to the KMS")
	if _, err := unwrap(away{err: down}, nil, blob, nil); !errors.Is(err, down) || errors.Is(err, errBlob) {
		t.Error(err)
	}
	if _, err := unwrap(away{answer: []byte("short")}, nil, blob, nil); !errors.Is(err, errBlob) {
		t.Error(err)
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add(mustWrap(f, nil, "a keyset", "here"))
	f.Add([]byte{version, 1, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, blob []byte) {
		encrypted, sealed, err := split(blob)
		if err == nil && (header+len(encrypted)+len(sealed) != len(blob) || len(sealed) < overhead) {
			t.Errorf("%d and %d bytes of %d", len(encrypted), len(sealed), len(blob))
		}
		out, err := unwrap(testKey(), nil, blob, []byte("somewhere else"))
		if out != nil || !errors.Is(err, errBlob) {
			t.Errorf("%q, %v", out, err)
		}
	})
}
