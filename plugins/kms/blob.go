package main

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// A wrapped plaintext is
//
//	1                     version, one byte
//	length of the next    two bytes, big-endian: that of the RSA key's modulus
//	content key           32 random bytes under RSA-OAEP with SHA-256 (RFC 8017 section 7.1), no label: no cloud takes one
//	nonce, ciphertext     AES-256-GCM; associated data: domain and the caller's own
//
// The content key goes through HMAC-SHA-256 under the authentication key, if there is one, before it is used: anybody can
// encrypt for a public key, and so make a blob that opens; nobody without that key can.
const (
	version    = 1
	header     = 3
	contentKey = 32
	overhead   = 12 + 16 // nonce and tag
	minModulus = 2048 / 8
	maxModulus = 8192 / 8
	maxBlob    = 512 << 10
	domain     = "varco kms blob 1\x00"
)

var (
	errBlob = errors.New("this was not wrapped by this plugin under this key for this place, or it was changed")
	errSize = fmt.Errorf("more than %d bytes are not wrapped", maxBlob/2)
	errKey  = fmt.Errorf("the key is not an RSA key of %d to %d bits", minModulus*8, maxModulus*8)
)

// wrap encrypts plaintext for the owner of the key.
func wrap(key crypto.PublicKey, authentication, plaintext, associatedData []byte) ([]byte, error) {
	public, ok := key.(*rsa.PublicKey)
	if !ok || public.Size() < minModulus || public.Size() > maxModulus {
		return nil, errKey
	}
	if len(plaintext) > maxBlob/2 {
		return nil, errSize
	}
	content := make([]byte, contentKey)
	_, _ = rand.Read(content) // never fails: it ends the process instead
	encrypted, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public, content, nil)
	if err != nil {
		return nil, fmt.Errorf("encrypt the content key: %w", err)
	}
	aead, err := sealer(content, authentication)
	if err != nil {
		return nil, err
	}
	blob := binary.BigEndian.AppendUint16([]byte{version}, uint16(len(encrypted)))
	blob = append(blob, encrypted...)
	return aead.Seal(blob, nil, plaintext, place(associatedData)), nil
}

// split takes a blob apart, without looking into the parts.
func split(blob []byte) (encrypted, sealed []byte, err error) {
	if len(blob) < header || len(blob) > maxBlob || blob[0] != version {
		return nil, nil, errBlob
	}
	n := int(binary.BigEndian.Uint16(blob[1:header]))
	if n < minModulus || n > maxModulus || len(blob) < header+n+overhead {
		return nil, nil, errBlob
	}
	return blob[header : header+n], blob[header+n:], nil
}

// unwrap is the inverse of wrap. The error is errBlob for what is no such blob; any other is the KMS's own.
func unwrap(key crypto.Decrypter, authentication, blob, associatedData []byte) ([]byte, error) {
	encrypted, sealed, err := split(blob)
	if err != nil {
		return nil, err
	}
	if public, ok := key.Public().(*rsa.PublicKey); !ok || public.Size() != len(encrypted) {
		return nil, errBlob
	}
	content, err := key.Decrypt(rand.Reader, encrypted, &rsa.OAEPOptions{Hash: crypto.SHA256})
	switch {
	case errors.Is(err, rsa.ErrDecryption):
		return nil, errBlob
	case err != nil:
		return nil, fmt.Errorf("decrypt the content key: %w", err)
	case len(content) != contentKey:
		return nil, errBlob
	}
	aead, err := sealer(content, authentication)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, nil, sealed, place(associatedData))
	if err != nil {
		return nil, errBlob
	}
	return plaintext, nil
}

// sealer returns the AES-256-GCM of a content key.
func sealer(content, authentication []byte) (cipher.AEAD, error) {
	if len(authentication) > 0 {
		mac := hmac.New(sha256.New, authentication)
		mac.Write([]byte(domain))
		mac.Write(content)
		content = mac.Sum(nil)
	}
	block, err := aes.NewCipher(content)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func place(associatedData []byte) []byte { return append([]byte(domain), associatedData...) }
