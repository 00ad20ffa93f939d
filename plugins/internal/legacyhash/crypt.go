package legacyhash

import (
	"strings"
	"time"

	"github.com/go-crypt/crypt/algorithm"
	"github.com/go-crypt/crypt/algorithm/argon2"
	"github.com/go-crypt/crypt/algorithm/md5crypt"
	"github.com/go-crypt/crypt/algorithm/scrypt"
	"github.com/go-crypt/crypt/algorithm/sha1crypt"
	"github.com/go-crypt/crypt/algorithm/shacrypt"
)

// libraryVerifier is a hash that go-crypt verifies. It has no bounds and reads more than anybody writes, so the parsers here let nothing
// through to it but the one form they checked.
type libraryVerifier struct {
	digest  algorithm.Digest
	takes   Cost
	prepare func(password []byte) []byte // nil: as it is
}

func (v libraryVerifier) matches(password []byte) bool {
	if v.prepare != nil {
		password = v.prepare(password)
	}
	return v.digest.MatchBytes(password)
}

func (v libraryVerifier) cost() Cost { return v.takes }

// library decodes s with go-crypt once its cost is known to be affordable.
func (p parser) library(format, s string, decode algorithm.DecodeFunc, takes Cost, prepare func([]byte) []byte) (Hash, error) {
	if err := p.bounds.affordable(takes); err != nil {
		return Hash{}, err
	}
	d, err := decode(s)
	if err != nil { // whose text may repeat the hash
		return Hash{}, malformed(format, "the parts of the hash are not complete")
	}
	return p.hash(format, libraryVerifier{d, takes, prepare})
}

// saltOf checks a salt that is hashed as it stands.
func saltOf(format, salt string, most int) error {
	if strings.ContainsAny(salt, ":\r\n\x00") {
		return malformed(format, "the salt has characters that no salt has")
	}
	return within("length of the salt in bytes", int64(len(salt)), 0, int64(most))
}

// md5Crypt is $1$SALT$SUM.
func (p parser) md5Crypt(s string, f []string) (Hash, error) {
	const format = "crypt-md5"
	if len(f) != 4 || !ofAlphabet(f[3], 22) {
		return Hash{}, malformed(format, "give $1$SALT$ and 22 characters")
	}
	if err := saltOf(format, f[2], 8); err != nil {
		return Hash{}, err
	}
	return p.library(format, s, md5crypt.Decode, Cost{Time: 1000 * 200}, nil)
}

// sunMD5 is $md5,rounds=N$SALT$$SUM, and $md5$SALT$$SUM for 0 rounds above the 4096 that there always are. The form with one $ before
// the sum is hashed in another way, which go-crypt does not know.
func (p parser) sunMD5(s string, f []string) (Hash, error) {
	const format = "crypt-sun-md5"
	if len(f) != 5 || f[3] != "" || !ofAlphabet(f[4], 22) {
		return Hash{}, malformed(format, "give $md5,rounds=N$SALT$$ and 22 characters")
	}
	rounds := int64(0)
	if settings, ok := strings.CutPrefix(f[1], "md5,"); ok {
		var err error
		if rounds, err = setting("rounds of Sun's crypt-md5", "rounds", settings, 1, p.bounds.Rounds); err != nil {
			return Hash{}, err
		}
	}
	if err := saltOf(format, f[2], 16); err != nil {
		return Hash{}, err
	}
	return p.library(format, s, md5crypt.Decode, Cost{Time: time.Duration(rounds+4096) * 1500}, nil)
}

// shaCrypt is $5$ or $6$, then rounds=N$ if they are not 5000, then SALT$SUM (Drepper, "Unix crypt using SHA-256 and SHA-512").
func (p parser) shaCrypt(s string, f []string) (Hash, error) {
	format, length, block := "crypt-sha256", 43, time.Duration(350)
	if f[1] == "6" {
		format, length, block = "crypt-sha512", 86, 600
	}
	rounds := int64(5000)
	if len(f) == 5 {
		var err error
		if rounds, err = setting("rounds of crypt-sha", "rounds", f[2], 1000, p.bounds.Rounds); err != nil {
			return Hash{}, err
		}
		f = f[1:]
	}
	if len(f) != 4 || !ofAlphabet(f[3], length) {
		return Hash{}, malformed(format, "give $5$ or $6$, rounds=N$ or nothing, SALT$ and 43 or 86 characters")
	}
	if err := saltOf(format, f[2], 16); err != nil {
		return Hash{}, err
	}
	return p.library(format, s, shacrypt.Decode, Cost{Time: time.Duration(rounds) * block}, nil)
}

// sha1Crypt is NetBSD's $sha1$ROUNDS$SALT$SUM.
func (p parser) sha1Crypt(s string, f []string) (Hash, error) {
	const format = "crypt-sha1"
	if len(f) != 5 || !ofAlphabet(f[4], 28) {
		return Hash{}, malformed(format, "give $sha1$ROUNDS$SALT$ and 28 characters")
	}
	rounds, err := number("rounds of crypt-sha1", f[2], 1, p.bounds.Rounds)
	if err != nil {
		return Hash{}, err
	}
	if err := saltOf(format, f[3], 64); err != nil {
		return Hash{}, err
	}
	return p.library(format, s, sha1crypt.Decode, Cost{Time: time.Duration(rounds) * 400}, nil)
}

// yescrypt is $y$jNR$SALT$SUM, with N and R one character each: the only flags and the only parameters that libxcrypt writes.
func (p parser) yescrypt(s string, f []string) (Hash, error) {
	const format = "yescrypt"
	if len(f) != 5 || len(f[2]) != 3 || f[2][0] != 'j' || !ofAlphabet(f[2], 3) || !ofAlphabet(f[4], 43) || strings.Trim(f[3], cryptAlphabet) != "" {
		return Hash{}, malformed(format, "give $y$j, two characters, $SALT$ and 43 characters")
	}
	logN, r := int64(strings.IndexByte(cryptAlphabet, f[2][1])+1), int64(strings.IndexByte(cryptAlphabet, f[2][2])+1)
	if err := firstError(
		within("yescrypt log2 N", logN, 2, p.bounds.ScryptLogN),
		within("yescrypt block size", r, 1, p.bounds.ScryptBlockSize),
		within("length of the salt in characters", int64(len(f[3])), 0, 86),
	); err != nil {
		return Hash{}, err
	}
	memory := int64(128) << logN * r
	h, err := p.library(format, s, scrypt.Decode, Cost{memory, time.Duration(memory) * 2}, nil)
	if err == nil && h.v.(libraryVerifier).digest.Encode() != s { // go-crypt reads a salt it cannot decode as none
		return Hash{}, malformed(format, "the salt is not complete")
	}
	return h, err
}

// argon2 is the PHC string of argon2id, argon2i or argon2d, of version 1.3.
func (p parser) argon2(format, s string) (Hash, error) {
	f := strings.Split(s, "$")
	if len(f) != 6 || f[0] != "" {
		return Hash{}, malformed(format, "give $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH")
	}
	if f[1] != "argon2id" && f[1] != "argon2i" && f[1] != "argon2d" {
		return Hash{}, malformed(format, "it must be argon2id, argon2i or argon2d")
	}
	if f[2] != "v=19" {
		return Hash{}, malformed(format, "only version 19 is verified: check customers with another at the old system")
	}
	settings := strings.Split(f[3], ",")
	if len(settings) != 3 {
		return Hash{}, malformed(format, "the parameters must be m, t and p")
	}
	lanes, err := setting("argon2 lanes", "p", settings[2], 1, p.bounds.Argon2Lanes)
	if err != nil {
		return Hash{}, err
	}
	memory, err := setting("argon2 memory in KiB", "m", settings[0], 8*lanes, p.bounds.Memory>>10)
	if err != nil {
		return Hash{}, err
	}
	passes, err := setting("argon2 passes", "t", settings[1], 1, p.bounds.Argon2Passes)
	if err != nil {
		return Hash{}, err
	}
	if _, err := decode("salt", encUnpadded, f[4], 8, maxSalt); err != nil {
		return Hash{}, err
	}
	if _, err := decode("sum", encUnpadded, f[5], minSum, maxSum); err != nil {
		return Hash{}, err
	}
	h, err := p.library(format, s, argon2.Decode, Cost{memory << 10, time.Duration(memory*passes) * time.Microsecond}, nil)
	if err == nil && h.v.(libraryVerifier).digest.Encode() != s { // two readers, one meaning
		return Hash{}, malformed(format, "the string is not as the PHC format writes it")
	}
	return h, err
}
