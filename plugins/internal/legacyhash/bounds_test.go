package legacyhash

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
)

const (
	some22 = "abcdefghijklmnopqrstuu" // characters of crypt(3)'s alphabet
	some31 = "5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
	some43 = "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
	sum32  = "xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o"
)

func aspNetV3(iterations, saltLen uint32) string {
	b := append([]byte{1, 0, 0, 0, 1}, make([]byte, 8+16+32)...)
	binary.BigEndian.PutUint32(b[5:], iterations)
	binary.BigEndian.PutUint32(b[9:], saltLen)
	return base64.StdEncoding.EncodeToString(b)
}

func directoryServerRow(iterations uint32) string {
	b := make([]byte, 4+64+256)
	binary.BigEndian.PutUint32(b, iterations)
	return "{PBKDF2_SHA256}" + base64.StdEncoding.EncodeToString(b)
}

func TestHostileParameters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, row, parameter, value string
	}{
		{"argon2 of 4 GiB", "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$" + sum32, "argon2 memory in KiB", "4194304"},
		{"argon2 in Django of 4 GiB", "argon2$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$" + sum32, "argon2 memory in KiB", "4194304"},
		{"argon2 of no memory", "$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$" + sum32, "argon2 memory in KiB", "7"},
		{"argon2 of many passes", "$argon2id$v=19$m=8,t=1000000000,p=1$c29tZXNhbHQ$" + sum32, "argon2 passes", "1000000000"},
		{"argon2 of many lanes", "$argon2id$v=19$m=65536,t=1,p=255$c29tZXNhbHQ$" + sum32, "argon2 lanes", "255"},
		{"argon2 of no lanes", "$argon2id$v=19$m=65536,t=1,p=0$c29tZXNhbHQ$" + sum32, "argon2 lanes", "0"},
		{"argon2 that multiplies", "$argon2id$v=19$m=262144,t=64,p=1$c29tZXNhbHQ$" + sum32, "estimated time in milliseconds", "16777"},
		{"bcrypt of 31", "$2b$31$" + some22 + some31, "bcrypt cost", "31"},
		{"bcrypt of 3", "$2b$03$" + some22 + some31, "bcrypt cost", "3"},
		{"bcrypt-sha256 of 31", "$bcrypt-sha256$v=2,t=2b,r=31$" + some22 + "$" + some31, "bcrypt cost", "31"},
		{"bcrypt in Django of 31", "bcrypt_sha256$$2b$31$" + some22 + some31, "bcrypt cost", "31"},
		{"scrypt of 2^30", "$scrypt$ln=30,r=8,p=1$c2FsdA$" + sum32, "scrypt log2 N", "30"},
		{"scrypt of r 2^20", "$scrypt$ln=10,r=1048576,p=1$c2FsdA$" + sum32, "scrypt block size", "1048576"},
		{"scrypt of p 2^20", "$scrypt$ln=10,r=8,p=1048576$c2FsdA$" + sum32, "scrypt lanes", "1048576"},
		{"scrypt that multiplies", "$scrypt$ln=18,r=32,p=16$c2FsdA$" + sum32, "memory in bytes", "1073741824"},
		{"scrypt in Werkzeug of 2^30", "scrypt:1073741824:8:1$salt$" + strings.Repeat("ab", 64), "scrypt N", "1073741824"},
		{"scrypt in Django of 2^30", "scrypt$1073741824$salt$8$1$" + base64.StdEncoding.EncodeToString(make([]byte, 64)), "scrypt N", "1073741824"},
		{"yescrypt of 2^30", "$y$jRT$abcd$" + some43, "yescrypt log2 N", "30"},
		{"yescrypt of r 64", "$y$j9z$abcd$" + some43, "yescrypt block size", "64"},
		{"PBKDF2", "$pbkdf2-sha256$1000000000$c2FsdA$" + sum32, "PBKDF2 iterations", "1000000000"},
		{"PBKDF2 of no iterations", "$pbkdf2-sha256$0$c2FsdA$" + sum32, "PBKDF2 iterations", "0"},
		{"PBKDF2, a number over 64 bits", "$pbkdf2-sha256$100000000000000000000000$c2FsdA$" + sum32, "PBKDF2 iterations", "a number of 24 digits"},
		{"PBKDF2 of PHC", "$pbkdf2-sha512$i=1000000000,l=32$c2FsdA$" + sum32, "PBKDF2 iterations", "1000000000"},
		{"PBKDF2 of PHC, a long sum", "$pbkdf2-sha512$i=1,l=1000000$c2FsdA$" + sum32, "length of the sum in bytes", "1000000"},
		{"PBKDF2 in Django", "pbkdf2_sha256$1000000000$salt$" + sum32 + "=", "PBKDF2 iterations", "1000000000"},
		{"PBKDF2 in Werkzeug", "pbkdf2:sha256:1000000000$salt$" + strings.Repeat("ab", 32), "PBKDF2 iterations", "1000000000"},
		{"PBKDF2 in LDAP", "{PBKDF2-SHA256}1000000000$c2FsdA$" + sum32, "PBKDF2 iterations", "1000000000"},
		{"PBKDF2 of 389 Directory Server", directoryServerRow(4294967295), "PBKDF2 iterations", "4294967295"},
		{"PBKDF2 of 389 Directory Server that multiplies", directoryServerRow(2_000_000), "estimated time in milliseconds", "4800"},
		{"ASP.NET", aspNetV3(4294967295, 16), "PBKDF2 iterations", "4294967295"},
		{"ASP.NET, a salt longer than the row", aspNetV3(1000, 4294967295), "length of the salt in bytes", "4294967295"},
		{"ASP.NET, a salt that leaves no sum", aspNetV3(1000, 47), "length of the sum in bytes", "1"},
		{"Keycloak", `{"credentialData":{"hashIterations":1000000000,"algorithm":"pbkdf2-sha256"},"secretData":{"salt":"c2FsdA==","value":"` + sum32 + `="}}`,
			"PBKDF2 iterations", "1000000000"},
		{"Keycloak's argon2", `{"credentialData":{"hashIterations":1,"algorithm":"argon2","additionalParameters":{"version":["1.3"],"type":["id"],"memory":["4194304"],` +
			`"parallelism":["1"]}},"secretData":{"salt":"c29tZXNhbHQ=","value":"` + sum32 + `="}}`, "argon2 memory in KiB", "4194304"},
		{"SCRAM", "SCRAM-SHA-256$1000000000:c2FsdA==$" + sum32 + "=:" + sum32 + "=", "PBKDF2 iterations", "1000000000"},
		{"crypt-sha256", "$5$rounds=999999999$salt$" + some43, "rounds of crypt-sha", "999999999"},
		{"crypt-sha512", "$6$rounds=999999999$salt$" + some43 + some43, "rounds of crypt-sha", "999999999"},
		{"crypt-sha1", "$sha1$4294967295$salt$" + some43[:28], "rounds of crypt-sha1", "4294967295"},
		{"crypt-sun-md5", "$md5,rounds=4294967295$salt$$" + some22, "rounds of Sun's crypt-md5", "4294967295"},
		{"caching_sha2", "$A$FFF$" + strings.Repeat("s", 20) + some43, "rounds of caching_sha2", "4095000"},
		{"phpass of 2^31", "$P$Tsaltsalt" + some22, "log2 of the rounds of phpass", "31"},
		{"Drupal of 2^31", "$S$Tsaltsalt" + some43, "log2 of the rounds of drupal7", "31"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if strings.HasSuffix(c.value, "4800") { // under the default bound of time, over a lower one
				s, err := NewScheme(Spec{}, Bounds{Time: time.Second})
				if err != nil {
					t.Fatal(err)
				}
				refused(t, c.parameter, c.value, func() error { _, err := s.Parse(row(c.row)); return err })
				return
			}
			refused(t, c.parameter, c.value, func() error { _, err := Parse(c.row); return err })
		})
	}
}

func refused(t *testing.T, parameter, value string, parse func() error) {
	t.Helper()
	err := parse()
	var b *BoundsError
	if !errors.As(err, &b) {
		t.Fatalf("%v, want a refusal of %s", err, parameter)
	}
	if b.Parameter != parameter || b.Value != value {
		t.Errorf("refused %s of %s, want %s of %s", b.Parameter, b.Value, parameter, value)
	}
	if !strings.Contains(err.Error(), parameter) || !strings.Contains(err.Error(), value) {
		t.Errorf("%q names neither or one", err)
	}
}

// Every hash that passes the widest bounds there can be must still be one that the machine survives.
func TestHardBoundsHoldInNumbers(t *testing.T) {
	t.Parallel()
	hard := HardBounds()
	if hard.Memory > 1<<30 || hard.Time > 15*time.Second {
		t.Errorf("one hash may take %d MiB and %v", hard.Memory>>20, hard.Time)
	}
	s, err := NewScheme(Spec{}, hard)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := s.Parse(row("$argon2id$v=19$m=1048576,t=3,p=4$c29tZXNhbHQ$" + sum32)); err != nil || h.Cost().Memory != 1<<30 {
		t.Errorf("%v, %v", h, err)
	}
	refused(t, "argon2 memory in KiB", "1048577", func() error {
		_, err := s.Parse(row("$argon2id$v=19$m=1048577,t=3,p=4$c29tZXNhbHQ$" + sum32))
		return err
	})
	defaults := DefaultBounds()
	if _, err := defaults.complete(); err != nil {
		t.Errorf("the defaults are over the hard bounds: %v", err)
	}
}

func TestConfiguredBounds(t *testing.T) {
	t.Parallel()
	const row12 = "$2b$12$" + some22 + some31
	if _, err := Parse(row12); err != nil {
		t.Errorf("by default: %v", err)
	}
	s, err := NewScheme(Spec{}, Bounds{BcryptCost: 11})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "bcrypt cost", "12", func() error { _, err := s.Parse(row(row12)); return err })
	for _, b := range []Bounds{
		{Memory: 1<<30 + 1}, {Time: 16 * time.Second}, {Argon2Passes: 1025}, {Argon2Lanes: 65}, {BcryptCost: 18}, {ScryptLogN: 21}, {ScryptBlockSize: 65},
		{ScryptLanes: 65}, {Iterations: 20_000_001}, {Rounds: 10_000_001}, {StretchLog2: 25}, {Memory: -1}, {Rounds: -1},
	} {
		var e *BoundsError
		if _, err := NewScheme(Spec{}, b); !errors.As(err, &e) || !strings.HasPrefix(e.Parameter, "bound of ") {
			t.Errorf("%+v: %v", b, err)
		}
	}
}
