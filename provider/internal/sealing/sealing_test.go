package sealing_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
)

// memory is a KeysetStore in memory.
type memory struct {
	mu   sync.Mutex
	sets map[sealing.Class]sealing.Keyset
}

func newMemory() *memory { return &memory{sets: make(map[sealing.Class]sealing.Keyset)} }

func (m *memory) InstallationID(context.Context) (string, error) { return "installation", nil }

func (m *memory) Keysets(context.Context) ([]sealing.Keyset, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []sealing.Keyset
	for _, k := range m.sets {
		out = append(out, k)
	}
	return out, nil
}

func (m *memory) InsertKeyset(_ context.Context, k sealing.Keyset) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.sets[k.Class]; ok {
		return fault.New(fault.Conflict, "there is one")
	}
	m.sets[k.Class] = k
	return nil
}

func (m *memory) UpdateKeyset(_ context.Context, k sealing.Keyset) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sets[k.Class].Version != k.Version {
		return fault.New(fault.Conflict, "somebody else was first")
	}
	k.Version++
	m.sets[k.Class] = k
	return nil
}

func newKEK(t testing.TB) sealing.KEK {
	t.Helper()
	key := make([]byte, sealing.KEKSize)
	_, _ = rand.Read(key)
	kek, err := sealing.NewRawKEK(key)
	if err != nil {
		t.Fatal(err)
	}
	return kek
}

func open(t testing.TB, s sealing.KeysetStore, kek sealing.KEK, old ...sealing.KEK) *sealing.Keyring {
	t.Helper()
	r, err := sealing.Open(t.Context(), s, kek, old...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func seal(t testing.TB, r *sealing.Keyring, text string, where ...string) []byte {
	t.Helper()
	c, err := r.Seal(sealing.ClassCredential, []byte(text), where...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func opens(t testing.TB, r *sealing.Keyring, c []byte, want string, where ...string) {
	t.Helper()
	got, err := r.Open(sealing.ClassCredential, c, where...)
	if err != nil || string(got) != want {
		t.Errorf("Open = %q, %v; want %q", got, err, want)
	}
}

func TestSealedOpensOnlyInItsPlace(t *testing.T) {
	t.Parallel()
	r := open(t, newMemory(), newKEK(t))
	c := seal(t, r, "secret", "credential", "id", "totp", "anna")
	opens(t, r, c, "secret", "credential", "id", "totp", "anna")
	if bytes.Contains(c, []byte("secret")) {
		t.Error("the secret shows")
	}
	if bytes.Equal(c, seal(t, r, "secret", "credential", "id", "totp", "anna")) {
		t.Error("the same secret seals to the same bytes")
	}
	elsewhere := open(t, newMemory(), newKEK(t))
	for what, try := range map[string]func() ([]byte, error){
		"another row":         func() ([]byte, error) { return r.Open(sealing.ClassCredential, c, "credential", "id", "totp", "bruno") },
		"parts cut elsewhere": func() ([]byte, error) { return r.Open(sealing.ClassCredential, c, "credential", "idtotp", "", "anna") },
		"parts joined":        func() ([]byte, error) { return r.Open(sealing.ClassCredential, c, "credential", "id", "totpanna") },
		"no place":            func() ([]byte, error) { return r.Open(sealing.ClassCredential, c) },
		"another class":       func() ([]byte, error) { return r.Open(sealing.ClassFlow, c, "credential", "id", "totp", "anna") },
		"another installation": func() ([]byte, error) {
			return elsewhere.Open(sealing.ClassCredential, c, "credential", "id", "totp", "anna")
		},
		"nothing": func() ([]byte, error) {
			return r.Open(sealing.ClassCredential, nil, "credential", "id", "totp", "anna")
		},
	} {
		if got, err := try(); !fault.Is(err, fault.Invalid) || got != nil {
			t.Errorf("%s: opens to %q, %v", what, got, err)
		}
	}
	for i := range c {
		spoilt := bytes.Clone(c)
		spoilt[i] ^= 1
		if _, err := r.Open(sealing.ClassCredential, spoilt, "credential", "id", "totp", "anna"); err == nil {
			t.Errorf("byte %d may be changed", i)
		}
	}
	if _, err := r.Seal("unknown", nil); !fault.Is(err, fault.Internal) {
		t.Errorf("sealing under an unknown class: %v", err)
	}
}

func TestMACSeparates(t *testing.T) {
	t.Parallel()
	s, kek := newMemory(), newKEK(t)
	r := open(t, s, kek)
	base := r.MAC(sealing.PurposeCode, "flow", "1")
	if base != r.MAC(sealing.PurposeCode, "flow", "1") || base != open(t, s, kek).MAC(sealing.PurposeCode, "flow", "1") {
		t.Error("the same parts derive different bytes")
	}
	seen := map[[32]byte]string{base: "base"}
	for what, m := range map[string][32]byte{
		"another purpose":      r.MAC(sealing.PurposeSession, "flow", "1"),
		"parts cut elsewhere":  r.MAC(sealing.PurposeCode, "flo", "w1"),
		"parts joined":         r.MAC(sealing.PurposeCode, "flow1"),
		"an empty part more":   r.MAC(sealing.PurposeCode, "flow", "1", ""),
		"no part":              r.MAC(sealing.PurposeCode),
		"a part with a length": r.MAC(sealing.PurposeCode, "flow\x011"),
		"another installation": open(t, newMemory(), newKEK(t)).MAC(sealing.PurposeCode, "flow", "1"),
	} {
		if other, ok := seen[m]; ok {
			t.Errorf("%s derives the same as %s", what, other)
		}
		seen[m] = what
	}
}

func TestProcessesThatStartAtOnceShareKeys(t *testing.T) {
	t.Parallel()
	s, kek := newMemory(), newKEK(t)
	rings := make([]*sealing.Keyring, 8)
	var all sync.WaitGroup
	for i := range rings {
		all.Go(func() { rings[i], _ = sealing.Open(t.Context(), s, kek) })
	}
	all.Wait()
	if slices.Contains(rings, nil) {
		t.Fatal("a process did not open")
	}
	for _, a := range rings {
		c := seal(t, a, "x")
		for _, b := range rings {
			opens(t, b, c, "x")
		}
	}
}

func TestRewrap(t *testing.T) {
	t.Parallel()
	s, first, second := newMemory(), newKEK(t), newKEK(t)
	running := open(t, s, first)
	c := seal(t, running, "x", "place")

	if _, err := sealing.Open(t.Context(), s, second); !fault.Is(err, fault.Invalid) {
		t.Fatalf("opening without the key that wraps: %v", err)
	}
	operator := open(t, s, second, first)
	n, err := operator.Rewrap(t.Context())
	if err != nil || n != 9 {
		t.Fatalf("Rewrap = %d, %v", n, err)
	}
	if n, err = operator.Rewrap(t.Context()); err != nil || n != 0 {
		t.Fatalf("Rewrap again = %d, %v", n, err)
	}
	opens(t, running, c, "x", "place") // a running process notices nothing
	after := open(t, s, second)        // the old key is not needed any more
	opens(t, after, c, "x", "place")
	opens(t, running, seal(t, after, "y", "place"), "y", "place")
	if after.MAC(sealing.PurposeCode, "a") != running.MAC(sealing.PurposeCode, "a") {
		t.Error("what is derived changed")
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	s, kek := newMemory(), newKEK(t)
	a, b := open(t, s, kek), open(t, s, kek)
	old := seal(t, a, "old")
	mac := a.MAC(sealing.PurposeSession, "s")
	if n, err := a.Rotate(t.Context()); err != nil || n != 8 {
		t.Fatalf("Rotate = %d, %v", n, err)
	}
	opens(t, a, old, "old")
	fresh := seal(t, a, "new")
	if bytes.Equal(fresh[:5], old[:5]) {
		t.Error("the old key still seals")
	}
	opens(t, b, fresh, "new") // another replica looks for the key it does not know
	if bytes.Equal(seal(t, b, "new")[:5], old[:5]) {
		t.Error("a replica that saw the new key still seals with the old one")
	}
	if a.MAC(sealing.PurposeSession, "s") != mac {
		t.Error("rotation voids sessions")
	}
}

// lossy loses the first compare-and-set of each class.
type lossy struct {
	*memory
	lost map[sealing.Class]bool
}

func (l *lossy) UpdateKeyset(ctx context.Context, k sealing.Keyset) error {
	if !l.lost[k.Class] {
		l.lost[k.Class] = true
		return fault.New(fault.Conflict, "lost")
	}
	return l.memory.UpdateKeyset(ctx, k)
}

func TestRotateTriesAgainAfterLosing(t *testing.T) {
	t.Parallel()
	s := &lossy{memory: newMemory(), lost: make(map[sealing.Class]bool)}
	if n, err := open(t, s, newKEK(t)).Rotate(t.Context()); err != nil || n != 8 {
		t.Errorf("Rotate = %d, %v", n, err)
	}
}

func TestTamperedKeysetDoesNotOpen(t *testing.T) {
	t.Parallel()
	s, kek := newMemory(), newKEK(t)
	open(t, s, kek)
	flow, credential := s.sets[sealing.ClassFlow], s.sets[sealing.ClassCredential]
	flow.Wrapped, credential.Wrapped = credential.Wrapped, flow.Wrapped // an attacker who can write swaps two classes
	s.sets[sealing.ClassFlow], s.sets[sealing.ClassCredential] = flow, credential
	if _, err := sealing.Open(t.Context(), s, kek); !fault.Is(err, fault.Invalid) {
		t.Errorf("keysets of other classes open: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	r := open(f, newMemory(), newKEK(f))
	f.Add([]byte{}, "")
	f.Add(seal(f, r, "x", "place"), "place")
	f.Add([]byte{1, 0, 0, 0, 0, 9}, "place")
	f.Fuzz(func(t *testing.T, c []byte, where string) {
		got, err := r.Open(sealing.ClassFlow, c, where)
		if err == nil {
			t.Errorf("bytes that nobody sealed open to %q", got)
		}
	})
}

func BenchmarkBox(b *testing.B) {
	r := open(b, newMemory(), newKEK(b))
	text := make([]byte, 1024)
	c, err := r.Seal(sealing.ClassFlow, text, "flow", "0123456789012345678901")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("seal 1 KiB", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Seal(sealing.ClassFlow, text, "flow", "0123456789012345678901"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open 1 KiB", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Open(sealing.ClassFlow, c, "flow", "0123456789012345678901"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("MAC", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.MAC(sealing.PurposeCode, "0123456789012345678901", "3")
		}
	})
}

func ExampleKeyring() {
	key, _ := sealing.NewRawKEK(make([]byte, sealing.KEKSize))
	ring, _ := sealing.Open(context.Background(), newMemory(), key)
	sealed, _ := ring.Seal(sealing.ClassFlow, []byte("state"), "flow", "id")
	text, _ := ring.Open(sealing.ClassFlow, sealed, "flow", "id")
	_, err := ring.Open(sealing.ClassFlow, sealed, "flow", "another")
	fmt.Printf("%s, %v\n", text, err)
	// Output: state, a sealed value of class flow does not open
}

// away is a key-encryption key in a KMS that cannot be reached.
type away struct{ sealing.KEK }

func (away) Unwrap(context.Context, []byte, []byte) ([]byte, error) {
	return nil, fault.New(fault.Unavailable, "the KMS does not answer")
}

// A KMS that is away is worth waiting for; a wrong key is not. Whoever opens the keysets must be able to tell them apart.
func TestAKeyServiceThatIsAway(t *testing.T) {
	t.Parallel()
	s, key := newMemory(), newKEK(t)
	if _, err := sealing.Open(t.Context(), s, key); err != nil {
		t.Fatal(err)
	}
	if _, err := sealing.Open(t.Context(), s, away{key}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a KMS that is away: %v", err)
	}
}
