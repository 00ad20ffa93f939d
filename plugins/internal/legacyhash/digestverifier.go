package legacyhash

import (
	"crypto/subtle"
	"time"
)

// saltPosition says where the salt stands to the password.
type saltPosition string

const (
	saltNone   saltPosition = "none"
	saltBefore saltPosition = "before"
	saltAfter  saltPosition = "after"
	saltBoth   saltPosition = "both"
)

// again says what a repeated digest hashes after the first time.
type again string

const (
	againDigest       again = "digest"        // the last digest
	againDigestSalted again = "digest-salted" // the last digest, then what the first was made of
)

// digestVerifier is a digest, or an HMAC, of password and salt.
type digestVerifier struct {
	digest          digest
	position        saltPosition
	salt            []byte
	opening, ending []byte // constants around the salt
	sum             []byte
	rounds          int64
	again           again
	key             hmacKey
	secret          []byte
}

// hmacKey says what the key of an HMAC is; the message is the rest.
type hmacKey string

const (
	keyNone     hmacKey = ""
	keySalt     hmacKey = "salt"
	keyPassword hmacKey = "password"
	keySecret   hmacKey = "secret"
)

func (v digestVerifier) matches(password []byte) bool {
	var sum []byte
	switch v.key {
	case keySalt:
		sum = v.digest.hmac(v.salt, password)
	case keyPassword:
		sum = v.digest.hmac(password, v.salt)
	case keySecret:
		sum = v.digest.hmac(v.secret, v.salted(password))
	default:
		sum = v.repeated(v.salted(password))
	}
	return subtle.ConstantTimeCompare(sum, v.sum) == 1
}

func (v digestVerifier) salted(password []byte) []byte {
	salt := make([]byte, 0, len(v.opening)+len(v.salt)+len(v.ending))
	salt = append(append(append(salt, v.opening...), v.salt...), v.ending...)
	m := make([]byte, 0, 2*len(salt)+len(password))
	if v.position == saltBefore || v.position == saltBoth {
		m = append(m, salt...)
	}
	m = append(m, password...)
	if v.position == saltAfter || v.position == saltBoth {
		m = append(m, salt...)
	}
	return m
}

func (v digestVerifier) repeated(first []byte) []byte {
	h := v.digest.new()
	h.Write(first)
	sum := h.Sum(nil)
	for range v.rounds - 1 {
		h.Reset()
		h.Write(sum)
		if v.again == againDigestSalted {
			h.Write(first)
		}
		sum = h.Sum(sum[:0])
	}
	return sum
}

func (v digestVerifier) cost() Cost {
	if v.key != keyNone { // two digests, each of a block of key first
		return Cost{Time: 6 * v.digest.block}
	}
	return Cost{Time: time.Duration(v.rounds) * 2 * v.digest.block}
}
