package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keyboard is the story of mouse by keyboard alone.
func keyboard(t *testing.T, d *desk, demo *demo, p *person) {
	t.Helper()
	d.open(demo.bank)
	d.walk("the bank's first page")
	d.tabTo("#sign-in")
	d.press(kb.Enter)

	d.focused(nameField) // the page puts the cursor where one begins
	d.walk("the sign-in page")
	d.focused(nameField)
	d.press(p.Username + kb.Tab)
	d.focused(passwordField)
	d.press(p.Password + kb.Enter)

	d.shows("#balance")
	d.walk("the bank's account")
	d.tabTo("#step-up")
	d.press(kb.Enter)
	d.focused(codeField)
	d.walk("the code page")
	d.focused(codeField)
	d.press(p.code(t) + kb.Enter)

	d.shows("#movements")
	d.tabTo("#my-account")
	d.press(kb.Enter)
	d.shows("#authenticators")
	d.walk("the person's own page")
	d.press(kb.Tab)
	d.focused("a.skip") // what a screen reader hears first
	d.press(kb.Enter + kb.Tab)
	if inside, err := eval[bool](d, `document.querySelector("main").contains(document.activeElement)`); err != nil || !inside {
		t.Errorf("after the skip link the focus is not in the content: %v, %v", d.focus(), err)
	}
	d.tabTo(`a[href$="/remove"]`)
	d.press(kb.Enter)
	d.shows(`main a[href="/account"]`)
	d.walk("the question before removing")
	d.tabTo(`main a[href="/account"]`)
	d.press(kb.Enter)
	d.shows("#authenticators")

	d.open(demo.bank)
	d.tabTo("#logout")
	d.press(kb.Enter)
	d.shows("#sign-in")
}

// focused waits until an element has the focus.
func (d *desk) focused(selector string) {
	d.t.Helper()
	d.await(settled(`document.activeElement && document.activeElement.matches(` + quote(selector) + `)`))
}

// stop is an element that the Tab key stops at.
type stop struct {
	What    string
	Index   int // in the document's order
	Visible bool
	Ring    bool // it looks different with the focus
}

// look describes the focused element. The ring is an outline or a shadow that it has not without the focus.
const look = `(() => {
	const e = document.activeElement
	if (!e || e === document.body || e === document.documentElement) return {What: "", Index: -1, Visible: true, Ring: true}
	const all = [...document.querySelectorAll("*")]
	const box = e.getBoundingClientRect()
	const style = () => { const s = getComputedStyle(e); return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor].join("|") }
	const s = getComputedStyle(e)
	const outlined = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1
	const shadowed = s.boxShadow !== "none"
	return {
		What: e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + " " + (e.innerText || e.name || "").slice(0, 40),
		Index: all.indexOf(e),
		Visible: box.width > 0 && box.height > 0 && box.top < innerHeight && box.bottom > 0 && box.left < innerWidth && box.right > 0,
		Ring: e.matches(":focus-visible") && (outlined || shadowed),
	}
})()`

func (d *desk) focus() stop {
	d.t.Helper()
	s, err := eval[stop](d, look)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

// walk tabs through the whole page and loads it again: every stop can be seen with its ring (WCAG 2.2, 2.4.7 and 2.4.11), the order is that of the
// page (2.4.3), everything that can be used is among the stops (2.1.1), and there is no trap (2.1.2).
func (d *desk) walk(page string) {
	d.t.Helper()
	want, err := eval[int](d, `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, [tabindex='0']")]
		.filter(e => !e.disabled && !e.hidden && e.checkVisibility() && !(e.type === "radio" && !e.checked && document.querySelector("[name='" + e.name + "']:checked"))).length`)
	if err != nil {
		d.t.Fatal(err)
	}
	seen := map[int]stop{}
	last, wrapped := -1, false
	for range 2*want + 5 {
		d.press(kb.Tab)
		s := d.focus()
		if _, again := seen[s.Index]; again || s.Index < 0 && wrapped {
			break
		}
		if s.Index < last { // out of the page's end and in at its beginning, which happens once
			if wrapped {
				d.t.Errorf("%s: Tab goes back from element %d to %s", page, last, s.What)
			}
			wrapped = true
		}
		if last = s.Index; last < 0 {
			continue
		}
		seen[s.Index] = s
		if !s.Visible {
			d.t.Errorf("%s: the focus is out of sight at %s", page, s.What)
		}
		if !s.Ring {
			d.t.Errorf("%s: the focus cannot be seen at %s", page, s.What)
		}
	}
	if len(seen) != want {
		var list []string
		for _, s := range seen {
			list = append(list, fmt.Sprintf("%d %s", s.Index, s.What))
		}
		d.t.Errorf("%s: Tab stops at %d elements of %d: %s", page, len(seen), want, strings.Join(list, "; "))
	}
	d.do(chromedp.Reload()) // the focus is where the page puts it
}

// tabTo presses Tab until an element has the focus.
func (d *desk) tabTo(selector string) {
	d.t.Helper()
	d.shows(selector)
	for range 60 {
		d.press(kb.Tab)
		there, err := eval[bool](d, `document.activeElement.matches(`+quote(selector)+`)`)
		if err != nil {
			d.t.Fatal(err)
		}
		if there {
			if s := d.focus(); !s.Ring {
				d.t.Errorf("the focus cannot be seen at %s", s.What)
			}
			return
		}
	}
	d.t.Fatalf("Tab never comes to %s", selector)
}
