package messageotp

import (
	"net/url"
	"strconv"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// send makes a code and asks for the message that brings it, or says why there will be none now. address is empty for somebody who does
// not exist or has no address: then everything looks the same and nothing is sent.
//
// What a person gets is written down with their credential (the one that the code goes to; at binding, the first they have): by
// compare-and-set, so that requests at once cannot slip past the limits.
func (s *step) send(address string, log *stored) *sdk.StepResponse {
	if o := s.obstacle(); o.Key != "" {
		return s.ask(s.waitView(o))
	}
	params, ok := s.params()
	if !ok {
		return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonTransactionMismatch}, StateVersion: stateVersion}
	}
	if s.wait(s.sentToAll(), s.now(), s.ctx.Identified) > 0 {
		address, log = "", nil // to a stranger it looks as if it went out
	}
	code := newCode(s.Digits)
	until := s.now().Add(s.lifetime())
	s.state.Code = newChallenge(code, until, s.bound(address)...)
	s.state.Sent = append(s.state.Sent, s.now().Unix())

	answer := s.ask(s.codeView(problems{}))
	if address == "" {
		return answer
	}
	params["code"], params["spoken"] = code, spoken(code)
	if host := s.host(); host != "" {
		// The last line binds the code to the site: a browser offers it there and nowhere else (WICG, origin-bound one-time codes).
		params["autofill"] = "\n\n@" + host + " #" + code
	}
	answer.Effects = []sdk.Effect{{
		IdempotencyKey: s.ctx.IdempotencyKey + "/code", Channel: s.method.Channel, To: address,
		Template: "message." + s.method.Channel + "." + s.purpose(), Params: params, ExpiresAt: until,
	}}
	if log != nil {
		d := log.data
		d.Sent = append(d.Sent[:len(d.Sent):len(d.Sent)], s.now().Unix())
		answer.CredentialChanges = []sdk.CredentialChange{log.change(d, log.Label, s.now())}
	}
	return answer
}

// obstacle is why nothing can be sent now; empty when nothing is in the way. What others did to a person who was merely named is not told.
func (s *step) obstacle() sdk.Text {
	if wait, ok := s.flowWait(s.state.Sent, s.now()); !ok {
		return sdk.T("resend.enough")
	} else if wait > 0 {
		return sdk.T("resend.wait", "seconds", seconds(wait))
	}
	if wait := s.wait(s.sentToAll(), s.now(), true); wait > 0 && s.ctx.Identified {
		return sdk.T("limit.wait", "minutes", minutes(wait))
	}
	return sdk.Text{}
}

// sentToAll are the messages to all addresses of the person.
func (s *step) sentToAll() (all []int64) {
	for _, c := range s.creds {
		all = append(all, c.Sent...)
	}
	return all
}

// purpose says what the code is for; each has a text of its own, so that a code cannot be coaxed out for another.
func (s *step) purpose() string {
	switch t := s.ctx.Transaction; {
	case s.enrol:
		return "enrol"
	case t == nil:
		return "login"
	case t.Display["amount"] != "" && t.Display["payee"] != "":
		return "payment"
	default:
		return "transaction"
	}
}

// params are the parameters of a message, without the code. ok is false when a transaction cannot be told whole: a shortened payee is one
// that a fraud chose the beginning of.
func (s *step) params() (params map[string]string, ok bool) {
	params = map[string]string{"brand": s.brand(), "minutes": strconv.Itoa(s.LifetimeMinutes), "autofill": ""}
	if t := s.ctx.Transaction; t != nil {
		params["amount"], params["payee"], params["details"] = t.Display["amount"], t.Display["payee"], details(t)
		if n := len(params["details"]); n == 0 || n > maxDetails {
			return nil, false
		}
	}
	return params, true
}

func (s *step) brand() string {
	for _, name := range []string{s.Brand, s.ctx.Client.Name, s.host()} {
		if name != "" {
			return clipped(name, maxBrand)
		}
	}
	return s.ctx.RPID
}

func clipped(s string, characters int) string {
	if r := []rune(s); len(r) > characters {
		return string(r[:characters])
	}
	return s
}

// host is the name of the site that the code is for, empty when it is not known.
func (s *step) host() string {
	if len(s.ctx.Origins) == 0 {
		return ""
	}
	u, err := url.Parse(s.ctx.Origins[0])
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }

// minutes is at least 1: who waits so long may try.
func minutes(d time.Duration) string { return strconv.Itoa(max(1, int((d+time.Minute-1)/time.Minute))) }
