package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"log/slog"

	"github.com/varco-id/varco/plugins/sdk"
)

// hsm is a key service with one key, made of its configuration.
type hsm struct {
	*base
	own []byte // of "keys.roundtrip": another in each process
}

var _ sdk.KeyService = (*hsm)(nil)

func newHSM(bad defect) *hsm {
	h := &hsm{own: make([]byte, 16), base: newBase(bad, &sdk.Description{Name: "hsm", Texts: map[string]map[string]string{"en": {}}})}
	rand.Read(h.own)
	return h
}

func (h *hsm) block(instance, id string) (cipher.Block, error) {
	c, err := h.config(instance)
	if err != nil {
		return nil, err
	}
	if id != "main" && h.bad != "keys.unknown" {
		return nil, sdk.NotConfigured(errors.New("there is no such key"))
	}
	material := []byte(c.APIKey + id)
	if h.bad == "keys.roundtrip" {
		material = append(material, h.own...)
	}
	sum := sha256.Sum256(material)
	return aes.NewCipher(sum[:])
}

func (h *hsm) associated(data []byte) []byte {
	if h.bad == "keys.bound" {
		return nil
	}
	return data
}

// Wrap implements sdk.KeyService.
func (h *hsm) Wrap(_ context.Context, instance, id string, plaintext, associated []byte) ([]byte, error) {
	b, err := h.block(instance, id)
	if err != nil {
		return nil, err
	}
	if h.bad == "keys.secrets" {
		slog.Info("wrapping", "key", string(plaintext))
	}
	aead, err := cipher.NewGCM(b)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	out := aead.Seal(nonce, nonce, plaintext, h.associated(associated))
	switch h.bad {
	case "keys.hidden":
		out = append(out, plaintext...)
	case "keys.tampered trailing":
		out = append(out, 0) // which nobody reads
	}
	return out, nil
}

// Unwrap implements sdk.KeyService.
func (h *hsm) Unwrap(_ context.Context, instance, id string, ciphertext, associated []byte) ([]byte, error) {
	b, err := h.block(instance, id)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(b)
	if err != nil {
		return nil, err
	}
	switch {
	case h.bad == "keys.tampered trailing" && len(ciphertext) > 0:
		ciphertext = ciphertext[:min(len(ciphertext)-1, 60)]
	case h.bad == "keys.hidden" && len(ciphertext) >= 60:
		plain := string(ciphertext[60:])
		ciphertext = ciphertext[:60]
		if out, err := aead.Open(nil, ciphertext[:12], ciphertext[12:], associated); err == nil && string(out) == plain {
			return out, nil
		}
		return nil, sdk.NotConfigured(errors.New("not ours"))
	case h.bad == "keys.tampered bug" && len(ciphertext) < 12:
		panic("too short")
	}
	if len(ciphertext) < aead.NonceSize() {
		return nil, sdk.NotConfigured(errors.New("not ours"))
	}
	n := aead.NonceSize()
	out, err := aead.Open(nil, ciphertext[:n], ciphertext[n:], h.associated(associated))
	if err != nil {
		return nil, sdk.NotConfigured(errors.New("not ours"))
	}
	return out, nil
}

// Sign implements sdk.KeyService.
func (h *hsm) Sign(context.Context, string, string, []byte) ([]byte, error) {
	if h.bad == "keys.sign" {
		return nil, nil
	}
	return nil, sdk.NotConfigured(errors.New("this one does not sign"))
}
