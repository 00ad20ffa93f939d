package policy_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/varco-id/varco/provider/internal/policy"
)

var (
	password = policy.Proof{Method: "password", Instance: "password", Factors: 1, Knowledge: true}
	app      = policy.Proof{Method: "totp", Instance: "totp", Factors: 1}
	mail     = policy.Proof{Method: "email-otp", Instance: "email-otp", Factors: 1, Carried: true}
	sms      = policy.Proof{Method: "sms-otp", Instance: "sms-otp", Factors: 1, Carried: true}
	voice    = policy.Proof{Method: "voice-otp", Instance: "voice-otp", Factors: 1, Carried: true}
	codes    = policy.Proof{Method: "recovery-codes", Instance: "recovery-codes", Factors: 1}
	passkey  = policy.Proof{Method: "passkey", Instance: "passkey", Factors: 2}
	ticket   = policy.Proof{Method: policy.Ticket, Instance: policy.Ticket}
	push     = policy.Proof{Method: "mobile/push", Instance: "mobile", Factors: 1}
	offline  = policy.Proof{Method: "mobile/code", Instance: "mobile", Factors: 1}
)

func TestDerive(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		have []policy.Proof
		want string
	}{
		"the mailbox alone":                         {[]policy.Proof{mail}, ""},
		"the number alone":                          {[]policy.Proof{sms}, ""},
		"the mailbox and the number":                {[]policy.Proof{mail, sms}, ""},
		"mailbox, number and telephone":             {[]policy.Proof{mail, sms, voice}, ""},
		"a password alone":                          {[]policy.Proof{password}, ""},
		"a password and the mailbox":                {[]policy.Proof{password, mail}, ""},
		"a password, the mailbox and the number":    {[]policy.Proof{mail, password, sms}, "password email-otp sms-otp"},
		"an app and the mailbox, the app first":     {[]policy.Proof{mail, app}, "totp email-otp"},
		"an app and a password":                     {[]policy.Proof{password, app}, "totp password"},
		"an app alone":                              {[]policy.Proof{app}, ""},
		"a recovery code and the number":            {[]policy.Proof{sms, codes}, "recovery-codes sms-otp"},
		"a passkey":                                 {[]policy.Proof{passkey}, "passkey"},
		"the bank's code alone":                     {[]policy.Proof{ticket}, ""},
		"the bank's code and a password":            {[]policy.Proof{ticket, password}, "ticket password"},
		"the bank's code and the mailbox":           {[]policy.Proof{mail, ticket}, "ticket email-otp"},
		"two methods of one phone are one proof":    {[]policy.Proof{push, offline}, ""},
		"a passkey makes what it is part of longer": {[]policy.Proof{passkey, app}, "passkey"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, w := range policy.Derive(c.have) {
				got = append(got, strings.Join(w, " "))
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("enough are %q, want %q", s, c.want)
			}
		})
	}
}

// Whatever is configured: no way goes through messages alone, none begins with one, and none holds another.
func TestDerivedWaysAreSound(t *testing.T) {
	t.Parallel()
	all := []policy.Proof{password, app, mail, sms, voice, codes, passkey, ticket, push, offline}
	rapid.Check(t, func(t *rapid.T) {
		have := rapid.SliceOfDistinct(rapid.SampledFrom(all), func(p policy.Proof) string { return p.Method }).Draw(t, "have")
		ways := policy.Derive(have)
		for i, w := range ways {
			first := slices.IndexFunc(all, func(p policy.Proof) bool { return p.Method == w[0] })
			if all[first].Carried {
				t.Fatalf("%v begins with a message", w)
			}
			for j, other := range ways {
				if i != j && !slices.ContainsFunc(other, func(m string) bool { return !slices.Contains(w, m) }) {
					t.Fatalf("%v holds %v", w, other)
				}
			}
		}
	})
}
