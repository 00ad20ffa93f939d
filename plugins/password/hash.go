package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// hash is one argon2id hash with what is needed to compute it again.
type hash struct {
	params Params
	salt   []byte
	sum    []byte
}

// The sizes of new hashes, and those accepted in imported ones, in bytes. NIST asks for a salt of 32 bits or more.
const (
	saltLen, sumLen       = 16, 32
	minSaltLen, minSumLen = 8, 16
	maxSaltLen, maxSumLen = 64, 64
	maxPHCLen             = 512
)

var errPHC = errors.New("give a PHC string of argon2id, as in $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH")

// String writes the hash in the PHC string format, as the reference implementation of argon2 does.
func (h hash) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$%s$%s$%s", h.params, b64.EncodeToString(h.salt), b64.EncodeToString(h.sum))
}

// parsePHC reads what [hash.String] writes.
//
// Errors: s is of another scheme or version, or asks for more than [Params.bounded] allows; none repeats s.
func parsePHC(s string) (hash, error) {
	if len(s) > maxPHCLen || strings.ContainsAny(s, "\r\n") { // which base64 would skip
		return hash{}, errPHC
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return hash{}, errPHC
	}
	if parts[2] != "v=19" {
		return hash{}, fmt.Errorf("only version 19 of argon2id is known: %w", errPHC)
	}
	params, err := parseParams(parts[3])
	if err != nil {
		return hash{}, err
	}
	salt, err := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	if err != nil || len(salt) < minSaltLen || len(salt) > maxSaltLen {
		return hash{}, fmt.Errorf("the salt must be %d to %d bytes in base64 without padding: %w", minSaltLen, maxSaltLen, errPHC)
	}
	sum, err := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err != nil || len(sum) < minSumLen || len(sum) > maxSumLen {
		return hash{}, fmt.Errorf("the hash must be %d to %d bytes in base64 without padding: %w", minSumLen, maxSumLen, errPHC)
	}
	return hash{params, salt, sum}, nil
}

func parseParams(s string) (Params, error) {
	var v [3]uint64
	fields := strings.Split(s, ",")
	if len(fields) != len(v) {
		return Params{}, errPHC
	}
	for i, name := range []string{"m=", "t=", "p="} {
		digits, ok := strings.CutPrefix(fields[i], name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || i == 2 && n > maxParallelism {
			return Params{}, fmt.Errorf("the parameters must be m, t and p in this order, within bounds: %w", errPHC)
		}
		v[i] = n
	}
	p := Params{MemoryKiB: uint32(v[0]), Iterations: uint32(v[1]), Parallelism: uint8(v[2])}
	if !p.bounded() {
		return Params{}, fmt.Errorf("the cost %s is out of bounds (at most %d KiB, %d passes, %d lanes): %w", p, maxMemoryKiB, maxIterations, maxParallelism, errPHC)
	}
	return p, nil
}
