package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write the generated files anew")

// TestDocs: docs/cli.md is what the declarations say, and every command has an example.
func TestDocs(t *testing.T) {
	var options cli
	parser, err := newParser(&options, process{out: io.Discard, err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# The command line\n\n<!-- Made by \"go test ./cmd/varco -run TestDocs -update\": change the commands there. -->\n\n%s\n\n", description)
	out.WriteString(`Every command reads the configuration (` + "`--config FILE`, `VARCO_CONFIG`" + `, else varco.yaml) and runs against the running server of its
data folder, through a socket that its owner alone can open, or against the database itself when no server runs there. With
` + "`-o json`" + ` it prints one JSON value for scripts, and errors as JSON on standard error.

`)
	for _, leaf := range parser.Model.Leaves(true) {
		if !strings.Contains(leaf.Detail, "Example") {
			t.Errorf("%s has no example", leaf.FullPath())
		}
		writeCommand(&out, leaf)
	}
	const path = "../../docs/cli.md"
	if *update {
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, out.Bytes()) {
		t.Error("docs/cli.md is out of date: run `go test ./cmd/varco -run TestDocs -update`")
	}
}

func writeCommand(w io.Writer, leaf *kong.Node) {
	text, example, _ := strings.Cut(leaf.Detail, "Example:\n")
	arguments := ""
	for _, p := range leaf.Positional {
		arguments += " " + strings.ToUpper(p.Name)
	}
	fmt.Fprintf(w, "## %s%s\n\n%s", leaf.FullPath(), arguments, leaf.Help)
	if text = strings.TrimSpace(text); text != "" {
		fmt.Fprintf(w, " %s", text)
	}
	fmt.Fprintf(w, "\n\n```sh\n%s\n```\n\n", strings.TrimRight(unindent(example), "\n"))
	rows := ""
	for _, p := range leaf.Positional {
		rows += fmt.Sprintf("| `%s` | %s |\n", strings.ToUpper(p.Name), p.Help)
	}
	for _, f := range leaf.Flags {
		if f.Hidden {
			continue
		}
		name := "--" + f.Name
		if f.Short != 0 {
			name = "-" + string(f.Short) + ", " + name
		}
		if !f.IsBool() {
			name += "=" + f.FormatPlaceHolder()
		}
		rows += fmt.Sprintf("| `%s` | %s |\n", name, f.Help)
	}
	if rows != "" {
		fmt.Fprintf(w, "| | |\n|---|---|\n%s\n", rows)
	}
}

func unindent(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}
