package legacyhash

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"math/bits"
	"strings"
	"time"

	"golang.org/x/crypto/scrypt"
)

// scryptVerifier is scrypt (RFC 7914), as long as the sum, or with what finish makes of its output.
type scryptVerifier struct {
	salt       []byte
	logN, r, p int64
	sum        []byte
	length     int
	finish     func(key []byte) []byte // nil: as it is
}

func (v scryptVerifier) matches(password []byte) bool {
	key, err := scrypt.Key(password, v.salt, 1<<v.logN, int(v.r), int(v.p), v.length)
	if err != nil { // excluded by the bounds
		return false
	}
	if v.finish != nil {
		key = v.finish(key)
	}
	return subtle.ConstantTimeCompare(key, v.sum) == 1
}

func (v scryptVerifier) cost() Cost {
	memory := int64(128) << v.logN * v.r
	return Cost{memory, time.Duration(memory*v.p) * 3}
}

// scrypt checks the parameters one by one, so that their product cannot overflow.
func (p parser) scrypt(format string, v scryptVerifier) (Hash, error) {
	if err := firstError(
		within("scrypt log2 N", v.logN, 1, p.bounds.ScryptLogN),
		within("scrypt block size", v.r, 1, p.bounds.ScryptBlockSize),
		within("scrypt lanes", v.p, 1, p.bounds.ScryptLanes),
	); err != nil {
		return Hash{}, err
	}
	if v.length == 0 {
		v.length = len(v.sum)
	}
	return p.hash(format, v)
}

// scryptNumbers reads N, which must be a power of two, r and p.
func (p parser) scryptNumbers(n, r, lanes string) (logN, blockSize, parallel int64, err error) {
	count, err := number("scrypt N", n, 2, 1<<p.bounds.ScryptLogN)
	if err != nil {
		return 0, 0, 0, err
	}
	if bits.OnesCount64(uint64(count)) != 1 {
		return 0, 0, 0, &FormatError{Problem: "scrypt's N must be a power of two"}
	}
	if blockSize, err = number("scrypt block size", r, 1, p.bounds.ScryptBlockSize); err != nil {
		return 0, 0, 0, err
	}
	if parallel, err = number("scrypt lanes", lanes, 1, p.bounds.ScryptLanes); err != nil {
		return 0, 0, 0, err
	}
	return int64(bits.TrailingZeros64(uint64(count))), blockSize, parallel, nil
}

// scryptDollar is passlib's and the PHC format's $scrypt$ln=LOG2N,r=R,p=P$SALT$SUM.
func (p parser) scryptDollar(s string) (Hash, error) {
	const format = "scrypt"
	f := strings.Split(s, "$")
	if len(f) != 5 {
		return Hash{}, malformed(format, "give $scrypt$ln=LOG2N,r=R,p=P$SALT$HASH")
	}
	settings := strings.Split(f[2], ",")
	if len(settings) != 3 {
		return Hash{}, malformed(format, "the parameters must be ln, r and p")
	}
	logN, err := setting("scrypt log2 N", "ln", settings[0], 1, p.bounds.ScryptLogN)
	if err != nil {
		return Hash{}, err
	}
	r, err := setting("scrypt block size", "r", settings[1], 1, p.bounds.ScryptBlockSize)
	if err != nil {
		return Hash{}, err
	}
	lanes, err := setting("scrypt lanes", "p", settings[2], 1, p.bounds.ScryptLanes)
	if err != nil {
		return Hash{}, err
	}
	salt, err := decode("salt", encUnpadded, f[3], 0, maxSalt)
	if err != nil {
		return Hash{}, err
	}
	sum, err := decode("sum", encUnpadded, f[4], 32, maxSum)
	if err != nil {
		return Hash{}, err
	}
	return p.scrypt(format, scryptVerifier{salt: salt, logN: logN, r: r, p: lanes, sum: sum})
}

// Firebase are the parameters that a Firebase project has for all its accounts, as its console shows them.
type Firebase struct {
	SignerKey     Secret `json:"signerKey"`     // base64_signer_key
	SaltSeparator string `json:"saltSeparator"` // base64_salt_separator
	Rounds        int64  `json:"rounds"`        // rounds: scrypt's block size
	MemoryCost    int64  `json:"memCost"`       // mem_cost: scrypt's log2 N
}

// firebase is the scrypt that Firebase modified: the signer key encrypted by AES-256 in counter mode under what scrypt gives for the salt
// with the separator (github.com/firebase/scrypt).
func (p parser) firebase(f Firebase, encoded, saltText string) (Hash, error) {
	signer, err := decode("signer key", encBase64, string(f.SignerKey), 32, 64)
	if err != nil {
		return Hash{}, err
	}
	separator, err := decode("salt separator", encBase64, f.SaltSeparator, 0, 16)
	if err != nil {
		return Hash{}, err
	}
	e, salted := encBase64, encBase64
	if strings.ContainsAny(encoded, "-_") { // the Admin SDK writes base64url
		e = encBase64URL
	}
	if strings.ContainsAny(saltText, "-_") {
		salted = encBase64URL
	}
	sum, err := decode("sum", e, encoded, len(signer), len(signer))
	if err != nil {
		return Hash{}, err
	}
	salt, err := decode("salt", salted, saltText, 1, maxSalt)
	if err != nil {
		return Hash{}, err
	}
	const keyLen = 32
	return p.scrypt("firebase-scrypt", scryptVerifier{
		salt: append(salt, separator...), logN: f.MemoryCost, r: f.Rounds, p: 1, sum: sum, length: keyLen,
		finish: func(key []byte) []byte {
			block, err := aes.NewCipher(key)
			if err != nil { // excluded by keyLen
				return nil
			}
			out := make([]byte, len(signer))
			cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(out, signer)
			return out
		},
	})
}
