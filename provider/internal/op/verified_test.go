package op

import (
	"crypto/sha256"
	"strconv"
	"testing"
)

func TestVerifiedIsBounded(t *testing.T) {
	t.Parallel()
	var v verified
	key := func(i int) [sha256.Size]byte { return sha256.Sum256([]byte(strconv.Itoa(i))) }
	for i := range 5 * verifiedMax {
		v.put(key(i), seenJWT{key: strconv.Itoa(i)})
		if s, ok := v.get(key(0)); !ok || s.key != "0" {
			t.Fatalf("what is in use was forgotten after %d others", i)
		}
	}
	if n := len(v.new) + len(v.old); n > 2*verifiedMax {
		t.Errorf("%d tokens are remembered", n)
	}
	if _, ok := v.get(key(1)); ok {
		t.Error("what nobody asks for is remembered for ever")
	}
}
