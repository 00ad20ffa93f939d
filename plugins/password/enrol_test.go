package password

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crypto/sha1" // the format of the operator's file

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

// emoji returns n characters of four bytes each, in no order that a program would guess.
func emoji(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteRune(rune(0x1F400 + i*i*37%0xFD))
	}
	return b.String()
}

func TestRules(t *testing.T) {
	t.Parallel()
	breached := filepath.Join(t.TempDir(), "breached.txt")
	line := fmt.Sprintf("%X:42\n", sha1.Sum([]byte("cavallo rubato altrove ieri"))) // as above
	if err := os.WriteFile(breached, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, fmt.Sprintf(`{"context_words":["Conto Arancio Più"],"blocklist_file":%q}`, breached))
	short := newBench(t, `{"min_length":8,"min_score":0}`)
	for _, c := range []struct {
		name     string
		bench    *bench
		password string
		want     string // the error's key; empty: accepted
	}{
		{"a phrase", b, good, ""},
		{"one kind of character", b, "ombrelli verdi sotto neve", ""},
		{"random", b, "nF3#kq9!zLw8@pXv", ""},
		{"other scripts", b, "猫は椅子の下で三回鳴いた朝のこと", ""},
		{"emoji with joiners", b, "👩‍👩‍👧‍👦 gita al lago ❤️ ogni estate", ""},
		{"256 characters of 4 bytes", b, emoji(256), ""},
		{"spaces around", b, "  spazi ai bordi restano  ", ""},

		{"nothing", b, "", "error.required"},
		{"14 characters", b, "xq7!vB2?mK9#wZ", "error.too_short"},
		{"14 characters in 28 bytes", b, "èéùàòìèéùàòìèé", "error.too_short"},
		{"15 after composing", b, "xq7!vB2?mK9#wZe\u0301", ""},
		{"14 after composing", b, "xq7!vB2?mK9#e\u0301w", "error.too_short"},
		{"257 characters", b, strings.Repeat("a", 257), "error.too_long"},
		{"line break", b, "prima riga\nseconda riga", "error.characters"},
		{"NUL", b, "prima parte\x00seconda", "error.characters"},
		{"not UTF-8", b, "cavallo graffetta \xff\xfe", "error.characters"},
		{"unassigned code point", b, "cavallo graffetta \U0001FBFF\u0378", "error.characters"},

		{"breached", b, "1qaz2wsx3edc4rfv", "error.listed"},
		{"breached, other case", b, "1QAZ2wsx3EDC4rfv", "error.listed"},
		{"in the operator's file", b, "cavallo rubato altrove ieri", "error.listed"},
		{"in the operator's file, other case", b, "Cavallo Rubato Altrove Ieri", ""},

		{"own name twice", b, "mario.rossimario.rossi", "error.context"},
		{"own name and birthday", b, "MarioRossi19801225", "error.context"},
		{"own address", b, "mario.rossi@example.test", "error.context"},
		{"bank's name", b, "BancaDemo2026!!", "error.context"},
		{"provider's domain", b, "bancaesempio2026", "error.context"},
		{"operator's word", b, "contoarancio!2026", "error.context"},
		{"own name within a phrase", b, "rossi ombrelli verdi sotto neve", ""},

		{"one letter", b, strings.Repeat("z", 40), "error.weak"},
		{"counting", b, "1234567890123456", "error.weak"},
		{"keyboard", b, "qwertyuiopasdfgh", "error.weak"},
		{"word thrice", b, "passwordpasswordpassword", "error.weak"},
		{"word twice, disguised", b, "P4ssw0rdP4ssw0rd", "error.weak"},

		{"8 as one of several factors", short, "xq7!vB2?", ""},
		{"7", short, "xq7!vB2", "error.too_short"},
		{"8, listed", short, "Password1", "error.listed"},
		{"weak, allowed by the operator", short, "passwordpasswordpassword", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer := c.bench.step(c.bench.ContinueEnroll, request(sdk.IntentEnrol, nil, map[string]string{inputNew: c.password}))
			if c.want == "" {
				if answer.Success == nil || len(answer.CredentialChanges) != 1 || answer.CredentialChanges[0].Kind != sdk.ChangeCreate {
					t.Fatalf("not accepted: %+v", newError(answer))
				}
				return
			}
			f := answer.Failure
			if f == nil || f.Reason != sdk.ReasonInvalidInput || f.Counts || !f.Retryable || len(answer.CredentialChanges) > 0 {
				t.Fatalf("%+v", answer)
			}
			if got := newError(answer).Key; got != c.want {
				t.Errorf("error %q, want %q", got, c.want)
			}
			for _, n := range f.View.Nodes {
				if n.TextField != nil && n.TextField.Value != "" {
					t.Error("the page repeats what was typed")
				}
			}
		})
	}
}

// newError is the text at the field of the new password.
func newError(r *sdk.StepResponse) sdk.Text { return fieldOf(r, inputNew).Error }

func fieldOf(r *sdk.StepResponse, name string) sdk.TextField {
	var v *sdk.View
	switch {
	case r.Failure != nil:
		v = r.Failure.View
	case r.Challenge != nil:
		v = &r.Challenge.View
	}
	if v != nil {
		for _, n := range v.Nodes {
			if n.TextField != nil && n.TextField.Name == name {
				return *n.TextField
			}
		}
	}
	return sdk.TextField{}
}

func TestFirstPassword(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"min_length":12}`)
	answer := b.step(b.BeginEnroll, request(sdk.IntentEnrol, nil, nil))
	field := fieldOf(answer, inputNew)
	if field.Kind != sdk.FieldNewPassword || !field.Strength || field.MinLength != 12 || field.MaxLength != 256 || field.Hint.Params["min"] != "12" {
		t.Errorf("%+v", field)
	}
	if fieldOf(answer, inputCurrent).Name != "" {
		t.Error("asks for the current password of somebody who has none")
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	cs := b.enrolled(good)
	const next = "ombrelli verdi sotto neve"
	begun := b.step(b.BeginEnroll, request(sdk.IntentEnrol, cs, nil))
	if fieldOf(begun, inputCurrent).Kind != sdk.FieldPassword {
		t.Fatal("does not ask for the current password")
	}
	send := func(cs []sdk.Credential, state []byte, current, next string) *sdk.StepResponse {
		t.Helper()
		r := request(sdk.IntentEnrol, cs, map[string]string{inputCurrent: current, inputNew: next})
		r.State, r.StateVersion = state, 1
		return b.step(b.ContinueEnroll, r)
	}

	none := send(cs, begun.State, "", next)
	if none.Failure == nil || none.Failure.Counts || fieldOf(none, inputCurrent).Error.Key != "error.current_required" {
		t.Fatalf("%+v", none)
	}
	for _, wrong := range []string{"something else entirely", strings.Repeat("x", 2000)} {
		answer := send(cs, none.State, wrong, "short")
		f := answer.Failure
		if f == nil || f.Reason != sdk.ReasonBadCredential || !f.Counts || fieldOf(answer, inputCurrent).Error.Key != "error.current_wrong" {
			t.Fatalf("%+v", answer)
		}
		if newError(answer).Key != "" {
			t.Error("speaks of the new password before the current one was proved")
		}
	}

	same := send(cs, begun.State, good, good)
	if same.Failure == nil || newError(same).Key != "error.same" {
		t.Fatalf("%+v", same)
	}
	refused := send(cs, begun.State, good, "short")
	if refused.Failure == nil || refused.Failure.Counts || fieldOf(refused, inputCurrent).Name != "" {
		t.Fatalf("asks for a proved password again: %+v", refused.Failure)
	}
	sameLater := send(cs, refused.State, "", good)
	if sameLater.Failure == nil || newError(sameLater).Key != "error.same" {
		t.Fatalf("%+v", sameLater)
	}

	// The password is changed elsewhere meanwhile: the proof was of the old one.
	moved := []sdk.Credential{cs[0]}
	moved[0].Revision++
	if answer := send(moved, refused.State, "", next); answer.Success != nil {
		t.Fatal("a proof of an older password was accepted")
	}

	done := send(cs, refused.State, "", next)
	if done.Success == nil || done.Success.CredentialID != "c1" || len(done.CredentialChanges) != 1 {
		t.Fatalf("%+v", done)
	}
	cs = apply(t, cs, done.CredentialChanges[0])
	if answer := b.step(b.Continue, request(sdk.IntentLogin, cs, map[string]string{inputPassword: next})); answer.Success == nil {
		t.Error("the new password does not open")
	}
	if answer := b.step(b.Continue, request(sdk.IntentLogin, cs, map[string]string{inputPassword: good})); answer.Success != nil {
		t.Error("the old password still opens")
	}
}

func TestRecoveryAsksForNoCurrentPassword(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	cs := b.enrolled(good)
	if fieldOf(b.step(b.BeginEnroll, request(sdk.IntentRecovery, cs, nil)), inputCurrent).Name != "" {
		t.Error("asks for the password that was lost")
	}
	answer := b.step(b.ContinueEnroll, request(sdk.IntentRecovery, cs, map[string]string{inputNew: "ombrelli verdi sotto neve"}))
	if answer.Success == nil || answer.CredentialChanges[0].Kind != sdk.ChangeUpdate || answer.CredentialChanges[0].ExpectedRevision != 1 {
		t.Errorf("%+v", answer)
	}
}

func TestForeignState(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	r := request(sdk.IntentEnrol, nil, map[string]string{inputNew: good})
	r.State = []byte("not JSON")
	answer := b.step(b.ContinueEnroll, r)
	if f := answer.Failure; f == nil || f.Reason != sdk.ReasonExpired || f.Counts || f.Retryable {
		t.Errorf("%+v", answer)
	}
}

// A list that cannot be read must not wave passwords through.
func TestVanishedFileIsAFault(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "breached.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("A", 40)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, fmt.Sprintf(`{"blocklist_file":%q}`, path))
	if h, err := b.Check(context.Background(), "i"); err != nil || !h.OK {
		t.Fatalf("%+v, %v", h, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if h, err := b.Check(context.Background(), "i"); err != nil || h.OK || h.Message == "" {
		t.Errorf("%+v, %v", h, err)
	}
	_, err := b.ContinueEnroll(context.Background(), request(sdk.IntentEnrol, nil, map[string]string{inputNew: good}))
	if status.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}
}
