package legacyhash

import (
	"encoding/binary"
	"strings"
)

// ldap reads what stands in userPassword: {SCHEME} in any case, then what the scheme has (RFC 2307 and its successors in practice).
func (p parser) ldap(s string) (Hash, error) {
	scheme, rest, ok := strings.Cut(s[1:], "}")
	if !ok || len(scheme) > 20 {
		return Hash{}, errUnknown
	}
	switch scheme = strings.ToUpper(scheme); scheme {
	case "SHA", "SHA224", "SHA256", "SHA384", "SHA512", "MD5":
		return p.ldapDigest(scheme, rest, false)
	case "SSHA", "SSHA224", "SSHA256", "SSHA384", "SSHA512", "SMD5":
		return p.ldapDigest(scheme, rest, true)
	case "CRYPT", "BCRYPT", "BLF-CRYPT", "MD5-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT", "ARGON2", "ARGON2I", "ARGON2ID":
		return p.crypt(rest)
	case "PKCS5S2":
		return p.atlassian(rest)
	case "PBKDF2_SHA256":
		return p.directoryServer(rest)
	case "PBKDF2", "PBKDF2-SHA1", "PBKDF2-SHA256", "PBKDF2-SHA512":
		return p.ldapPBKDF2(scheme, rest)
	case "CLEARTEXT", "CLEAR", "PLAIN":
		return Hash{}, malformed("ldap", "this is a password in clear: import it as one")
	case "SMD5-AIX", "NS-MTA-MD5", "AES", "DES", "SASL", "KERBEROS", "NT", "LANMAN":
		return Hash{}, malformed("ldap", "the scheme %s is not verified here: check these customers at the old system", scheme)
	}
	return Hash{}, malformed("ldap", "the scheme is not known")
}

// ldapDigest is base64 of the digest of the password and the salt, then the salt.
func (p parser) ldapDigest(scheme, rest string, salted bool) (Hash, error) {
	name := strings.ToLower(scheme)
	if salted {
		name = name[1:]
	}
	if name == "sha" {
		name = "sha1"
	}
	d, most := mustDigest(name), 0
	if salted {
		most = 64
	}
	b, err := decode("hash", encBase64, rest, d.size+min(most, 1), d.size+most)
	if err != nil {
		return Hash{}, err
	}
	v := digestVerifier{digest: d, salt: b[d.size:], sum: b[:d.size], rounds: 1}
	if salted {
		v.position = saltAfter
	}
	return p.hash("ldap-"+strings.ToLower(scheme), v)
}

// atlassian is {PKCS5S2}, of Confluence, Jira and Crowd: base64 of 16 bytes of salt and 32 of PBKDF2-HMAC-SHA1 of 10,000 iterations.
func (p parser) atlassian(rest string) (Hash, error) {
	const format, iterations, salt = "atlassian-pkcs5s2", 10_000, 16
	b, err := decode("hash", encBase64, rest, salt+32, salt+32)
	if err != nil {
		return Hash{}, err
	}
	if err := within("PBKDF2 iterations", iterations, 1, p.bounds.Iterations); err != nil {
		return Hash{}, err
	}
	return p.pbkdf2(format, "sha1", iterations, b[:salt], nil, b[salt:], nil)
}

// directoryServer is {PBKDF2_SHA256} of 389 Directory Server: base64 of the iterations in 4 bytes, big-endian, 64 bytes of salt and 256
// of PBKDF2-HMAC-SHA256, eight times what an attacker needs to compute.
func (p parser) directoryServer(rest string) (Hash, error) {
	const format, count, salt, sum = "389ds-pbkdf2-sha256", 4, 64, 256
	b, err := decode("hash", encBase64, rest, count+salt+sum, count+salt+sum)
	if err != nil {
		return Hash{}, err
	}
	iterations := int64(binary.BigEndian.Uint32(b))
	if err := within("PBKDF2 iterations", iterations, 1, p.bounds.Iterations); err != nil {
		return Hash{}, err
	}
	return p.pbkdf2(format, "sha256", iterations, b[count:count+salt], nil, b[count+salt:], nil)
}

// ldapPBKDF2 is ITERATIONS$SALT$SUM in passlib's base64, as OpenLDAP's pw-pbkdf2 writes it and newer releases of 389 Directory Server do,
// or in the standard one.
func (p parser) ldapPBKDF2(scheme, rest string) (Hash, error) {
	f := strings.Split(rest, "$")
	if len(f) != 3 {
		return Hash{}, malformed("ldap-pbkdf2", "give {%s}ITERATIONS$SALT$HASH", scheme)
	}
	name := strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(scheme, "PBKDF2"), "-"))
	if name == "" {
		name = "sha1"
	}
	iterations, err := p.iterations(f[0])
	if err != nil {
		return Hash{}, err
	}
	salt, saltErr := decode("salt", encAdapted, f[1], 0, maxSalt)
	size := mustDigest(name).size
	sum, sumErr := decode("sum", encAdapted, f[2], size, size)
	return p.pbkdf2("ldap-pbkdf2", name, iterations, salt, saltErr, sum, sumErr)
}
