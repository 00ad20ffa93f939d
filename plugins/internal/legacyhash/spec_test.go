package legacyhash

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

func TestSpecsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]Spec{
		"unknown format":            {Format: "rot13"},
		"digest of none":            {Format: "digest"},
		"digest of an unknown":      {Format: "digest", Digest: "crc32"},
		"unknown encoding":          {Format: "digest", Digest: "md5", Encoding: "base32"},
		"unknown salt encoding":     {Format: "digest", Digest: "md5", Salt: SaltSpec{Encoding: "base32"}},
		"unknown position":          {Format: "digest", Digest: "md5", Salt: SaltSpec{Position: "within"}},
		"unknown layout":            {Format: "digest", Digest: "md5", Layout: "csv"},
		"unknown repetition":        {Format: "digest", Digest: "md5", Again: "password"},
		"layout without separator":  {Format: "digest", Digest: "md5", Layout: layoutHashSalt},
		"separator without layout":  {Format: "digest", Digest: "md5", Separator: ":"},
		"digest with key":           {Format: "digest", Digest: "md5", Key: "salt"},
		"digest with secret":        {Format: "digest", Digest: "md5", Secret: "s"},
		"hmac without key":          {Format: "hmac", Digest: "md5"},
		"hmac of an unknown key":    {Format: "hmac", Digest: "md5", Key: "user"},
		"hmac without its secret":   {Format: "hmac", Digest: "md5", Key: "secret"},
		"hmac with another secret":  {Format: "hmac", Digest: "md5", Key: "salt", Secret: "s"},
		"hmac with position":        {Format: "hmac", Digest: "md5", Key: "salt", Salt: SaltSpec{Position: "before"}},
		"hmac with rounds":          {Format: "hmac", Digest: "md5", Key: "salt", Rounds: 2},
		"pbkdf2 without iterations": {Format: "pbkdf2", Digest: "sha1"},
		"pbkdf2 with position":      {Format: "pbkdf2", Digest: "sha1", Rounds: 1, Salt: SaltSpec{Position: "before"}},
		"pbkdf2 over bounds":        {Format: "pbkdf2", Digest: "sha1", Rounds: 1e9},
		"digest over bounds":        {Format: "digest", Digest: "sha1", Rounds: 1e9},
		"negative rounds":           {Format: "digest", Digest: "sha1", Rounds: -1},
		"auto with digest":          {Digest: "md5"},
		"auto with rounds":          {Rounds: 2},
		"auto with secret":          {Secret: "s"},
		"long constants":            {Format: "digest", Digest: "md5", Salt: SaltSpec{Position: "after", Opening: strings.Repeat("{", 65)}},
		"firebase without key":      {Format: "firebase-scrypt", Firebase: Firebase{Rounds: 8, MemoryCost: 14}},
		"firebase over bounds": {Format: "firebase-scrypt", Firebase: Firebase{Rounds: 8, MemoryCost: 30,
			SignerKey: Secret(base64.StdEncoding.EncodeToString(make([]byte, 64)))}},
		"firebase without rounds": {Format: "firebase-scrypt", Firebase: Firebase{MemoryCost: 14, SignerKey: Secret(base64.StdEncoding.EncodeToString(make([]byte, 64)))}},
	} {
		if _, err := NewScheme(s, Bounds{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRowsThatCannotBe(t *testing.T) {
	t.Parallel()
	md5 := "8743b52063cd84097a65d1633f5c74f5"
	for name, c := range map[string]struct {
		spec Spec
		in   Input
	}{
		"bare hexadecimal":         {Spec{}, row(md5)},
		"empty":                    {Spec{}, row("")},
		"salt beside a shape":      {Spec{}, Input{Encoded: "{SHA}uJ6qx+YUFzQbcQtyd2gpTQ5qJ3s=", Salt: "s"}},
		"PostgreSQL without user":  {Spec{}, row("md55fba2ea04fd36069d2574ea71c8efe9d")},
		"no salt for its place":    {Spec{Format: "digest", Digest: "md5", Salt: SaltSpec{Position: "after"}}, row(md5)},
		"no place for a salt":      {Spec{Format: "digest", Digest: "md5"}, Input{Encoded: md5, Salt: "s"}},
		"hmac without salt":        {Spec{Format: "hmac", Digest: "md5", Key: "salt"}, row(md5)},
		"pbkdf2 without salt":      {Spec{Format: "pbkdf2", Digest: "md5", Rounds: 1}, row(md5)},
		"two salts":                {digestSpec("md5", "after"), Input{Encoded: md5 + ":1", Salt: "1"}},
		"no separator":             {digestSpec("md5", "after"), row(md5)},
		"another digest":           {Spec{Format: "digest", Digest: "sha1"}, row(md5)},
		"salt in no base64":        {Spec{Format: "pbkdf2", Digest: "md5", Rounds: 1, Salt: SaltSpec{Encoding: "base64"}}, Input{Encoded: md5, Salt: "!"}},
		"a long salt":              {Spec{Format: "hmac", Digest: "md5", Key: "salt"}, Input{Encoded: md5, Salt: strings.Repeat("s", maxSalt+1)}},
		"a long user":              {Spec{}, Input{Encoded: "md5" + md5, User: strings.Repeat("u", maxUser+1)}},
		"sha1$ of two meanings":    {Spec{}, row("sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8")},
		"password in clear":        {Spec{}, row("{CLEARTEXT}secret")},
		"scheme of another server": {Spec{}, row("{SASL}user@realm")},
		"perhaps crypt of DES":     {Spec{}, row("24leDr0hHfb3A")},
		"crypt of nothing":         {Spec{Format: "crypt"}, row("8743b52063cd84097a65d1633f5c74f5")},
		"argon2 of version 16":     {Spec{}, row("$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$" + sum32)},
		"argon2 of no version":     {Spec{}, row("$argon2id$m=256,t=2,p=1$c29tZXNhbHQ$" + sum32)},
		"argon2, parameters twice": {Spec{}, row("$argon2id$v=19$m=256,t=2,p=1,m=4194304$c29tZXNhbHQ$" + sum32)},
		"argon2, another order":    {Spec{}, row("$argon2id$v=19$t=2,m=256,p=1$c29tZXNhbHQ$" + sum32)},
		"scrypt, not a power":      {Spec{}, row("scrypt:32767:8:1$salt$" + strings.Repeat("ab", 64))},
		"yescrypt, other flags":    {Spec{}, row("$y$k9T$abcd$" + some43)},
		"yescrypt, a broken salt":  {Spec{}, row("$y$j75$zzzzz$" + some43)},
		"rounds with a zero":       {Spec{}, row("$pbkdf2-sha256$01000$c2FsdA$" + sum32)},
		"rounds with a sign":       {Spec{}, row("$pbkdf2-sha256$+1000$c2FsdA$" + sum32)},
		"keycloak of an OTP":       {Spec{}, row(`{"type":"otp","secretData":"{}","credentialData":"{}"}`)},
		"keycloak of bcrypt":       {Spec{}, row(`{"type":"password","secretData":{"value":"` + sum32 + `=","salt":"c2FsdA=="},"credentialData":{"algorithm":"bcrypt"}}`)},
		"oracle of XML DB":         {Spec{}, row("H:DC9894A01797D91D92ECA1DA66242209")},
	} {
		s, err := NewScheme(c.spec, Bounds{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if h, err := s.Parse(c.in); err == nil {
			t.Errorf("%s: read as %v", name, h)
		}
	}
}

// Symfony's MessageDigestPasswordEncoder, as its source has it: the digest of password{salt}, then so often the digest of the last one and
// the same again, in base64; its default is 5000 rounds of SHA-512.
func TestSymfony(t *testing.T) {
	t.Parallel()
	salted := []byte("password{pepper-and-salt}")
	sum := sha512.Sum512(salted)
	for range 4999 {
		sum = sha512.Sum512(append(sum[:], salted...))
	}
	s, err := NewScheme(Spec{Format: "digest", Digest: "sha512", Encoding: "base64", Rounds: 5000, Again: "digest-salted",
		Salt: SaltSpec{Position: "after", Opening: "{", Ending: "}"}}, Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.Parse(Input{Encoded: base64.StdEncoding.EncodeToString(sum[:]), Salt: "pepper-and-salt"})
	if err != nil || !h.Verify([]byte("password")) || h.Verify([]byte("Password")) {
		t.Errorf("%v, %v", h, err)
	}
}

// Apache Shiro's SimpleHash, as its source has it: the digest of salt and password, then the digest of the last one.
func TestShiro(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte("saltpassword"))
	for range 499 {
		sum = sha256.Sum256(sum[:])
	}
	s, err := NewScheme(Spec{Format: "digest", Digest: "sha256", Rounds: 500, Salt: SaltSpec{Position: "before", Encoding: "base64"}}, Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.Parse(Input{Encoded: hex.EncodeToString(sum[:]), Salt: base64.StdEncoding.EncodeToString([]byte("salt"))})
	if err != nil || !h.Verify([]byte("password")) {
		t.Errorf("%v, %v", h, err)
	}
}

// RFC 4013's own examples: each pair is one password to SASLprep.
func TestSASLprep(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"I\u00adX": "IX", "user": "user", "USER": "USER", "\u00aa": "a", "\u2168": "IX", "a\u3000b": "a b",
		"\x07": "\x07", "\xff\u2168": "\xff\u2168", // forbidden, so as they stand
	} {
		if got := saslPrepared([]byte(given)); string(got) != want {
			t.Errorf("%q: %q", given, got)
		}
	}
}

// Drupal 7 put its own hash over the MD5, in hexadecimal, that Drupal 6 had (user_check_password in its includes/password.inc).
func TestDrupalUpgraded(t *testing.T) {
	t.Parallel()
	const md5Hex = "8743b52063cd84097a65d1633f5c74f5" // of hashcat
	for _, c := range []struct {
		setting, digest string
		length          int
	}{{"$S$5saltsalt", "sha512", 43}, {"$P$5saltsalt", "md5", 22}} {
		d := mustDigest(c.digest)
		sum := d.sum([]byte("saltsalt"), []byte(md5Hex))
		for range 1 << 7 {
			sum = d.sum(sum, []byte(md5Hex))
		}
		h, err := Parse("U" + c.setting + string(cryptEncode(sum)[:c.length]))
		if err != nil || !h.Verify([]byte("hashcat")) || h.Verify([]byte(md5Hex)) {
			t.Errorf("%s: %v, %v", c.setting, h, err)
		}
	}
}
