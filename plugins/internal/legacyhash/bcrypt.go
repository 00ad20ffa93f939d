package legacyhash

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"github.com/go-crypt/crypt/algorithm/bcrypt"
)

const bcryptSalt, bcryptSum = 22, 31 // characters

// bcrypt is $2a$COST$, $2b$ or $2y$ with 53 characters: names of one algorithm since all implementations count the closing NUL and 72 bytes.
// $2$ is the first, which left the NUL out; $2x$ marks what crypt_blowfish made before version 1.1, which extended the sign of each byte.
// What prepare makes of the password is what was given to bcrypt.
func (p parser) bcrypt(format, s string, prepare func([]byte) []byte) (Hash, error) {
	variant := byte('b')
	if strings.HasPrefix(s, "$2$") {
		variant, s = '2', "$2b"+s[2:]
	} else if len(s) > 2 {
		variant = s[2]
	}
	if len(s) != len("$2a$10$")+bcryptSalt+bcryptSum || s[0:2] != "$2" || strings.IndexByte("abxy", s[2]) < 0 || s[3] != '$' || s[6] != '$' ||
		strings.Trim(s[7:], bcryptAlphabet) != "" {
		return Hash{}, malformed(format, "give $2a$, $2b$ or $2y$, two digits, $ and 53 characters")
	}
	cost, err := number("bcrypt cost", strings.TrimPrefix(s[4:6], "0"), 4, p.bounds.BcryptCost)
	if err != nil {
		return Hash{}, err
	}
	switch variant {
	case '2':
		prepare = then(prepare, withoutNUL)
	case 'x':
		prepare = then(prepare, signExtended)
	}
	return p.library(format, "$2b"+s[3:], bcrypt.Decode, Cost{4 << 10, 50 * time.Microsecond << cost}, prepare)
}

// then chains two preparations, of which the first may be none.
func then(first, second func([]byte) []byte) func([]byte) []byte {
	if first == nil {
		return second
	}
	return func(password []byte) []byte { return second(first(password)) }
}

// bcryptKey is the length of what bcrypt takes of a key, in bytes: given so many, it never comes to the NUL that goes behind them.
const bcryptKey = 72

// withoutNUL repeats a password as the first bcrypt did.
func withoutNUL(password []byte) []byte {
	if len(password) == 0 {
		return password
	}
	return bytes.Repeat(password, bcryptKey/len(password)+1)[:bcryptKey]
}

// signExtended gives the 72 bytes that the faulty crypt_blowfish made of a password: it took each byte as signed, so that one over 127
// drowned the up to three before it in its word.
func signExtended(password []byte) []byte {
	key := append(append(make([]byte, 0, len(password)+1), password...), 0)
	out := make([]byte, 0, bcryptKey)
	for i := 0; i < bcryptKey; i += 4 {
		var word uint32
		for j := i; j < i+4; j++ {
			word = word<<8 | uint32(int32(int8(key[j%len(key)])))
		}
		out = binary.BigEndian.AppendUint32(out, word)
	}
	return out
}

// sha256Hex is what Django puts before bcrypt, so that its 72 bytes suffice for any password.
func sha256Hex(password []byte) []byte {
	return hex.AppendEncode(nil, mustDigest("sha256").sum(password))
}

// wordPress is what WordPress puts before bcrypt since release 6.8 (wp_check_password in its pluggable.php).
func wordPress(password []byte) []byte {
	return base64.StdEncoding.AppendEncode(nil, mustDigest("sha384").hmac([]byte("wp-sha384"), password))
}

// passlibBcrypt is passlib's bcrypt of SHA-256 in base64: $bcrypt-sha256$2b,COST$SALT$SUM, and in version 2, with HMAC under the salt,
// $bcrypt-sha256$v=2,t=2b,r=COST$SALT$SUM.
func (p parser) passlibBcrypt(s string) (Hash, error) {
	const format = "bcrypt-sha256-passlib"
	f := strings.Split(s, "$")
	if len(f) != 5 || len(f[3]) != bcryptSalt || len(f[4]) != bcryptSum {
		return Hash{}, malformed(format, "give $bcrypt-sha256$v=2,t=2b,r=COST$SALT$HASH")
	}
	sha, salt := mustDigest("sha256"), []byte(f[3])
	version1 := func(password []byte) []byte { return base64.StdEncoding.AppendEncode(nil, sha.sum(password)) }
	version2 := func(password []byte) []byte { return base64.StdEncoding.AppendEncode(nil, sha.hmac(salt, password)) }
	for _, form := range []struct {
		before  string
		prepare func([]byte) []byte
	}{
		{"2a,", version1}, {"2b,", version1}, {"2y,", version1}, {"v=2,t=2a,r=", version2}, {"v=2,t=2b,r=", version2}, {"v=2,t=2y,r=", version2},
	} {
		cost, ok := strings.CutPrefix(f[2], form.before)
		if !ok {
			continue
		}
		if _, err := number("bcrypt cost", cost, 4, p.bounds.BcryptCost); err != nil {
			return Hash{}, err
		}
		if len(cost) == 1 {
			cost = "0" + cost
		}
		return p.bcrypt(format, "$2b$"+cost+"$"+f[3]+f[4], form.prepare)
	}
	return Hash{}, malformed(format, "the parameters must be v=2,t=2b,r=COST or 2b,COST")
}
