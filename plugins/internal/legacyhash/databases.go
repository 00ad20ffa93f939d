package legacyhash

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-crypt/x/crypt"
	"golang.org/x/text/unicode/norm"
)

// computedVerifier compares what a function makes of the password.
type computedVerifier struct {
	compute func(password []byte) []byte
	sum     []byte
	takes   Cost
}

func (v computedVerifier) matches(password []byte) bool {
	return subtle.ConstantTimeCompare(v.compute(password), v.sum) == 1
}

func (v computedVerifier) cost() Cost { return v.takes }

// mssql is what SQL Server keeps of a login in hexadecimal: 0x0100, 4 bytes of salt and SHA-1 of the password in UTF-16 with the salt after
// it (2005; 2000 had a second one of the password in capitals, which is left aside), or 0x0200 and SHA-512 (since 2012).
func (p parser) mssql(s string) (Hash, error) {
	format, d, repeats := "mssql-2005", mustDigest("sha1"), 1
	if s[3] == '2' {
		format, d = "mssql-2012", mustDigest("sha512")
	} else if len(s) == len("0x0100")+2*(4+20+20) {
		format, repeats = "mssql-2000", 2
	}
	b, err := decode("hash", encHex, s[len("0x0100"):], 4+repeats*d.size, 4+repeats*d.size)
	if err != nil {
		return Hash{}, err
	}
	salt, sum := b[:4], b[4:4+d.size]
	return p.hash(format, computedVerifier{
		compute: func(password []byte) []byte { return d.sum(utf16LE(password), salt) },
		sum:     sum, takes: Cost{Time: 2 * d.block},
	})
}

// utf16LE encodes as Windows does; bytes that are no UTF-8 become U+FFFD.
func utf16LE(s []byte) []byte {
	out := make([]byte, 0, 2*len(s))
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		s = s[n:]
		for _, unit := range utf16.AppendRune(nil, r) {
			out = append(out, byte(unit), byte(unit>>8))
		}
	}
	return out
}

// oracle reads sys.user$.spare4, parts that begin with T: (12c), S: (11g) or H: (of XML DB), apart by semicolons. The strongest counts.
func (p parser) oracle(s string) (Hash, error) {
	var found Hash
	for part := range strings.SplitSeq(s, ";") {
		kind, text, _ := strings.Cut(part, ":")
		switch kind {
		case "T":
			return p.oracle12(text)
		case "S":
			h, err := p.oracle11(text)
			if err != nil {
				return Hash{}, err
			}
			found = h
		case "H":
		default:
			return Hash{}, malformed("oracle", "the parts must begin with S:, T: or H:")
		}
	}
	if found.v == nil {
		return Hash{}, malformed("oracle", "there is neither S: nor T:")
	}
	return found, nil
}

// oracle11 is SHA-1 of password and salt, and the 10 bytes of the salt.
func (p parser) oracle11(s string) (Hash, error) {
	d := mustDigest("sha1")
	b, err := decode("part S:", encHex, s, d.size+10, d.size+10)
	if err != nil {
		return Hash{}, err
	}
	return p.hash("oracle-11g", digestVerifier{digest: d, position: saltAfter, salt: b[d.size:], sum: b[:d.size], rounds: 1})
}

// oracle12 is SHA-512 of PBKDF2-HMAC-SHA512 of 4096 iterations, and the 16 bytes of the salt, which PBKDF2 has with a constant after it.
func (p parser) oracle12(s string) (Hash, error) {
	const iterations = 4096
	d := mustDigest("sha512")
	b, err := decode("part T:", encHex, s, d.size+16, d.size+16)
	if err != nil {
		return Hash{}, err
	}
	if err := within("PBKDF2 iterations", iterations, 1, p.bounds.Iterations); err != nil {
		return Hash{}, err
	}
	salt := b[d.size:]
	inner := pbkdf2Verifier{d, append(salt[:len(salt):len(salt)], "AUTH_PBKDF2_SPEEDY_KEY"...), iterations, b[:d.size]}
	return p.hash("oracle-12c", computedVerifier{
		compute: func(password []byte) []byte { return d.sum(inner.derive(password, d.size), salt) },
		sum:     inner.sum, takes: inner.cost(),
	})
}

// mysql41 is mysql_native_password: a star and SHA-1 of SHA-1 in hexadecimal.
func (p parser) mysql41(s string) (Hash, error) {
	d := mustDigest("sha1")
	sum, err := decode("hash", encHex, s[1:], d.size, d.size)
	if err != nil {
		return Hash{}, err
	}
	return p.hash("mysql-native", digestVerifier{digest: d, sum: sum, rounds: 2, again: againDigest})
}

// cachingSHA2 is MySQL's caching_sha2_password: $A$, thousands of rounds in three hexadecimal digits, $, 20 bytes of salt and 43 characters
// of crypt(3)'s SHA-256, or the same with salt and sum in hexadecimal, as tools export what is not printable: $mysql$A$005*SALT*SUM.
func (p parser) cachingSHA2(s string) (Hash, error) {
	const format, saltLen, sumLen = "mysql-caching-sha2", 20, 43
	text, hexadecimal := strings.CutPrefix(s, "$mysql")
	text, ok := strings.CutPrefix(text, "$A$")
	if !ok || len(text) < 4 {
		return Hash{}, malformed(format, "give $A$ROUNDS$, 20 bytes and 43 characters")
	}
	count, err := decode("rounds", encHex, "0"+text[:3], 2, 2)
	if err != nil {
		return Hash{}, err
	}
	rounds := (int64(count[0])<<8 | int64(count[1])) * 1000
	if err := within("rounds of caching_sha2", rounds, 1000, p.bounds.Rounds); err != nil {
		return Hash{}, err
	}
	salt, sum := "", ""
	if f := strings.Split(text, "*"); hexadecimal && len(f) == 3 {
		saltBytes, saltErr := decode("salt", encHex, f[1], saltLen, saltLen)
		sumBytes, sumErr := decode("sum", encHex, f[2], sumLen, sumLen)
		if err := firstError(saltErr, sumErr); err != nil {
			return Hash{}, err
		}
		salt, sum = string(saltBytes), string(sumBytes)
	} else if !hexadecimal && text[3] == '$' && len(text) == 4+saltLen+sumLen {
		salt, sum = text[4:4+saltLen], text[4+saltLen:]
	}
	if len(salt) != saltLen || !ofAlphabet(sum, sumLen) {
		return Hash{}, malformed(format, "the salt must have 20 bytes, the sum 43 characters")
	}
	// go-crypt's parser of $5$ would end the salt at a $, which this salt may have.
	return p.hash(format, computedVerifier{
		compute: func(password []byte) []byte {
			return crypt.KeySHACrypt(sha256.New, password, []byte(salt), int(rounds))
		},
		sum: []byte(sum), takes: Cost{Time: time.Duration(rounds) * 350},
	})
}

// postgresMD5 is md5 and MD5 of the password and the role's name in hexadecimal.
func (p parser) postgresMD5(s string) (Hash, error) {
	const format = "postgresql-md5"
	if p.user == "" {
		return Hash{}, malformed(format, "this format hashes the user's name too: give it")
	}
	d := mustDigest("md5")
	sum, err := decode("hash", encHex, s[len("md5"):], d.size, d.size)
	if err != nil {
		return Hash{}, err
	}
	return p.hash(format, digestVerifier{digest: d, position: saltAfter, salt: []byte(p.user), sum: sum, rounds: 1})
}

// scram is PostgreSQL's SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY (RFC 5803, RFC 7677).
func (p parser) scram(s string) (Hash, error) {
	const format = "scram-sha-256"
	f := strings.FieldsFunc(s, func(r rune) bool { return r == '$' || r == ':' })
	if len(f) != 5 || s != f[0]+"$"+f[1]+":"+f[2]+"$"+f[3]+":"+f[4] {
		return Hash{}, malformed(format, "give SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY")
	}
	iterations, err := p.iterations(f[1])
	if err != nil {
		return Hash{}, err
	}
	d := mustDigest("sha256")
	salt, saltErr := decode("salt", encBase64, f[2], 1, maxSalt)
	stored, storedErr := decode("stored key", encBase64, f[3], d.size, d.size)
	_, serverErr := decode("server key", encBase64, f[4], d.size, d.size)
	if err := firstError(saltErr, storedErr, serverErr); err != nil {
		return Hash{}, err
	}
	inner := pbkdf2Verifier{d, salt, iterations, stored}
	return p.hash(format, computedVerifier{
		compute: func(password []byte) []byte {
			return d.sum(d.hmac(inner.derive(saslPrepared(password), d.size), []byte("Client Key")))
		},
		sum: stored, takes: inner.cost(),
	})
}

// saslPrepared is SASLprep (RFC 4013) but for what it forbids: PostgreSQL takes a password that has any of that as it stands, and so does
// this for what is no UTF-8 or has control characters.
func saslPrepared(password []byte) []byte {
	if !utf8.Valid(password) {
		return password
	}
	mapped := make([]rune, 0, len(password))
	for _, r := range string(password) {
		switch {
		case unicode.IsControl(r):
			return password
		case unicode.Is(unicode.Zs, r):
			mapped = append(mapped, ' ')
		case r == '\u00ad' || r == '\u034f' || r == '\u1806' || r >= '\u180b' && r <= '\u180d' || r >= '\u200b' && r <= '\u200d' ||
			r == '\u2060' || r >= '\ufe00' && r <= '\ufe0f' || r == '\ufeff': // table B.1 of RFC 3454
		default:
			mapped = append(mapped, r)
		}
	}
	return norm.NFKC.Bytes([]byte(string(mapped)))
}
