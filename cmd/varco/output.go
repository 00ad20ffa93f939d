package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/varco-id/varco/provider"
)

// usageError is a mistake of whoever typed the command.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(text string) error { return &usageError{text} }

// errFound ends a check that found something wrong and has already said so.
var errFound = errors.New("something is wrong")

// report tells an error and returns the exit code.
func (s *session) report(err error) int {
	if err == nil || errors.Is(err, errFound) {
		if err != nil {
			return exitFailed
		}
		return exitDone
	}
	var mistakes provider.Mistakes
	wrong := errors.As(err, &mistakes)
	if s.options.Output == "json" {
		_ = json.NewEncoder(s.err).Encode(map[string]any{"error": err.Error(), "kind": provider.ErrorKind(err), "mistakes": mistakes})
	} else if wrong {
		fmt.Fprintf(s.err, "varco: the configuration has %s:\n%s\n", plural(len(mistakes), "mistake"), mistakes)
	} else {
		fmt.Fprintf(s.err, "varco: %s\n", err)
	}
	var use *usageError
	switch {
	case wrong || errors.As(err, &use):
		return exitUsage
	case provider.ErrorKind(err) == "unavailable":
		return exitUnavailable
	}
	return exitFailed
}

// show writes a value as JSON, or as text for people.
func (s *session) show(value any, text func(w io.Writer)) error {
	if s.options.Output == "json" {
		e := json.NewEncoder(s.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(value)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	text(w)
	return w.Flush()
}

// row writes one line of a table.
func row(w io.Writer, cells ...string) {
	for i, c := range cells {
		if c == "" {
			cells[i] = "-" // an empty cell at the end would break the alignment of the next
		}
	}
	fmt.Fprintln(w, strings.Join(cells, "\t"))
}

// when writes a time for people, to the minute, in their own zone.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
