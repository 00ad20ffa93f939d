package legacyhash

import (
	"strings"
)

var errUnknown = &FormatError{Problem: "this has the shape of no known format: name the format, its digest and its encoding"}

// parser holds what parsing one row needs besides the hash itself.
type parser struct {
	bounds Bounds
	user   string // the account's name in the old system, for the formats that hash it too
}

// hash is the last step of every parser.
func (p parser) hash(format string, v verifier) (Hash, error) {
	if err := p.bounds.affordable(v.cost()); err != nil {
		return Hash{}, err
	}
	return Hash{format: format, v: v}, nil
}

// shaped finds the format by the shape. docs/plugins/legacy-hashes.md lists the shapes.
func (p parser) shaped(s string) (Hash, error) {
	switch {
	case strings.HasPrefix(s, "$"):
		return p.dollar(s)
	case strings.HasPrefix(s, `{"`), strings.HasPrefix(s, "{ "), strings.HasPrefix(s, "{\n"), strings.HasPrefix(s, "{\r"), strings.HasPrefix(s, "{\t"):
		return p.keycloak(s)
	case strings.HasPrefix(s, "{"):
		return p.ldap(s)
	case hasPrefixFold(s, "0x0100"), hasPrefixFold(s, "0x0200"):
		return p.mssql(s)
	case strings.HasPrefix(s, "S:"), strings.HasPrefix(s, "T:"), strings.HasPrefix(s, "H:"):
		return p.oracle(s)
	case strings.HasPrefix(s, "*"):
		return p.mysql41(s)
	case strings.HasPrefix(s, "SCRAM-SHA-256$"):
		return p.scram(s)
	case strings.HasPrefix(s, "md5") && len(s) == len("md5")+32:
		return p.postgresMD5(s)
	case strings.HasPrefix(s, "U$P$"), strings.HasPrefix(s, "U$S$"):
		return p.drupalUpgraded(s)
	case strings.HasPrefix(s, "pbkdf2:"), strings.HasPrefix(s, "scrypt:"):
		return p.werkzeug(s)
	case strings.HasPrefix(s, "pbkdf2_"), strings.HasPrefix(s, "bcrypt$"), strings.HasPrefix(s, "bcrypt_sha256$"),
		strings.HasPrefix(s, "argon2$"), strings.HasPrefix(s, "scrypt$"):
		return p.django(s)
	case aspNetShape(s):
		return p.aspNet(s)
	}
	return Hash{}, errUnknown
}

// dollar reads the formats of crypt(3) and those that imitate it.
func (p parser) dollar(s string) (Hash, error) {
	id, _, _ := strings.Cut(s[1:], "$")
	switch id {
	case "P", "H", "S":
		return p.stretched(s, nil)
	case "A", "mysql":
		return p.cachingSHA2(s)
	case "pbkdf2", "pbkdf2-sha1", "pbkdf2-sha224", "pbkdf2-sha256", "pbkdf2-sha384", "pbkdf2-sha512":
		return p.pbkdf2Dollar(s)
	case "scrypt":
		return p.scryptDollar(s)
	case "bcrypt-sha256":
		return p.passlibBcrypt(s)
	case "wp":
		return p.bcrypt("bcrypt-wordpress", strings.TrimPrefix(s, "$wp"), wordPress)
	}
	return p.crypt(s)
}

// crypt reads what crypt(3) of one system or another makes, and argon2.
func (p parser) crypt(s string) (Hash, error) {
	if ofAlphabet(s, desCryptLen) {
		return p.desCrypt(s)
	}
	f := strings.Split(s, "$")
	if len(f) < 3 || f[0] != "" {
		return Hash{}, errUnknown
	}
	switch id, _, _ := strings.Cut(f[1], ","); id {
	case "1":
		return p.md5Crypt(s, f)
	case "md5":
		return p.sunMD5(s, f)
	case "5", "6":
		return p.shaCrypt(s, f)
	case "sha1":
		return p.sha1Crypt(s, f)
	case "2", "2a", "2b", "2x", "2y":
		return p.bcrypt("bcrypt", s, nil)
	case "y":
		return p.yescrypt(s, f)
	case "argon2id", "argon2i", "argon2d":
		return p.argon2("argon2", s)
	}
	return Hash{}, errUnknown
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
