package conformance

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
	Skipped *junitSkipped `xml:"skipped,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// JUnit writes the report as JUnit XML: a suite for each family, a case for each rule.
func (r *Report) JUnit(w io.Writer) error {
	out := junitSuites{Name: "varco plugin test " + r.Plugin, Time: seconds(r.Seconds)}
	for i := range r.Results {
		res := &r.Results[i]
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != res.Family {
			out.Suites = append(out.Suites, junitSuite{Name: res.Family})
		}
		suite := &out.Suites[len(out.Suites)-1]
		c := junitCase{Class: res.Family, Name: res.Rule, Time: seconds(res.Seconds)}
		switch res.Status {
		case Failed:
			c.Failure = &junitFailure{Message: printable(res.Says), Text: printable(fmt.Sprintf("seen: %s\nfix: %s\ncontract: %s",
				strings.Join(res.Seen, "\nseen: "), res.Fix, res.Where))}
			suite.Failures++
			out.Failures++
		case NotApplicable:
			c.Skipped = &junitSkipped{Message: printable(res.Why)}
			suite.Skipped++
			out.Skipped++
		}
		suite.Cases = append(suite.Cases, c)
		suite.Tests++
		out.Tests++
	}
	for i := range out.Suites {
		total := 0.0
		for _, res := range r.Results {
			if res.Family == out.Suites[i].Name {
				total += res.Seconds
			}
		}
		out.Suites[i].Time = seconds(total)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// printable drops what XML 1.0 cannot hold: a plugin chose part of the text.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || c == '\t' || unicode.IsPrint(c) {
			return c
		}
		return '·'
	}, s)
}
