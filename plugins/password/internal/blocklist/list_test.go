package blocklist

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
)

func TestShippedIsWellFormed(t *testing.T) {
	t.Parallel()
	l, err := Open(shipped)
	if err != nil {
		t.Fatal(err)
	}
	if l.Len() < 200_000 {
		t.Errorf("%d entries; the list was cut", l.Len())
	}
	for i := 1; i < l.Len(); i++ {
		b, _ := bucketOf(l, i)
		if prev, _ := bucketOf(l, i-1); prev == b && l.entry(i-1)>>4 >= l.entry(i)>>4 {
			t.Fatalf("entry %d is not above the one before it", i)
		}
	}
}

func bucketOf(l List, i int) (bucket uint32, ok bool) {
	lo, hi := uint32(0), uint32(buckets)
	for lo < hi {
		mid := (lo + hi) / 2
		if l.offset(mid+1) <= i {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < buckets
}

func TestShippedHas(t *testing.T) {
	t.Parallel()
	l := Shipped()
	// Each was seen in breaches thousands of times; some are longer than most.
	for _, s := range []string{
		"password", "Password1", "12345678", "QWERTYUIOP", "iloveyou", "password123", "1q2w3e4r5t", "trustno1", "sunshine",
		"juventus", "123456789", "1234567890", "qwerty123", "liverpool", "1qaz2wsx3edc", "passwordstandard", "1qaz2wsx3edc4rfv",
	} {
		if !l.Has(s) {
			t.Errorf("%q is not listed", s)
		}
	}
	for _, s := range []string{"", "cavallo graffetta batteria", "nF3#kq9!zLw8@pXv", "\xff\xfe", strings.Repeat("a", 5000)} {
		if l.Has(s) {
			t.Errorf("%q is listed", s)
		}
	}
}

// The rate of innocent passwords that look listed must stay near 246,805 / 2^40: none in 200,000 random ones.
func TestRandomIsNotListed(t *testing.T) {
	t.Parallel()
	hits := 0
	for i := range 200_000 {
		if Shipped().Has(fmt.Sprintf("%s%d", rand.Text(), i)) {
			hits++
		}
	}
	if hits > 2 {
		t.Errorf("%d of 200,000 random passwords are listed", hits)
	}
}

func TestRankIsOrdered(t *testing.T) {
	t.Parallel()
	top, ok := Shipped().Rank("password")
	if !ok || top != 8 {
		t.Errorf("password has rank %d, %t; want the first class", top, ok)
	}
	rare, ok := Shipped().Rank("demonology19")
	if !ok || rare <= top {
		t.Errorf("a rare entry has rank %d, %t; want one above %d", rare, ok, top)
	}
}

func TestBuildAndOpen(t *testing.T) {
	t.Parallel()
	ranks := map[string]int{}
	for i := range 5000 {
		ranks[fmt.Sprintf("word-%d", i)] = i + 1
	}
	l, err := Open(string(Build(ranks)))
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range ranks {
		if got, ok := l.Rank(s); !ok || got < want || want > 8 && got >= 2*want {
			t.Fatalf("%s: rank %d, %t; want %d rounded up to a power of two", s, got, ok, want)
		}
	}
	if l.Has("word-5000") {
		t.Error("an entry that was not built in is listed")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	good := string(Build(map[string]int{"one": 1, "two": 2}))
	for name, data := range map[string]string{
		"empty":           "",
		"other magic":     "VBL2" + good[4:],
		"cut entry":       good[:len(good)-1],
		"missing entry":   good[:len(good)-entryLen],
		"falling offsets": good[:len(magic)] + "\xff\xff\xff\xff" + good[len(magic)+4:],
	} {
		if _, err := Open(data); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func BenchmarkRank(b *testing.B) {
	for b.Loop() {
		Shipped().Rank("cavallo graffetta")
	}
}
