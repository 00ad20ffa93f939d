package password

import (
	"strings"
	"testing"
)

func TestParsePHC(t *testing.T) {
	t.Parallel()
	const salt, sum = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	good := "$argon2id$v=19$m=65536,t=2,p=1$" + salt + "$" + sum
	h, err := parsePHC(good)
	if err != nil || h.String() != good || h.params != (Params{65536, 2, 1}) || string(h.salt) != "somesalt" {
		t.Fatalf("%+v, %v", h, err)
	}
	for name, s := range map[string]string{
		"empty":              "",
		"argon2i":            strings.Replace(good, "argon2id", "argon2i", 1),
		"argon2d":            strings.Replace(good, "argon2id", "argon2d", 1),
		"version 16":         strings.Replace(good, "v=19", "v=16", 1),
		"no version":         strings.Replace(good, "$v=19", "", 1),
		"4 GiB":              strings.Replace(good, "m=65536", "m=4194304", 1),
		"2^32 KiB":           strings.Replace(good, "m=65536", "m=4294967296", 1),
		"2^64 KiB":           strings.Replace(good, "m=65536", "m=18446744073709551616", 1),
		"negative memory":    strings.Replace(good, "m=65536", "m=-1", 1),
		"no memory":          strings.Replace(good, "m=65536", "m=0", 1),
		"memory below lanes": strings.Replace(good, "m=65536,t=2,p=1", "m=8,t=2,p=4", 1),
		"many passes":        strings.Replace(good, "t=2", "t=4294967295", 1),
		"no pass":            strings.Replace(good, "t=2", "t=0", 1),
		"much work":          strings.Replace(good, "m=65536,t=2", "m=262144,t=16", 1),
		"no lane":            strings.Replace(good, "p=1", "p=0", 1),
		"257 lanes":          strings.Replace(good, "p=1", "p=257", 1),
		"other order":        strings.Replace(good, "m=65536,t=2,p=1", "t=2,m=65536,p=1", 1),
		"extra parameter":    strings.Replace(good, "p=1", "p=1,keyid=x", 1),
		"missing parameter":  strings.Replace(good, ",p=1", "", 1),
		"short salt":         strings.Replace(good, salt, "c29t", 1),
		"long salt":          strings.Replace(good, salt, strings.Repeat("A", 88), 1),
		"short hash":         strings.Replace(good, sum, "CTFhFdXP", 1),
		"long hash":          strings.Replace(good, sum, strings.Repeat("A", 88), 1),
		"padding":            good + "=",
		"loose bits":         good[:len(good)-1] + "d",
		"URL alphabet":       strings.Replace(good, sum, strings.Repeat("_", 43), 1),
		"line break":         good + "\n",
		"long":               good + strings.Repeat("A", 1000),
		"more sections":      good + "$",
	} {
		if h, err := parsePHC(s); err == nil {
			t.Errorf("%s: read as %+v", name, h)
		} else if strings.Contains(err.Error(), sum) {
			t.Errorf("%s: the error repeats the hash: %v", name, err)
		}
	}
}

// FuzzParsePHC: whatever is read is within bounds and written back the same.
func FuzzParsePHC(f *testing.F) {
	for _, s := range []string{
		referenceHash, "$argon2id$v=19$m=4294967295,t=4294967295,p=255$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=08,t=01,p=+1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "$$$$$", "$argon2id$v=19$,,$$",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parsePHC(s)
		if err != nil {
			return
		}
		if !h.params.bounded() || uint64(h.params.MemoryKiB) > maxMemoryKiB || h.params.work() > maxWork {
			t.Fatalf("%q asks for %s", s, h.params)
		}
		again, err := parsePHC(h.String())
		if err != nil || again.String() != h.String() {
			t.Fatalf("%q: %q, %v", s, h, err)
		}
	})
}
