package legacyhash

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// The bytes are those of the tables of the Unicode Consortium (MICSFT/EBCDIC/CP037.TXT, MICSFT/WINDOWS/CP1252.TXT, ISO8859) and of IBM's
// CDRA for 1047.
func TestSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		steps    []Step
		password string
		want     string // in hexadecimal
		refused  bool
	}{
		{"none", nil, "è", "c3a8", false},
		{"windows-1252", steps(Step{Do: "charset", Charset: "windows-1252"}), "è€Ž", "e8808e", false},
		{"windows-1252, letter and accent apart", steps(Step{Do: "charset", Charset: "windows-1252"}), "e\u0300", "e8", false},
		{"iso-8859-1", steps(Step{Do: "charset", Charset: "iso-8859-1"}), "perché", "7065726368e9", false},
		{"iso-8859-1 has no euro", steps(Step{Do: "charset", Charset: "iso-8859-1"}), "1€", "3100", true},
		{"iso-8859-1 with a stand-in", steps(Step{Do: "charset", Charset: "iso-8859-1", Replace: "?"}), "1€", "313f", false},
		{"iso-8859-15", steps(Step{Do: "charset", Charset: "iso-8859-15"}), "€", "a4", false},
		{"ibm037", steps(Step{Do: "charset", Charset: "ibm037"}), "Aa09[é", "c181f0f9ba51", false},
		{"ibm1047", steps(Step{Do: "charset", Charset: "ibm1047"}), "Aa09[é", "c181f0f9ad51", false},
		{"ibm1140", steps(Step{Do: "charset", Charset: "ibm1140"}), "€", "9f", false},
		{"ibm037 with a stand-in", steps(Step{Do: "charset", Charset: "ibm037", Replace: "?"}), "€", "6f", false},
		{"utf-16le", steps(wide), "é😀", "e9003dd800de", false},
		{"utf-16be", steps(Step{Do: "charset", Charset: "utf-16be"}), "é😀", "00e9d83dde00", false},
		{"no UTF-8", steps(wide), "\xff", "fdff", true},
		{"upper", steps(Step{Do: "upper"}), "aè1", hex.EncodeToString([]byte("AÈ1")), false},
		{"upper-ascii", steps(Step{Do: "upper-ascii"}), "aè1", hex.EncodeToString([]byte("Aè1")), false},
		{"lower", steps(Step{Do: "lower"}), "AÈ1", hex.EncodeToString([]byte("aè1")), false},
		{"trim", steps(Step{Do: "trim"}), " \ta b\n", "612062", false},
		{"truncate bytes", steps(Step{Do: "truncate", Bytes: 8}), "123456789", "3132333435363738", false},
		{"truncate characters", steps(Step{Do: "truncate", Characters: 2}), "èèè", "c3a8c3a8", false},
		{"truncate less", steps(Step{Do: "truncate", Characters: 9}), "è", "c3a8", false},
		{"mainframe", steps(Step{Do: "upper"}, Step{Do: "charset", Charset: "ibm037"}, Step{Do: "truncate", Bytes: 8}), "segretissimo", "e2c5c7d9c5e3c9e2", false},
		{"append", steps(Step{Do: "append", Secret: "PEPPER"}), "pw", hex.EncodeToString([]byte("pwPEPPER")), false},
		{"prepend", steps(Step{Do: "prepend", Secret: "PEPPER"}), "pw", hex.EncodeToString([]byte("PEPPERpw")), false},
		// RFC 4231, test case 2.
		{"hmac", steps(Step{Do: "hmac", Digest: "sha256", Secret: "Jefe", Encoding: "raw"}), "what do ya want for nothing?",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", false},
		{"digest in hexadecimal", steps(Step{Do: "digest", Digest: "md5"}), "", hex.EncodeToString([]byte("d41d8cd98f00b204e9800998ecf8427e")), false},
		{"digest in capitals", steps(Step{Do: "digest", Digest: "md5", Encoding: "HEX"}), "", hex.EncodeToString([]byte("D41D8CD98F00B204E9800998ECF8427E")), false},
		{"digest in base64", steps(Step{Do: "digest", Digest: "md5", Encoding: "base64"}), "", hex.EncodeToString([]byte("1B2M2Y8AsgTpgAmY7PhCfg==")), false},
		{"digest in base64url", steps(Step{Do: "digest", Digest: "md5", Encoding: "base64url"}), "", hex.EncodeToString([]byte("1B2M2Y8AsgTpgAmY7PhCfg")), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := newPipeline(c.steps)
			if err != nil {
				t.Fatal(err)
			}
			given := []byte(c.password)
			got, possible := p.apply(given)
			if hex.EncodeToString(got) != c.want || possible == c.refused {
				t.Errorf("%x, %t", got, possible)
			}
			if !bytes.Equal(given, []byte(c.password)) {
				t.Error("the caller's password was written to")
			}
		})
	}
}

func TestStepsThatCannotBe(t *testing.T) {
	t.Parallel()
	many := make([]Step, maxSteps+1)
	for i := range many {
		many[i] = Step{Do: "trim"}
	}
	for name, s := range map[string][]Step{
		"unknown":                 {{Do: "rot13"}},
		"empty":                   {{}},
		"unknown charset":         {{Do: "charset", Charset: "utf-7"}},
		"stand-in not in charset": {{Do: "charset", Charset: "iso-8859-1", Replace: "€"}},
		"two stand-ins":           {{Do: "charset", Charset: "iso-8859-1", Replace: "??"}},
		"stand-in in UTF-16":      {{Do: "charset", Charset: "utf-16le", Replace: "?"}},
		"truncate to nothing":     {{Do: "truncate"}},
		"truncate to less":        {{Do: "truncate", Bytes: -1}},
		"truncate to both":        {{Do: "truncate", Bytes: 1, Characters: 1}},
		"append nothing":          {{Do: "append"}},
		"a secret for nothing":    {{Do: "trim", Secret: "s"}},
		"a long secret":           {{Do: "append", Secret: Secret(strings.Repeat("s", MaxPassword+1))}},
		"hmac of no digest":       {{Do: "hmac", Secret: "s"}},
		"digest of no encoding":   {{Do: "digest", Digest: "md5", Encoding: "base32"}},
		"text after bytes":        {{Do: "charset", Charset: "ibm037"}, {Do: "upper"}},
		"charset after bytes":     {{Do: "truncate", Bytes: 8}, {Do: "charset", Charset: "ibm037"}},
		"two charsets":            {{Do: "charset", Charset: "ibm037"}, {Do: "charset", Charset: "ibm037"}},
		"too many":                many,
	} {
		if _, err := NewScheme(Spec{Prepare: s}, Bounds{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	spec := Spec{Format: "hmac", Secret: "PEPPER", Prepare: steps(Step{Do: "append", Secret: "PEPPER"})}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("spec", "spec", spec)
	b, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(spec), fmt.Sprintf("%+v", spec), fmt.Sprintf("%#v", spec), fmt.Sprintf("%x %q", spec.Secret, spec.Secret), log.String(), string(b)} {
		if strings.Contains(s, "PEPPER") || strings.Contains(s, hex.EncodeToString([]byte("PEPPER"))) {
			t.Error(s)
		}
	}
	var read Spec
	if err := json.Unmarshal([]byte(`{"format":"hmac","secret":"PEPPER","prepare":[{"do":"append","secret":"PEPPER"}]}`), &read); err != nil ||
		string(read.Secret) != "PEPPER" || string(read.Prepare[0].Secret) != "PEPPER" {
		t.Errorf("%v: configuration is not read", err)
	}
}
