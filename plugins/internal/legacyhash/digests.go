package legacyhash

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"time"
)

// digest is a hash function that legacy formats use. Some of them are broken for signatures; as they stretch nothing, none of them was
// ever right for passwords, and that is why the caller hashes anew.
type digest struct {
	name string
	new  func() hash.Hash
	size int
	// block is the time that one application to a short input takes.
	block time.Duration
}

var digests = [...]digest{
	{"md5", md5.New, md5.Size, 120},
	{"sha1", sha1.New, sha1.Size, 120},
	{"sha224", sha256.New224, sha256.Size224, 150},
	{"sha256", sha256.New, sha256.Size, 150},
	{"sha384", sha512.New384, sha512.Size384, 300},
	{"sha512", sha512.New, sha512.Size, 300},
}

// digestOf finds a digest by its name; ok is false when there is none.
func digestOf(name string) (d digest, ok bool) {
	for _, d := range digests {
		if d.name == name {
			return d, true
		}
	}
	return digest{}, false
}

// mustDigest is for names that stand in this package.
func mustDigest(name string) digest {
	d, ok := digestOf(name)
	if !ok {
		panic("legacyhash: no digest " + name)
	}
	return d
}

// sum hashes the parts one after another.
func (d digest) sum(parts ...[]byte) []byte {
	h := d.new()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func (d digest) hmac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(d.new, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
