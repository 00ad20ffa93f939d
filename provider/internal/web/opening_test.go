package web_test

import (
	"strings"
	"testing"

	"github.com/varco-id/varco/provider/internal/login"
)

// A first page is rendered once; the next one must differ in the Flow alone, and nothing of a later page may get into it.
func TestOpeningPages(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	first := *gallery()["sign-in"]
	opening := first.Step.View
	page := func(flow string, change func(*login.Page)) string {
		p, step := first, *first.Step
		p.Step, p.Flow, p.Version = &step, flow, 1
		p.Step.Opening = &opening
		change(&p)
		s.flows.mu.Lock()
		s.flows.pages[flow] = &p
		s.flows.mu.Unlock()
		r := c.get("/login/" + flow)
		if !strings.Contains(r.raw, `action="/login/`+flow+`"`) {
			t.Errorf("%s: the form goes elsewhere", flow)
		}
		return strings.ReplaceAll(r.raw, flow, "FLOW")
	}
	plain := func(*login.Page) {}
	one := page(strings.Repeat("A", 22), plain)
	if two := page(strings.Repeat("B", 22), plain); one != two {
		t.Errorf("two first pages differ:\n%s\n%s", one, two)
	}
	for name, change := range map[string]func(*login.Page){
		"notice":   func(p *login.Page) { p.Step.Notice = login.Notice{Code: login.NoticeWrong} },
		"name":     func(p *login.Page) { p.Step.Name = "maria.rossi" },
		"version":  func(p *login.Page) { p.Version = 2 },
		"client":   func(p *login.Page) { p.Client = "conto-chiaro" },
		"others":   func(p *login.Page) { p.Step.Others = []login.MethodOption{totpOption} },
		"language": func(p *login.Page) { p.Locale = "it" },
	} {
		if other := page(strings.Repeat(string(name[0]-32), 22), change); other == one {
			t.Errorf("%s: shown like one without", name)
		}
	}
	if again := page(strings.Repeat("Z", 22), plain); again != one {
		t.Errorf("a first page is another one after others were shown:\n%s", again)
	}
}
