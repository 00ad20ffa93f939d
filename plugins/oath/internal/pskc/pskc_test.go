package pskc

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

var (
	transport = Secrets{Key: unhex("00112233445566778899aabbccddeeff")}
	password  = Secrets{Password: "correct horse"}
)

// The examples of RFC 6030, and files that python-pskc wrote (clear, preshared, preshared-256, password: the same two tokens).
func TestFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, serial string
		secrets      Secrets
		want         Key
	}{
		{"figure6.xml", "987654321", Secrets{Key: unhex("12345678901234567890123456789012")},
			Key{Serial: "987654321", Model: "Manufacturer", Kind: Event, Algorithm: "SHA1", Digits: 8}},
		{"figure7.xml", "", Secrets{Password: "qwerty"}, Key{Serial: "987654321", Model: "TokenVendorAcme", Kind: Event, Algorithm: "SHA1", Digits: 8}},
		{"clear.xml", "TOK-0002", Secrets{}, two}, {"preshared.xml", "TOK-0002", transport, two}, {"password.xml", "TOK-0002", password, two},
		{"clear.xml", "TOK-0001", Secrets{}, one}, {"preshared.xml", "TOK-0001", transport, one}, {"password.xml", "TOK-0001", password, one},
		{"preshared-256.xml", "TOK-0001", Secrets{Key: append(transport.Key, transport.Key...)}, one},
	} {
		box, err := Open(file(t, c.file), c.secrets)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		got, err := box.Key(c.serial)
		if err != nil {
			t.Errorf("%s %s: %v", c.file, c.serial, err)
			continue
		}
		secret := "12345678901234567890"
		if c.want.Algorithm == "SHA256" {
			secret += "123456789012"
		}
		if string(got.Secret) != secret {
			t.Errorf("%s %s: the secret is %q", c.file, c.serial, got.Secret)
		}
		got.Secret = nil
		if !equal(got, c.want) {
			t.Errorf("%s %s: %+v, want %+v", c.file, c.serial, got, c.want)
		}
	}
}

var (
	one = Key{Serial: "TOK-0001", Model: "ACME T1", Kind: Time, Algorithm: "SHA256", Digits: 8, Period: 60, Drift: 2}
	two = Key{Serial: "TOK-0002", Model: "ACME", Kind: Event, Algorithm: "SHA1", Digits: 6, Counter: 42}
)

func equal(a, b Key) bool {
	return a.Serial == b.Serial && a.Model == b.Model && a.Kind == b.Kind && a.Algorithm == b.Algorithm && a.Digits == b.Digits &&
		a.Period == b.Period && a.Counter == b.Counter && a.Drift == b.Drift && a.Expires.Equal(b.Expires)
}

// Whatever is changed, one of the errors says so, without the secrets.
func TestRefused(t *testing.T) {
	t.Parallel()
	const serial = "TOK-0001"
	for name, c := range map[string]struct {
		file, old, new string
		secrets        Secrets
		problem        string
	}{
		"no key":                {"preshared.xml", "", "", Secrets{}, "pre-shared key"},
		"another key":           {"preshared.xml", "", "", Secrets{Key: unhex("00112233445566778899aabbccddee00")}, "does not open"},
		"key of another length": {"preshared.xml", "", "", Secrets{Key: []byte("short")}, "does not open"},
		"no password":           {"password.xml", "", "", Secrets{}, "password"},
		"another password":      {"password.xml", "", "", Secrets{Password: "wrong horse"}, "does not open"},
		"unknown cipher":        {"preshared.xml", "xmlenc#aes128-cbc", "xmlenc#tripledes-cbc", transport, "unknown algorithm"},
		"unknown MAC":           {"preshared.xml", "xmldsig#hmac-sha1", "xmldsig#hmac-md5", transport, "unknown algorithm"},
		"no MAC method":         {"preshared.xml", "pskc:MACMethod", "pskc:Extensions", transport, "without a MAC"},
		"too many iterations":   {"password.xml", ">2000<", ">2000000<", password, "iterations"},
		"too few iterations":    {"password.xml", ">2000<", ">1<", password, "iterations"},
		"unknown function":      {"password.xml", "hmac-sha256", "hmac-md5", password, "unknown function"},
		"another derivation":    {"password.xml", "#pbkdf2", "#pbkdf1", password, "PBKDF2"},
		"document type":         {"clear.xml", "<pskc:KeyContainer", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><pskc:KeyContainer`, Secrets{}, "document type"},
		"unknown entity":        {"clear.xml", "TOK-0001", "&e;", Secrets{}, "cannot be read"},
		"instruction":           {"clear.xml", "<pskc:KeyContainer", `<?php echo 1 ?><pskc:KeyContainer`, Secrets{}, "instruction"},
		"another version":       {"clear.xml", `Version="1.0"`, `Version="2.0"`, Secrets{}, "version"},
		"another root":          {"clear.xml", "pskc:KeyContainer", "pskc:Container", Secrets{}, "cannot be read"},
		"another namespace":     {"clear.xml", "urn:ietf:params:xml:ns:keyprov:pskc\"", "urn:example\"", Secrets{}, "cannot be read"},
		"two roots":             {"clear.xml", "</pskc:KeyContainer>", "</pskc:KeyContainer><x/>", Secrets{}, "cannot be read"},
		"another encoding":      {"clear.xml", "UTF-8", "UTF-16", Secrets{}, "cannot be read"},
		"another algorithm":     {"clear.xml", "pskc:totp", "pskc:ocra", Secrets{}, "neither HOTP nor TOTP"},
		"unknown hash":          {"clear.xml", "HMAC-SHA256", "HMAC-MD5", Secrets{}, "unknown hash"},
		"letters":               {"clear.xml", "DECIMAL", "HEXADECIMAL", Secrets{}, "decimal"},
		"a number that is none": {"clear.xml", ">60<", ">soon<", Secrets{}, "TimeInterval"},
		"negative interval":     {"clear.xml", ">60<", ">-60<", Secrets{}, "TimeInterval"},
		"the same serial twice": {"clear.xml", "TOK-0002", "TOK-0001", Secrets{}, "two tokens"},
		"no such token":         {"clear.xml", "TOK-0001", "TOK-0003", Secrets{}, "does not hold"},
		"unknown policy":        {"clear.xml", "</pskc:Data>", "</pskc:Data><pskc:Policy><pskc:PINPolicy/></pskc:Policy>", Secrets{}, "PINPolicy"},
		"another use":           {"clear.xml", "</pskc:Data>", "</pskc:Data><pskc:Policy><pskc:KeyUsage>Encrypt</pskc:KeyUsage></pskc:Policy>", Secrets{}, "one-time"},
		"two secrets":           {"clear.xml", "<pskc:Secret>\n", "<pskc:Secret><pskc:PlainValue>AAAA</pskc:PlainValue>\n", Secrets{}, "once"},
		"not base64":            {"clear.xml", "MTIzNDU2", "!", Secrets{}, "base64"},
	} {
		raw := string(file(t, c.file))
		if c.old != "" {
			if !strings.Contains(raw, c.old) {
				t.Errorf("%s: the file has no %q to change", name, c.old)
				continue
			}
			raw = strings.ReplaceAll(raw, c.old, c.new)
		}
		box, err := Open([]byte(raw), c.secrets)
		if err == nil {
			_, err = box.Key(serial)
		}
		if err == nil || !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %v, want an error about %q", name, err, c.problem)
		} else if strings.Contains(err.Error(), "MTIzNDU2") || strings.Contains(err.Error(), "horse") {
			t.Errorf("%s: the error tells a secret: %v", name, err)
		}
	}
}

// Each byte of an encrypted value is held by its MAC.
func TestTampered(t *testing.T) {
	t.Parallel()
	raw := string(file(t, "figure6.xml"))
	value := "AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv"
	for i := range value {
		changed := value[:i] + map[bool]string{true: "B", false: "A"}[value[i] == 'A'] + value[i+1:]
		box, err := Open([]byte(strings.Replace(raw, value, changed, 1)), Secrets{Key: unhex("12345678901234567890123456789012")})
		if err != nil {
			t.Fatal(err)
		}
		if k, err := box.Key(""); err == nil {
			t.Fatalf("byte %d: %+v", i, k)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	clear := string(file(t, "clear.xml"))
	for name, raw := range map[string]string{
		"large":      clear + strings.Repeat(" ", maxFile),
		"deep":       strings.Repeat("<a>", maxDepth+1) + strings.Repeat("</a>", maxDepth+1),
		"empty":      "",
		"not XML":    "serial;secret",
		"many keys":  `<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">` + strings.Repeat("<KeyPackage/>", maxKeys+1) + `</KeyContainer>`,
		"no key":     `<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"/>`,
		"not closed": `<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage>`,
	} {
		if box, err := Open([]byte(raw), Secrets{}); err == nil {
			t.Errorf("%s: %d keys", name, len(box.Serials()))
		}
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	raw := strings.Replace(string(file(t, "figure6.xml")), "</Data>", "</Data><Policy><ExpiryDate>2030-05-31T00:00:00Z</ExpiryDate><KeyUsage>OTP</KeyUsage></Policy>", 1)
	box, err := Open([]byte(raw), Secrets{Key: unhex("12345678901234567890123456789012")})
	if err != nil {
		t.Fatal(err)
	}
	if k, err := box.Key(""); err != nil || !k.Expires.Equal(time.Date(2030, 5, 31, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", k, err)
	}
}

// FuzzOpen: whatever the file holds, reading it ends, and what is read is within bounds.
func FuzzOpen(f *testing.F) {
	for _, name := range []string{"clear.xml", "figure6.xml", "preshared-256.xml"} {
		f.Add(file(f, name))
	}
	f.Add([]byte(`<!DOCTYPE a>`))
	secrets := Secrets{Key: unhex("12345678901234567890123456789012")}
	f.Fuzz(func(t *testing.T, raw []byte) {
		box, err := Open(raw, secrets)
		if err != nil {
			return
		}
		for _, serial := range box.Serials() {
			k, err := box.Key(serial)
			if err != nil {
				continue
			}
			if k.Kind != Event && k.Kind != Time || k.Counter < 0 || k.Period < 0 || k.Period > 3600 || suites[k.Algorithm] == "" {
				t.Fatalf("%+v", k)
			}
		}
	})
}
