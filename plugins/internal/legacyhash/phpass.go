package legacyhash

import (
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"time"
)

// stretchedVerifier is phpass's portable hash and Drupal 7's: a salted digest, then 2^log2 times the digest of itself and the password.
type stretchedVerifier struct {
	digest  digest
	log2    int64
	salt    []byte
	sum     []byte // in crypt(3)'s base64, of which Drupal keeps the first part only
	prepare func(password []byte) []byte
}

func (v stretchedVerifier) matches(password []byte) bool {
	if v.prepare != nil {
		password = v.prepare(password)
	}
	h := v.digest.new()
	h.Write(v.salt)
	h.Write(password)
	sum := h.Sum(nil)
	for range int64(1) << v.log2 {
		h.Reset()
		h.Write(sum)
		h.Write(password)
		sum = h.Sum(sum[:0])
	}
	return subtle.ConstantTimeCompare(cryptEncode(sum)[:len(v.sum)], v.sum) == 1
}

func (v stretchedVerifier) cost() Cost {
	return Cost{Time: time.Duration(int64(1)<<v.log2) * v.digest.block}
}

// stretched is $P$ (phpass, WordPress), $H$ (phpBB) or $S$ (Drupal 7), then one character for the logarithm, 8 of salt, and the sum.
func (p parser) stretched(s string, prepare func([]byte) []byte) (Hash, error) {
	format, d, length := "phpass", mustDigest("md5"), 22
	if s[1] == 'S' {
		format, d, length = "drupal7", mustDigest("sha512"), 43
	}
	const before = len("$P$B") + 8
	if len(s) != before+length || s[2] != '$' || !ofAlphabet(s[before:], length) || strings.IndexByte(cryptAlphabet, s[3]) < 0 {
		return Hash{}, malformed(format, "give %s, 9 characters of parameters and %d of the sum", s[:2]+"$", length)
	}
	log2 := int64(strings.IndexByte(cryptAlphabet, s[3]))
	if err := within("log2 of the rounds of "+format, log2, 7, p.bounds.StretchLog2); err != nil {
		return Hash{}, err
	}
	if err := saltOf(format, s[4:before], 8); err != nil {
		return Hash{}, err
	}
	return p.hash(format, stretchedVerifier{d, log2, []byte(s[4:before]), []byte(s[before:]), prepare})
}

// drupalUpgraded is what Drupal 7 made of the MD5 hashes of Drupal 6: U, then the hash of the MD5 in hexadecimal.
func (p parser) drupalUpgraded(s string) (Hash, error) {
	md5 := mustDigest("md5")
	return p.stretched(s[1:], func(password []byte) []byte { return hex.AppendEncode(nil, md5.sum(password)) })
}
