package conformance

import (
	"encoding/json"
	"io"
	"time"
)

// Status is what became of a rule.
type Status string

// The statuses of a rule.
const (
	Passed        Status = "passed"
	Failed        Status = "failed"
	NotApplicable Status = "not_applicable" // the plugin has nothing the rule speaks of, or the check could not be made
)

// Result is what became of one rule.
type Result struct {
	Rule    string        `json:"rule"`
	Family  string        `json:"family"`
	Status  Status        `json:"status"`
	Says    string        `json:"says"`
	Seen    []string      `json:"seen,omitempty"` // of a failure: what the plugin did
	Fix     string        `json:"fix,omitempty"`
	Where   string        `json:"where,omitempty"`
	Why     string        `json:"why,omitempty"` // not applicable
	Details []string      `json:"details,omitempty"`
	Took    time.Duration `json:"-"`
	Seconds float64       `json:"seconds"`
}

// Report is what became of every rule.
type Report struct {
	Plugin   string   `json:"plugin"` // its name, as far as it said one
	Version  string   `json:"version"`
	Command  []string `json:"command"`
	Contract int      `json:"contract"`
	Results  []Result `json:"results"`
	Seconds  float64  `json:"seconds"`
}

// Count says how many rules ended with a status.
func (r *Report) Count(s Status) int {
	n := 0
	for i := range r.Results {
		if r.Results[i].Status == s {
			n++
		}
	}
	return n
}

// OK says whether no rule failed.
func (r *Report) OK() bool { return r.Count(Failed) == 0 }

// Failures names the rules that failed.
func (r *Report) Failures() []string {
	var names []string
	for i := range r.Results {
		if r.Results[i].Status == Failed {
			names = append(names, r.Results[i].Rule)
		}
	}
	return names
}

// JSON writes the report for machines.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
