package passkey

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/passkey/passkeytest"
	"github.com/varco-id/varco/plugins/sdk"
)

type creation struct {
	RP struct{ ID, Name string }

	User struct{ ID, Name, DisplayName string }

	Challenge, Attestation string

	AuthenticatorSelection struct {
		ResidentKey, UserVerification, AuthenticatorAttachment string
	}
	ExcludeCredentials []struct {
		ID         string
		Transports []string
	}
	PubKeyCredParams []struct{ Alg int }
}

func TestWhatIsAskedAtBinding(t *testing.T) {
	t.Parallel()
	for _, p := range []*Plugin{New(), NewSecurityKey()} {
		b := newBench(t, p, `{"rp_name":"Banca Demo"}`)
		k := b.bind("anna", honest())
		var o creation
		must(t, json.Unmarshal(b.ceremony(b.step(b.BeginEnroll, "anna", nil)), &o))
		if o.RP.ID != rpID || o.RP.Name != "Banca Demo" || o.User.Name != "anna.rossi" || o.User.ID != handleOf(userHandle("anna")) || o.Attestation != "none" {
			t.Errorf("%s: %+v", p.name, o)
		}
		if len(o.ExcludeCredentials) != 1 || o.ExcludeCredentials[0].ID != handleOf(k.ID) || !slices.Equal(o.ExcludeCredentials[0].Transports, []string{"internal"}) {
			t.Errorf("%s: excluded %+v", p.name, o.ExcludeCredentials)
		}
		if len(o.Challenge) < 22 || len(o.PubKeyCredParams) == 0 {
			t.Errorf("%s: %+v", p.name, o)
		}
		want := [3]string{"required", "required", ""}
		if p.name == SecurityKey {
			want = [3]string{"discouraged", "discouraged", "cross-platform"}
		}
		if s := o.AuthenticatorSelection; want != [3]string{s.ResidentKey, s.UserVerification, s.AuthenticatorAttachment} {
			t.Errorf("%s: %+v", p.name, s)
		}
	}
}

func TestBindingRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*passkeytest.Authenticator)
		want   string
	}{
		"another site":                   {func(a *passkeytest.Authenticator) { a.Origin = "https://evil.test" }, "error.enrol"},
		"another RP":                     {func(a *passkeytest.Authenticator) { a.RPID = "evil.test" }, "error.enrol"},
		"owner not checked":              {func(a *passkeytest.Authenticator) { a.Flags = passkeytest.UserPresent }, "error.enrol"},
		"nobody there":                   {func(a *passkeytest.Authenticator) { a.Flags = passkeytest.UserVerified }, "error.enrol"},
		"an assertion":                   {func(a *passkeytest.Authenticator) { a.Type = "webauthn.get" }, "error.enrol"},
		"not discoverable":               {func(a *passkeytest.Authenticator) { a.NoRK = true }, "error.nameless"},
		"backed up, though it cannot be": {func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.BackedUp }, "error.enrol"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, New(), `{}`)
			a := honest()
			c.change(a)
			first := b.ceremony(b.step(b.BeginEnroll, "anna", nil))
			_, answer, err := a.Create(first)
			must(t, err)
			done := b.step(b.ContinueEnroll, "anna", map[string]string{inputAnswer: answer, inputLabel: "Telefono\u202e  nuovo "})
			if done.Failure == nil || done.Failure.Counts || !done.Failure.Retryable || problem(done) != c.want || len(b.creds["anna"]) > 0 {
				t.Fatalf("%+v, %q", done, problem(done))
			}
			if string(b.ceremony(done)) == string(first) {
				t.Error("the same challenge again")
			}
			for _, n := range done.Failure.View.Nodes {
				if n.TextField != nil && n.TextField.Value != "Telefono nuovo" {
					t.Errorf("the label came back as %q", n.TextField.Value)
				}
			}
		})
	}
}

func TestBindingAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	b := newBench(t, New(), `{}`)
	for in, want := range map[string]string{"": "error.answer", "{}": "error.answer", strings.Repeat("{", 100): "error.answer"} {
		b.step(b.BeginEnroll, "anna", nil)
		if done := b.step(b.ContinueEnroll, "anna", map[string]string{inputAnswer: in}); done.Failure == nil || problem(done) != want {
			t.Errorf("%q: %+v", in, done)
		}
	}
	begun := b.step(b.BeginEnroll, "anna", nil)
	_, answer, err := honest().Create(b.ceremony(begun))
	must(t, err)
	if done := b.step(b.ContinueEnroll, "anna", map[string]string{inputAnswer: answer, inputLabel: strings.Repeat("x", 65)}); problem(done) != "error.label" {
		t.Errorf("%+v", done)
	}
	b.step(b.BeginEnroll, "anna", nil)
	b.now = noon.Add(lifetime)
	if done := b.step(b.ContinueEnroll, "anna", map[string]string{inputAnswer: answer}); problem(done) != "error.expired" {
		t.Errorf("%+v", done)
	}
	b.now = noon
	// A challenge to sign in with does not bind anything, nor the other way around.
	b.step(b.Begin, "", nil)
	if done := b.step(b.ContinueEnroll, "anna", map[string]string{inputAnswer: answer}); done.Success != nil {
		t.Error("bound with a challenge to sign in")
	}
	k := b.bind("anna", honest())
	signed, err := honest().Get(b.ceremony(b.step(b.BeginEnroll, "anna", nil)), k)
	must(t, err)
	if done := b.step(b.Continue, "anna", map[string]string{inputAnswer: signed}); done.Success != nil {
		t.Error("signed in with a challenge to bind")
	}
}

// A challenge belongs to one subject.
func TestBindingForAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t, New(), `{}`)
	_, answer, err := honest().Create(b.ceremony(b.step(b.BeginEnroll, "mallory", nil)))
	must(t, err)
	if done := b.step(b.ContinueEnroll, "anna", map[string]string{inputAnswer: answer}); done.Success != nil {
		t.Error("mallory's key was bound to anna")
	}
}

func TestNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t, New(), `{}`)
	for range maxCredentials {
		b.bind("anna", honest())
	}
	if done := b.step(b.BeginEnroll, "anna", nil); done.NotApplicable == nil {
		t.Errorf("%+v", done)
	}
	if answer := b.step(b.Begin, "anna", nil); answer.Challenge == nil {
		t.Errorf("%+v", answer)
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	b := newBench(t, New(), `{}`)
	google := honest()
	google.AAGUID = [16]byte{0xea, 0x9b, 0x8d, 0x66, 0x4d, 0x01, 0x1d, 0x21, 0x3c, 0xe4, 0xb6, 0xb4, 0x8c, 0xb5, 0x75, 0xd4}
	b.bind("anna", honest())
	b.bind("anna", honest())
	b.bind("anna", google)
	var got []string
	for _, c := range b.creds["anna"] {
		got = append(got, c.Label)
	}
	if want := []string{"Passkey (Windows)", "Passkey (Windows) 2", "Google Password Manager"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for in, want := range map[string]string{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)": "iPhone", "Mozilla/5.0 (Linux; Android 15)": "Android", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)": "Mac", "curl": "",
	} {
		if got := deviceOf(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	b := newBench(t, New(), `{}`)
	k := &passkeytest.Key{ID: []byte("an id from elsewhere"), UserHandle: []byte("u-4711"), Private: newKey(t), Count: 5}
	public, err := passkeytest.COSE(k.Private)
	must(t, err)
	form := func(change map[string]any) []byte {
		f := map[string]any{"id": handleOf(k.ID), "public_key": handleOf(public), "user_handle": handleOf(k.UserHandle), "sign_count": 4, "label": "Old phone"}
		for name, v := range change {
			f[name] = v
		}
		return encode(f)
	}
	results, err := b.ImportCredentials(t.Context(), "i", []sdk.ImportInput{{JSON: form(nil)}})
	must(t, err)
	must(t, results[0].Validate())
	ch := results[0].Change
	b.creds["anna"] = []sdk.Credential{{ID: "c1", Handle: ch.Handle, Label: ch.Label, Data: ch.Data, Version: ch.Version, Revision: 1}}
	for _, subject := range []string{"", "anna"} {
		if done := b.signIn(subject, honest(), k); done.Success == nil {
			t.Errorf("known %q: %+v", subject, done)
		}
	}
	for name, change := range map[string]map[string]any{
		"no id": {"id": ""}, "no key": {"public_key": "AAAA"}, "no user handle": {"user_handle": ""}, "long handle": {"user_handle": strings.Repeat("A", 88)},
		"backup": {"backed_up": true}, "model": {"aaguid": "x"}, "label": {"label": strings.Repeat("x", 65)}, "unknown": {"password": "x"},
	} {
		results, err := b.ImportCredentials(t.Context(), "i", []sdk.ImportInput{{JSON: form(change)}})
		must(t, err)
		if results[0].Error == "" {
			t.Errorf("%s: imported", name)
		}
	}
}
