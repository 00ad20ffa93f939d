package passkey

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/passkey/passkeytest"
	"github.com/varco-id/varco/plugins/sdk"
)

func TestNamesThePerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, New(), `{}`)
	a := honest()
	anna, mario := b.bind("anna", a), b.bind("mario", a)
	for want, k := range map[string]*passkeytest.Key{"anna": anna, "mario": mario} {
		done := b.signIn("", a, k)
		if done.Success == nil || done.Success.Subject != want || !slices.Equal(done.Success.AMR, []string{"hwk", "user"}) {
			t.Errorf("%s: %+v", want, done)
		}
		if len(done.CredentialChanges) > 0 {
			t.Errorf("%s: written though nothing changed", want)
		}
	}
	if bytes.Equal(anna.UserHandle, mario.UserHandle) || bytes.Contains(anna.UserHandle, []byte("anna")) {
		t.Error("the user handle tells who it is")
	}
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	for _, p := range []*Plugin{New(), NewSecurityKey()} {
		b := newBench(t, p, `{}`)
		a := honest()
		k, other := b.bind("anna", a), b.bind("mario", a)
		if p.name == SecurityKey {
			a.Flags = passkeytest.UserPresent
		}
		if done := b.signIn("anna", a, k); done.Success == nil || done.Success.CredentialID == "" {
			t.Errorf("%s: %+v", p.name, done.Failure)
		}
		if done := b.signIn("anna", a, other); done.Failure == nil || done.Failure.Reason != sdk.ReasonBadCredential || !done.Failure.Counts {
			t.Errorf("%s: another person's key: %+v", p.name, done)
		}
		if done := b.step(b.Begin, "nobody", nil); done.NotApplicable == nil {
			t.Errorf("%s: without a key: %+v", p.name, done)
		}
	}
}

// Somebody who was merely named must learn nothing of the one they named.
func TestMerelyNamed(t *testing.T) {
	t.Parallel()
	for _, p := range []*Plugin{New(), NewSecurityKey()} {
		b := newBench(t, p, `{}`)
		b.bind("anna", honest())
		b.edit = func(c *sdk.StepContext) { c.Identified = false }
		answer := b.step(b.Begin, "anna", nil)
		if p.name == SecurityKey {
			if answer.NotApplicable == nil {
				t.Errorf("shown: %+v", answer)
			}
			continue
		}
		var o struct{ AllowCredentials []any }
		must(t, json.Unmarshal(b.ceremony(answer), &o))
		if len(o.AllowCredentials) > 0 {
			t.Error("the keys of somebody who was merely named are shown")
		}
	}
}

// Each wrong answer fails the same, and counts, and the next one gets another challenge.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	stranger := &passkeytest.Key{ID: []byte("a key that nobody bound anywhere"), UserHandle: []byte("somebody")}
	generator := &passkeytest.Key{ID: []byte("a key that nobody bound anywhere"), UserHandle: []byte("somebody")}
	for name, change := range map[string]func(a *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key{
		"another site": func(a *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key {
			a.Origin = "https://evil.test"
			return k
		},
		"a subdomain": func(a *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key {
			a.Origin = "https://x." + rpID
			return k
		},
		"http": func(a *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key {
			a.Origin = "http://" + rpID
			return k
		},
		"another RP": func(a *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key {
			a.RPID = "evil.test"
			return k
		},
		"owner not checked": func(a *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key {
			a.Flags = passkeytest.UserPresent
			return k
		},
		"nobody there": func(a *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key {
			a.Flags = passkeytest.UserVerified
			return k
		},
		"synced all at once": func(a *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key {
			a.Flags |= passkeytest.BackupEligible
			return k
		},
		"a registration": func(a *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key {
			a.Type = "webauthn.create"
			return k
		},
		"another's handle": func(_ *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key {
			k.UserHandle = userHandle("mario")
			return k
		},
		"no handle": func(_ *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key { k.UserHandle = nil; return k },
		"another key": func(_ *passkeytest.Authenticator, k *passkeytest.Key) *passkeytest.Key {
			k.Private = newKey(t)
			return k
		},
		"unknown credential": func(_ *passkeytest.Authenticator, _ *passkeytest.Key) *passkeytest.Key {
			stranger.Private = newKey(t)
			return stranger
		},
		"unknown, signed by the mock": func(_ *passkeytest.Authenticator, _ *passkeytest.Key) *passkeytest.Key {
			generator.Private = decoyPrivate(t)
			return generator
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, New(), `{}`)
			k := change(&passkeytest.Authenticator{}, b.bind("anna", honest()))
			a := honest()
			change(a, &passkeytest.Key{})
			done := b.signIn("", a, k)
			f := done.Failure
			if f == nil || f.Reason != sdk.ReasonBadCredential || !f.Counts || !f.Retryable || problem(done) != "error.wrong" {
				t.Fatalf("%+v, %q", done, problem(done))
			}
			if len(done.CredentialChanges) > 0 || len(b.ceremony(done)) == 0 {
				t.Errorf("%+v", done)
			}
		})
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return k
}

// decoyPrivate is the key that belongs to decoyKey, which everybody knows.
func decoyPrivate(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	one := make([]byte, 32)
	one[31] = 1
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), one)
	must(t, err)
	public, err := passkeytest.COSE(k)
	must(t, err)
	if !bytes.Equal(public, decoyKey) {
		t.Fatal("that is not the decoy's key")
	}
	return k
}

func TestAnAnswerCountsOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, New(), `{}`)
	a := honest()
	k := b.bind("anna", a)
	answer, err := a.Get(b.ceremony(b.step(b.Begin, "", nil)), k)
	must(t, err)
	in := map[string]string{inputAnswer: answer}
	if done := b.step(b.Continue, "", in); done.Success == nil {
		t.Fatalf("%+v", done)
	}
	if again := b.step(b.Continue, "", in); again.Failure == nil || again.Failure.Reason != sdk.ReasonExpired || again.Failure.Counts {
		t.Errorf("after the flow went on: %+v", again)
	}
	b.step(b.Begin, "", nil) // another page
	if again := b.step(b.Continue, "", in); again.Failure == nil || again.Failure.Reason != sdk.ReasonBadCredential {
		t.Errorf("on another page: %+v", again)
	}
}

func TestTimeIsLimited(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]time.Duration{"of the ceremony": lifetime, "of the flow": time.Minute} {
		b := newBench(t, New(), `{}`)
		a := honest()
		k := b.bind("anna", a)
		b.edit = func(c *sdk.StepContext) { c.ExpiresAt = noon.Add(min(end, time.Hour)) }
		answer, err := a.Get(b.ceremony(b.step(b.Begin, "", nil)), k)
		must(t, err)
		b.now = noon.Add(end)
		if done := b.step(b.Continue, "", map[string]string{inputAnswer: answer}); done.Failure == nil || done.Failure.Reason != sdk.ReasonExpired || done.Failure.Counts {
			t.Errorf("%s: %+v", name, done)
		}
	}
}

// Who has a copy of the key and who has the key count apart, so one of them shows an old counter. From then on neither gets in.
func TestCopiedKey(t *testing.T) {
	t.Parallel()
	b := newBench(t, New(), `{}`)
	a := honest()
	k := b.bind("anna", a)
	k.Count = 7
	copied := *k
	if done := b.signIn("", a, k); done.Success == nil || len(done.CredentialChanges) != 1 {
		t.Fatalf("%+v", done)
	}
	done := b.signIn("", a, &copied)
	if done.Failure == nil || done.Failure.Reason != sdk.ReasonLocked || !done.Failure.Counts || problem(done) != "error.copied" || len(done.CredentialChanges) != 1 {
		t.Fatalf("an old counter: %+v", done)
	}
	k.Count = 1000
	if done = b.signIn("", a, k); done.Failure == nil || done.Failure.Reason != sdk.ReasonLocked {
		t.Errorf("after a copy was seen: %+v", done)
	}
	if done = b.step(b.Begin, "anna", nil); done.NotApplicable == nil {
		t.Errorf("offered, though it is not accepted: %+v", done)
	}
	b.creds["anna"][0].Revision++ // the flag stays through another write
	if d, err := decode(b.creds["anna"][0]); err != nil || !d.Copied || d.Count != 7 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestSynced(t *testing.T) {
	t.Parallel()
	synced := honest()
	synced.Flags |= passkeytest.BackupEligible
	b := newBench(t, New(), `{}`)
	k := b.bind("anna", synced)
	synced.Flags |= passkeytest.BackedUp
	done := b.signIn("", synced, k)
	if done.Success == nil || !slices.Equal(done.Success.AMR, []string{"swk", "user"}) || len(done.CredentialChanges) != 1 {
		t.Fatalf("%+v", done)
	}
	if d, err := decode(b.creds["anna"][0]); err != nil || !d.Eligible || !d.BackedUp {
		t.Errorf("%+v, %v", d, err)
	}

	strict := newBench(t, New(), `{"allow_synced":false}`)
	strict.creds = b.creds
	if done = strict.signIn("", synced, k); done.Failure == nil || done.Failure.Counts || problem(done) != "error.synced" {
		t.Errorf("bound before they were forbidden: %+v", done)
	}
	if done = strict.step(strict.Begin, "anna", nil); done.NotApplicable == nil {
		t.Errorf("offered: %+v", done)
	}
	_, answer, err := synced.Create(strict.ceremony(strict.step(strict.BeginEnroll, "anna", nil)))
	must(t, err)
	if done = strict.step(strict.ContinueEnroll, "anna", map[string]string{inputAnswer: answer}); done.Failure == nil || problem(done) != "error.synced" {
		t.Errorf("bound though it is forbidden: %+v", done)
	}
}

// What is no answer is no attempt either: it cannot be a guess.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t, New(), `{}`)
	b.bind("anna", honest())
	long := `{"id":"` + strings.Repeat("A", 1368) + `","rawId":"` + strings.Repeat("A", 1368) + `","type":"public-key","response":{}}`
	for _, in := range []string{"", "{}", "null", "[]", `{"id":"AAAA","rawId":"AAAA","type":"public-key"}`, strings.Repeat("[", 9000), long} {
		b.step(b.Begin, "", nil)
		if done := b.step(b.Continue, "", map[string]string{inputAnswer: in}); done.Failure == nil || done.Failure.Reason != sdk.ReasonInvalidInput || done.Failure.Counts {
			t.Errorf("%.40q: %+v", in, done)
		}
	}
}

// An address cannot be an RP ID: the method is not there then, and breaks nothing.
func TestWithoutADomain(t *testing.T) {
	t.Parallel()
	b := newBench(t, New(), `{}`)
	b.edit = func(c *sdk.StepContext) { c.RPID, c.Origins = "127.0.0.1", []string{"http://127.0.0.1:8080"} }
	for name, do := range map[string]call{"begin": b.Begin, "continue": b.Continue, "enrol": b.BeginEnroll, "enrolled": b.ContinueEnroll} {
		if answer := b.step(do, "anna", nil); answer.NotApplicable == nil {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}

func FuzzContinue(f *testing.F) {
	b := newBench(f, New(), `{}`)
	a := honest()
	k := b.bind("anna", a)
	begun := b.step(b.Begin, "", nil)
	state := b.state
	other := honest()
	other.Origin = "https://evil.test"
	for _, x := range []*passkeytest.Authenticator{a, other} {
		stranger := *k
		stranger.Private = newKey(f)
		answer, err := x.Get(b.ceremony(begun), &stranger)
		must(f, err)
		f.Add(answer)
	}
	f.Add(`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":""}}`)
	f.Fuzz(func(t *testing.T, in string) {
		fresh := *b
		fresh.t, fresh.state = t, state
		if done := fresh.step(fresh.Continue, "", map[string]string{inputAnswer: in}); done.Failure == nil {
			t.Fatalf("%q: %+v", in, done)
		}
	})
}
