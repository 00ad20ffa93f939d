package password

import (
	"testing"

	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

// The rules that hold for every plugin, over the real wire.
func TestConformance(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, sdktest.Start(t, New(), `{"context_words":["Banca Demo"]}`))
}

func TestLifeOfAPassword(t *testing.T) {
	t.Parallel()
	p := sdktest.Start(t, New(), `{}`)
	mario := p.Person("mario.rossi")
	choose := mario.Enrol(MethodID)
	choose.Begin()
	if answer := choose.Continue(map[string]string{inputNew: "mario.rossi.1980"}); answer.Failure == nil {
		t.Fatalf("%+v", answer)
	}
	if answer := choose.Continue(map[string]string{inputNew: good}); answer.Success == nil {
		t.Fatalf("%+v", answer.Failure)
	}
	login := mario.Login(MethodID)
	login.Begin()
	if answer := login.Continue(map[string]string{inputPassword: "not the one"}); answer.Failure == nil {
		t.Fatalf("%+v", answer)
	}
	if answer := login.Continue(map[string]string{inputPassword: good}); answer.Success == nil {
		t.Fatalf("%+v", answer.Failure)
	}
}
