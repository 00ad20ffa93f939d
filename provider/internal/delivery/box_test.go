package delivery

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/varco-id/varco/provider/internal/sealing"
)

// testBox seals for real with one fixed key, so that a second process opens what the first has sealed.
type testBox struct{}

var _ sealing.Box = testBox{}

var testKey = sha256.Sum256([]byte("delivery tests"))

func testAEAD() cipher.AEAD {
	b, err := aes.NewCipher(testKey[:])
	if err != nil {
		panic(err)
	}
	a, err := cipher.NewGCM(b)
	if err != nil {
		panic(err)
	}
	return a
}

func bound(class sealing.Class, where []string) []byte {
	return []byte(string(class) + "\x00" + strings.Join(where, "\x00"))
}

func (testBox) Seal(class sealing.Class, plaintext []byte, where ...string) ([]byte, error) {
	nonce := make([]byte, 12)
	_, _ = rand.Read(nonce)
	return testAEAD().Seal(nonce, nonce, plaintext, bound(class, where)), nil
}

func (testBox) Open(class sealing.Class, ciphertext []byte, where ...string) ([]byte, error) {
	if len(ciphertext) < 12 {
		return nil, errors.New("too short")
	}
	return testAEAD().Open(nil, ciphertext[:12], ciphertext[12:], bound(class, where))
}

func (testBox) MAC(p sealing.Purpose, parts ...string) (out [32]byte) {
	m := hmac.New(sha256.New, testKey[:])
	_, _ = m.Write([]byte(string(p) + "\x00" + strings.Join(parts, "\x00")))
	m.Sum(out[:0])
	return out
}
