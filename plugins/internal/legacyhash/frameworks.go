package legacyhash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// frameworkScryptSum is the length of the sums of scrypt in Django and Werkzeug, in bytes.
const frameworkScryptSum = 64

// django reads what Django's hashers store: ALGORITHM$ and what that has, the salt as text.
func (p parser) django(s string) (Hash, error) {
	algorithm, rest, _ := strings.Cut(s, "$")
	format := "django-" + strings.ReplaceAll(algorithm, "_", "-")
	f := strings.Split(rest, "$")
	switch algorithm {
	case "pbkdf2_sha256", "pbkdf2_sha1":
		if len(f) != 3 {
			return Hash{}, malformed(format, "give %s$ITERATIONS$SALT$HASH", algorithm)
		}
		iterations, err := p.iterations(f[0])
		if err != nil {
			return Hash{}, err
		}
		salt, saltErr := decode("salt", encText, f[1], 0, maxSalt)
		name := algorithm[len("pbkdf2_"):]
		size := mustDigest(name).size
		sum, sumErr := decode("sum", encBase64, f[2], size, size)
		return p.pbkdf2(format, name, iterations, salt, saltErr, sum, sumErr)
	case "bcrypt_sha256":
		return p.bcrypt(format, rest, sha256Hex)
	case "bcrypt":
		return p.bcrypt(format, rest, nil)
	case "argon2":
		return p.argon2(format, "$"+rest)
	case "scrypt":
		if len(f) != 5 {
			return Hash{}, malformed(format, "give scrypt$N$SALT$R$P$HASH")
		}
		logN, r, lanes, err := p.scryptNumbers(f[0], f[2], f[3])
		if err != nil {
			return Hash{}, err
		}
		salt, saltErr := decode("salt", encText, f[1], 0, maxSalt)
		sum, sumErr := decode("sum", encBase64, f[4], frameworkScryptSum, frameworkScryptSum)
		if err := firstError(saltErr, sumErr); err != nil {
			return Hash{}, err
		}
		return p.scrypt(format, scryptVerifier{salt: salt, logN: logN, r: r, p: lanes, sum: sum})
	case "sha1", "md5": // which no shape tells from Werkzeug's
		d := mustDigest(algorithm)
		if len(f) != 2 {
			return Hash{}, malformed(format, "give %s$SALT$HASH", algorithm)
		}
		salt, saltErr := decode("salt", encText, f[0], 0, maxSalt)
		sum, sumErr := decode("sum", encHex, f[1], d.size, d.size)
		if err := firstError(saltErr, sumErr); err != nil {
			return Hash{}, err
		}
		return p.hash(format, digestVerifier{digest: d, position: saltBefore, salt: salt, sum: sum, rounds: 1})
	}
	return Hash{}, malformed("django", "the algorithm is not known")
}

// werkzeug reads what Werkzeug's generate_password_hash writes: METHOD$SALT$HEX, the salt as text. Its methods that are a bare digest are
// an HMAC under the salt.
func (p parser) werkzeug(s string) (Hash, error) {
	f := strings.Split(s, "$")
	if len(f) != 3 {
		return Hash{}, malformed("werkzeug", "give METHOD$SALT$HASH")
	}
	salt, saltErr := decode("salt", encText, f[1], 1, maxSalt)
	sum, sumErr := decode("sum", encHex, f[2], minSum, maxSum)
	if err := firstError(saltErr, sumErr); err != nil {
		return Hash{}, err
	}
	method := strings.Split(f[0], ":")
	switch format := "werkzeug-" + method[0]; {
	case method[0] == "pbkdf2" && len(method) == 3:
		iterations, err := p.iterations(method[2])
		if err != nil {
			return Hash{}, err
		}
		if d, ok := digestOf(method[1]); !ok || len(sum) != d.size {
			return Hash{}, malformed(format, "the sum must be as long as the digest")
		}
		return p.pbkdf2(format, method[1], iterations, salt, nil, sum, nil)
	case method[0] == "scrypt" && len(method) == 4 && len(sum) == frameworkScryptSum:
		logN, r, lanes, err := p.scryptNumbers(method[1], method[2], method[3])
		if err != nil {
			return Hash{}, err
		}
		return p.scrypt(format, scryptVerifier{salt: salt, logN: logN, r: r, p: lanes, sum: sum})
	case len(method) == 1:
		if d, ok := digestOf(method[0]); ok && len(sum) == d.size {
			return p.hash(format, digestVerifier{digest: d, salt: salt, sum: sum, rounds: 1, key: keySalt})
		}
	}
	return Hash{}, malformed("werkzeug", "the method must be pbkdf2:DIGEST:ITERATIONS, scrypt:N:R:P or a digest")
}

// keycloakCredential is a credential in a realm export or in the credential table; its two inner parts are JSON in a string there, and
// objects in what some tools write. Releases before 8 had the members at the top.
type keycloakCredential struct {
	Type           string          `json:"type"`
	SecretData     json.RawMessage `json:"secretData"`
	CredentialData json.RawMessage `json:"credentialData"`

	Algorithm         string `json:"algorithm"`
	HashIterations    int64  `json:"hashIterations"`
	Salt              string `json:"salt"`
	HashedSaltedValue string `json:"hashedSaltedValue"`
}

type keycloakSecret struct {
	Value string `json:"value"`
	Salt  string `json:"salt"`
}

type keycloakParameters struct {
	Algorithm      string              `json:"algorithm"`
	HashIterations int64               `json:"hashIterations"`
	Additional     map[string][]string `json:"additionalParameters"`
}

func (p parser) keycloak(s string) (Hash, error) {
	const format = "keycloak"
	var c keycloakCredential
	if !decodeJSON([]byte(s), &c) || c.Type != "" && c.Type != "password" {
		return Hash{}, malformed(format, "give a credential of type password as JSON")
	}
	secret, params := keycloakSecret{c.HashedSaltedValue, c.Salt}, keycloakParameters{Algorithm: c.Algorithm, HashIterations: c.HashIterations}
	if c.SecretData != nil || c.CredentialData != nil {
		if !decodeNested(c.SecretData, &secret) || !decodeNested(c.CredentialData, &params) {
			return Hash{}, malformed(format, "secretData and credentialData must be JSON objects")
		}
	}
	salt, saltErr := decode("salt", encBase64, secret.Salt, 1, maxSalt)
	sum, sumErr := decode("sum", encBase64, secret.Value, minSum, maxSum)
	if err := firstError(saltErr, sumErr); err != nil {
		return Hash{}, err
	}
	switch params.Algorithm {
	case "pbkdf2", "pbkdf2-sha256", "pbkdf2-sha512":
		if err := within("PBKDF2 iterations", params.HashIterations, 1, p.bounds.Iterations); err != nil {
			return Hash{}, err
		}
		name := strings.TrimPrefix(strings.TrimPrefix(params.Algorithm, "pbkdf2"), "-")
		if name == "" {
			name = "sha1"
		}
		return p.pbkdf2(format+"-"+params.Algorithm, name, params.HashIterations, salt, nil, sum, nil)
	case "argon2":
		one := func(name string) string {
			if v := params.Additional[name]; len(v) == 1 {
				return v[0]
			}
			return ""
		}
		if one("version") != "1.3" {
			return Hash{}, malformed(format, "only version 1.3 of argon2 is verified: check customers with another at the old system")
		}
		phc := fmt.Sprintf("$argon2%s$v=19$m=%s,t=%d,p=%s$%s$%s", one("type"), one("memory"), params.HashIterations, one("parallelism"),
			unpadded(secret.Salt), unpadded(secret.Value))
		return p.argon2(format+"-argon2", phc)
	}
	return Hash{}, malformed(format, "the algorithm must be pbkdf2, pbkdf2-sha256, pbkdf2-sha512 or argon2")
}

// decodeNested reads an object, or a string that holds one.
func decodeNested(raw json.RawMessage, into any) bool {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = json.RawMessage(text)
	}
	return decodeJSON(raw, into)
}

func decodeJSON(b []byte, into any) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 0 && b[0] == '{' && json.Unmarshal(b, into) == nil
}
