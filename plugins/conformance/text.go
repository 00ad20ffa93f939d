package conformance

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// printer writes results for people.
type printer struct {
	w      io.Writer
	colour bool
}

const (
	red, green, grey, bold = "31", "32", "90", "1"
)

func (p *printer) paint(code, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// families splits the results where the family changes.
func (r *Report) families() [][]Result {
	return slices.Collect(func(yield func([]Result) bool) {
		for from := 0; from < len(r.Results); {
			to := from
			for to < len(r.Results) && r.Results[to].Family == r.Results[from].Family {
				to++
			}
			if !yield(r.Results[from:to]) {
				return
			}
			from = to
		}
	})
}

// family writes the results of one family. What is of no use to the plugin as a whole takes one line.
func (p *printer) family(all []Result) {
	fmt.Fprintf(p.w, "\n%s\n", p.paint(bold, all[0].Family))
	if len(all) > 1 && !slices.ContainsFunc(all, func(r Result) bool { return r.Status != NotApplicable || r.Why != all[0].Why }) {
		fmt.Fprintf(p.w, "  %s  %-24s %s\n", p.paint(grey, "n/a "), fmt.Sprintf("all %d rules", len(all)), p.paint(grey, all[0].Why))
		return
	}
	for _, r := range all {
		p.result(r)
	}
}

// result writes one result.
func (p *printer) result(r Result) {
	switch r.Status {
	case Passed:
		took := ""
		if r.Took > time.Second {
			took = p.paint(grey, fmt.Sprintf("  (%.1f s)", r.Took.Seconds()))
		}
		fmt.Fprintf(p.w, "  %s  %-24s %s%s\n", p.paint(green, "ok  "), r.Rule, r.Says, took)
		for _, d := range r.Details {
			fmt.Fprintf(p.w, "        %-24s %s\n", "", p.paint(grey, d))
		}
	case NotApplicable:
		fmt.Fprintf(p.w, "  %s  %-24s %s\n", p.paint(grey, "n/a "), r.Rule, p.paint(grey, r.Why))
	case Failed:
		fmt.Fprintf(p.w, "  %s  %-24s %s\n", p.paint(red, "FAIL"), r.Rule, r.Says)
		for _, seen := range r.Seen {
			p.field("seen", seen)
		}
		p.field("fix", r.Fix)
		p.field("contract", r.Where)
	}
}

func (p *printer) field(name, text string) {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+strings.Repeat(" ", 19))
	fmt.Fprintf(p.w, "        %s %s\n", p.paint(bold, fmt.Sprintf("%-10s", name+":")), text)
}

// summary writes the last line.
func (p *printer) summary(r *Report) {
	verdict := p.paint(green, "passes")
	if !r.OK() {
		verdict = p.paint(red, "does not pass")
	}
	name := strings.TrimSpace(r.Plugin + " " + r.Version)
	if name == "" {
		name = strings.Join(r.Command, " ")
	}
	fmt.Fprintf(p.w, "\n%s %s: %d rules hold, %d broken, %d not applicable, in %.1f s.\n", name, verdict,
		r.Count(Passed), r.Count(Failed), r.Count(NotApplicable), r.Seconds)
}

// Text writes the report for people; colour is for terminals.
func (r *Report) Text(w io.Writer, colour bool) {
	p := &printer{w: w, colour: colour}
	for _, group := range r.families() {
		p.family(group)
	}
	p.summary(r)
}
