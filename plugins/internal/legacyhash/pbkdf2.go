package legacyhash

import (
	"crypto/pbkdf2"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
)

// pbkdf2Verifier is PBKDF2 with HMAC (RFC 8018), as long as the sum.
type pbkdf2Verifier struct {
	digest     digest
	salt       []byte
	iterations int64
	sum        []byte
}

func (v pbkdf2Verifier) matches(password []byte) bool {
	return subtle.ConstantTimeCompare(v.derive(password, len(v.sum)), v.sum) == 1
}

// derive gives nil, which equals no sum, where the library refuses: a build for FIPS 140 does for short salts.
func (v pbkdf2Verifier) derive(password []byte, length int) []byte {
	key, err := pbkdf2.Key(v.digest.new, string(password), v.salt, int(v.iterations), length)
	if err != nil {
		return nil
	}
	return key
}

func (v pbkdf2Verifier) cost() Cost {
	blocks := (len(v.sum) + v.digest.size - 1) / v.digest.size
	return Cost{Time: time.Duration(v.iterations) * time.Duration(max(blocks, 1)) * 2 * v.digest.block}
}

// pbkdf2 makes the hash of parts that a format had, of encodings that it has.
func (p parser) pbkdf2(format, digestName string, iterations int64, salt []byte, saltErr error, sum []byte, sumErr error) (Hash, error) {
	d, ok := digestOf(digestName)
	if !ok {
		return Hash{}, malformed(format, "no PBKDF2 with this digest is known")
	}
	if err := firstError(saltErr, sumErr); err != nil {
		return Hash{}, err
	}
	return p.hash(format, pbkdf2Verifier{d, salt, iterations, sum})
}

func (p parser) iterations(digits string) (int64, error) {
	return number("PBKDF2 iterations", digits, 1, p.bounds.Iterations)
}

// pbkdf2Dollar reads what begins with $pbkdf2: passlib's $pbkdf2-sha256$ROUNDS$SALT$SUM in its own base64, where no digest means SHA-1, and
// the PHC string format's $pbkdf2-sha256$i=ITERATIONS,l=LENGTH$SALT$SUM in the standard one.
func (p parser) pbkdf2Dollar(s string) (Hash, error) {
	f := strings.Split(s, "$")
	if len(f) != 5 {
		return Hash{}, malformed("pbkdf2", "give $pbkdf2-DIGEST$ROUNDS$SALT$HASH")
	}
	name, _ := strings.CutPrefix(f[1], "pbkdf2")
	name, _ = strings.CutPrefix(name, "-")
	if name == "" {
		name = "sha1"
	}
	format, enc, rounds := "pbkdf2-passlib", encAdapted, f[2]
	var length int64
	if strings.HasPrefix(rounds, "i=") {
		format, enc = "pbkdf2-phc", encUnpadded
		settings := strings.Split(rounds[len("i="):], ",")
		rounds = settings[0]
		if len(settings) > 2 {
			return Hash{}, malformed(format, "the parameters must be i and l")
		}
		if len(settings) == 2 {
			var err error
			if length, err = setting("length of the sum in bytes", "l", settings[1], minSum, maxSum); err != nil {
				return Hash{}, err
			}
		}
	}
	iterations, err := p.iterations(rounds)
	if err != nil {
		return Hash{}, err
	}
	salt, saltErr := decode("salt", enc, f[3], 0, maxSalt)
	sum, sumErr := decode("sum", enc, f[4], minSum, maxSum)
	if d, ok := digestOf(name); ok && format == "pbkdf2-passlib" {
		sum, sumErr = decode("sum", enc, f[4], d.size, d.size)
	}
	if sumErr == nil && length != 0 && length != int64(len(sum)) {
		return Hash{}, malformed(format, "the sum has not the length that l says")
	}
	return p.pbkdf2(format, name, iterations, salt, saltErr, sum, sumErr)
}

// aspNet reads what ASP.NET Identity stores: base64 of a version and what that version has (PasswordHasher.cs in dotnet/aspnetcore).
//
//	0x00 | salt 16 | sum 32                                      PBKDF2-HMAC-SHA1, 1,000 iterations
//	0x01 | digest 4 | iterations 4 | salt length 4 | salt | sum  numbers big-endian; digest 0 SHA-1, 1 SHA-256, 2 SHA-512
func (p parser) aspNet(s string) (Hash, error) {
	b, err := decode("hash", encBase64, s, 1, maxSalt+maxSum+13)
	if err != nil {
		return Hash{}, err
	}
	switch {
	case b[0] == 0 && len(b) == 49:
		return p.pbkdf2("aspnet-v2", "sha1", 1000, b[1:17], nil, b[17:], nil)
	case b[0] == 1 && len(b) > 13:
		names := [...]string{"sha1", "sha256", "sha512"}
		digest, iterations := binary.BigEndian.Uint32(b[1:]), int64(binary.BigEndian.Uint32(b[5:]))
		saltLen := int64(binary.BigEndian.Uint32(b[9:]))
		b = b[13:]
		if digest >= uint32(len(names)) {
			return Hash{}, malformed("aspnet-v3", "the digest must be 0, 1 or 2")
		}
		if err := firstError(
			within("PBKDF2 iterations", iterations, 1, p.bounds.Iterations),
			within("length of the salt in bytes", saltLen, 1, maxSalt),
			within("length of the sum in bytes", int64(len(b))-saltLen, minSum, maxSum),
		); err != nil {
			return Hash{}, err
		}
		return p.pbkdf2("aspnet-v3", names[digest], iterations, b[:saltLen], nil, b[saltLen:], nil)
	}
	return Hash{}, errUnknown
}

// aspNetShape says whether s can be one of ASP.NET Identity's hashes; few others in base64 begin with a byte 0 or 1.
func aspNetShape(s string) bool {
	b, err := base64.StdEncoding.DecodeString(s)
	return err == nil && (len(b) == 49 && b[0] == 0 || len(b) > 13+minSum && b[0] == 1 && b[1] == 0)
}
