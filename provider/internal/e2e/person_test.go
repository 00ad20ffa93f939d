package e2e_test

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// person is a customer of the bank, with what they know and have.
type person struct {
	Username, Password string
	Seed               string // of the authenticator app, base32; "" without one
	ID                 string // the OIDC sub

	mu   sync.Mutex
	step int64 // of the last code used: each counts once
}

// newPerson adds a person with a password and an authenticator app.
func (in *installation) newPerson(t testing.TB, username string) *person {
	t.Helper()
	return in.newPersonSpeaking(t, username, "en")
}

// newPersonSpeaking is newPerson with the language that the bank knows of the person.
func (in *installation) newPersonSpeaking(t testing.TB, username, locale string) *person {
	t.Helper()
	p := &person{Username: username, Password: "pw " + randomText(15), Seed: newSeed()}
	app, err := json.Marshal(map[string]string{"secret": p.Seed, "label": "Telefono di " + username})
	if err != nil {
		t.Fatal(err)
	}
	form := filepath.Join(in.dir, username+".totp.json")
	write(t, form, app)
	in.canary.keep("password of "+username, p.Password)
	in.canary.keep("TOTP secret of "+username, p.Seed)
	out := in.varco(t, p.Password, "subscriber", "add", username, "--name", "Persona "+username, "--email", username+"@bank.test",
		"--locale", locale, "--password-stdin", "--credential", "totp="+form)
	var added struct{ ID string }
	if err := json.Unmarshal(out, &added); err != nil || added.ID == "" {
		t.Fatalf("subscriber add answered %s (%v)", out, err)
	}
	p.ID = added.ID
	return p
}

func newSeed() string {
	b := make([]byte, 20)
	_, _ = rand.Read(b)
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

const totpPeriod = 30 // seconds

// code is a code of the person's app that was not used yet. The app's clock may be a period off, as people's are, which gives three codes
// at once; who needs a fourth waits for the next, as people must.
func (p *person) code(t testing.TB) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var step int64
	waitFor(t, "the app shows a code that was not used", func() bool {
		now := time.Now().Unix() / totpPeriod
		step = max(p.step+1, now-1)
		// The oldest one may run out before it arrives.
		if step < now && time.Now().Unix()%totpPeriod > totpPeriod-5 {
			step = now
		}
		return step <= now+1
	})
	p.step = step
	code, err := totp.GenerateCode(p.Seed, time.Unix(step*totpPeriod, 0))
	if err != nil {
		t.Fatal(err)
	}
	return code
}
