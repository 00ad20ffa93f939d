package legacyhash

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func mustParse(t *testing.T, encoded string) Hash {
	t.Helper()
	h, err := Parse(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestDominant(t *testing.T) {
	t.Parallel()
	var c Census
	if h := c.Dominant(); h.Verify(nil) || h.Format() != "" {
		t.Errorf("of nothing: %v", h)
	}
	c.Add(Hash{})
	cheap := mustParse(t, "$2b$04$"+some22+some31)
	for range 2 {
		c.Add(cheap)
	}
	c.Add(mustParse(t, "$2b$05$"+some22+some31))
	c.Add(mustParse(t, "{SHA}uJ6qx+YUFzQbcQtyd2gpTQ5qJ3s="))
	if got := c.Dominant(); got.Format() != "bcrypt" || got.Cost() != cheap.Cost() {
		t.Errorf("dominant is %v", got)
	}
	// Of two equally frequent, the dearer: it hides the other's accounts too, once the caller waits.
	c.Add(mustParse(t, "$2b$05$"+some22+some31))
	if got := c.Dominant(); got.Cost().Time != 2*cheap.Cost().Time {
		t.Errorf("dominant is %v", got)
	}
}

func TestDummyIsTheSameWorkAndNeverMatches(t *testing.T) {
	t.Parallel()
	h := mustParse(t, "$2a$05$MBCzKhG1KhezLh.0LRa0Kuw12nLJtpHy6DIaU.JAnqJUDYspHC.Ou")
	d := h.Dummy()
	if !h.Verify([]byte("hashcat")) || d.Verify([]byte("hashcat")) {
		t.Error("the dummy is not a dummy, or its original is")
	}
	if d.Cost() != h.Cost() || d.Format() != h.Format() {
		t.Errorf("the dummy is %v, the hash %v", d, h)
	}
	work := &counting{}
	counted := Hash{v: work, prepare: pipeline{func(p []byte) ([]byte, bool) { return p, false }}}
	if counted.Verify(nil) || counted.Dummy().Verify(nil) {
		t.Error("what cannot be prepared matches")
	}
	if work.n != 2 {
		t.Errorf("computed %d times, want 2: time tells what was refused", work.n)
	}
}

// counting matches everything and counts how often it is asked.
type counting struct{ n int }

func (c *counting) matches([]byte) bool { c.n++; return true }
func (c *counting) cost() Cost          { return Cost{} }

func TestLongPasswords(t *testing.T) {
	t.Parallel()
	work := &counting{}
	h := Hash{v: work}
	if !h.Verify(make([]byte, MaxPassword)) || h.Verify(make([]byte, MaxPassword+1)) || work.n != 1 {
		t.Errorf("computed %d times", work.n)
	}
}

func TestHashesAreNotPrinted(t *testing.T) {
	t.Parallel()
	const encoded = "$2a$05$MBCzKhG1KhezLh.0LRa0Kuw12nLJtpHy6DIaU.JAnqJUDYspHC.Ou"
	h := mustParse(t, encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(verb, h); !strings.HasPrefix(s, "bcrypt (") || strings.Contains(s, "MBCz") {
			t.Errorf("%s prints %s", verb, s)
		}
	}
	if s := mustParse(t, "$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$"+sum32).String(); s != "argon2 (64 MiB, 65.535ms)" && s != "argon2 (64 MiB, 65.536ms)" &&
		!strings.HasPrefix(s, "argon2 (64 MiB, 6") {
		t.Error(s)
	}
}

func TestConcurrentVerification(t *testing.T) {
	t.Parallel()
	for _, v := range []vector{cryptVectors[7], bcryptVectors[0], pbkdf2Vectors[0], frameworkVectors[1], databaseVectors[0], expressionVectors[3]} {
		h, err := v.scheme(t).Parse(v.in)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if !h.Verify([]byte(v.password)) || h.Verify([]byte("x"+v.password)) {
					t.Errorf("%s: another verification was in the way", v.source)
				}
			})
		}
		all.Wait()
	}
}
