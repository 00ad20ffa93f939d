// Command contractpage writes docs/plugins/contract.md: the .proto files of the plugin contract as a page, with their
// comments. It reads a FileDescriptorSet with source info, as protoc makes it, on standard input; generate.sh runs it.
//
// It owns the form of the page. The words are those of the .proto files.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

func main() {
	if err := run(os.Stdin, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "contractpage:", err)
		os.Exit(1)
	}
}

// run writes the page. args is the digest of the .proto files, by which a test knows that the page is theirs.
func run(in io.Reader, out io.Writer, args []string) error {
	if len(args) != 1 {
		return errors.New("want one argument, the digest of the .proto files")
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(raw, &set); err != nil {
		return fmt.Errorf("standard input is no FileDescriptorSet: %w", err)
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		return err
	}
	text, err := page(files, args[0])
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

// order is how a reader learns the contract.
var order = []string{"lifecycle", "step", "view", "authenticator", "callbacks", "delivery", "risk", "legacy", "keys"}

// page is the whole page.
func page(files *protoregistry.Files, digest string) ([]byte, error) {
	var own []protoreflect.FileDescriptor
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(string(f.Package()), "varco.plugin.") {
			own = append(own, f)
		}
		return true
	})
	if len(own) == 0 {
		return nil, errors.New("there is no file of the contract")
	}
	slices.SortFunc(own, func(a, b protoreflect.FileDescriptor) int { return rank(a) - rank(b) })

	w := &writer{}
	w.line("# The plugin contract\n")
	w.line("<!-- Made by plugins/sdk/varcopb/generate.sh: change the comments of the .proto files. digest: %s -->\n", digest)
	w.line("The reference: what travels between Varco and a plugin, in the words of the files in plugins/sdk/varcopb/%s. To write a", path.Dir(own[0].Path()))
	w.line("plugin, begin with [writing.md](writing.md); [conformance.md](conformance.md) says how it is checked.\n")
	w.line("Names are those of the wire. The Go SDK writes them in its own way (`flow_id` is `FlowID`, `REASON_BAD_CREDENTIAL` is")
	w.line("`sdk.ReasonBadCredential`, whose value is `bad_credential`), so does the Node.js package (`flowId`, `'bad_credential'`).\n")
	for _, f := range own {
		w.line("- [%s.proto](#%sproto): %s", title(f), title(f), strings.Join(names(f), ", "))
	}
	for _, f := range own {
		w.file(f)
	}
	if len(w.silent) > 0 {
		return nil, fmt.Errorf("no comment says what these are: %s", strings.Join(w.silent, ", "))
	}
	return append(bytes.TrimRight(w.Bytes(), "\n"), '\n'), nil
}

// rank puts a file that nobody placed at the end, so that it is not lost.
func rank(f protoreflect.FileDescriptor) int {
	if i := slices.Index(order, title(f)); i >= 0 {
		return i
	}
	return len(order)
}

func title(f protoreflect.FileDescriptor) string {
	return strings.TrimSuffix(path.Base(f.Path()), ".proto")
}

// names are links to what a file declares.
func names(f protoreflect.FileDescriptor) []string {
	var all []string
	for i := range f.Services().Len() {
		all = append(all, link(f.Services().Get(i)))
	}
	for i := range f.Messages().Len() {
		all = append(all, link(f.Messages().Get(i)))
	}
	for i := range f.Enums().Len() {
		all = append(all, link(f.Enums().Get(i)))
	}
	return all
}

func link(d protoreflect.Descriptor) string {
	return fmt.Sprintf("[%s](#%s)", d.Name(), strings.ToLower(string(d.Name())))
}

type writer struct {
	bytes.Buffer
	silent []string // what has no comment and needs one
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// syntaxPath is where a comment over the first statement stands in the source info: it is about the file.
var syntaxPath = protoreflect.SourcePath{12}

func (w *writer) file(f protoreflect.FileDescriptor) {
	w.line("\n## %s.proto\n", title(f))
	if about := clean(f.SourceLocations().ByPath(syntaxPath).LeadingComments); about != "" {
		w.line("%s\n", about)
	} else {
		w.silent = append(w.silent, f.Path())
	}
	for i := range f.Services().Len() {
		w.service(f.Services().Get(i))
	}
	for i := range f.Messages().Len() {
		w.message(f.Messages().Get(i))
	}
	for i := range f.Enums().Len() {
		w.enum(f.Enums().Get(i))
	}
}

// comment is what stands over a declaration.
func comment(d protoreflect.Descriptor) string {
	return clean(d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments)
}

func clean(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// about writes the comment of a declaration that must have one.
func (w *writer) about(d protoreflect.Descriptor, required bool) {
	text := comment(d)
	if text == "" && required {
		w.silent = append(w.silent, string(d.FullName()))
	}
	if text != "" {
		w.line("%s\n", text)
	}
}

func (w *writer) service(s protoreflect.ServiceDescriptor) {
	w.line("### %s\n", s.Name())
	w.about(s, true)
	w.line("| call | takes | gives | |\n|---|---|---|---|")
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		if comment(m) == "" {
			w.silent = append(w.silent, string(m.FullName()))
		}
		w.line("| `%s` | %s | %s | %s |", m.Name(), link(m.Input()), link(m.Output()), cell(comment(m)))
	}
	w.line("")
}

func (w *writer) message(m protoreflect.MessageDescriptor) {
	w.line("### %s\n", m.Name())
	// What is named after its call says what it is.
	call := strings.HasSuffix(string(m.Name()), "Request") || strings.HasSuffix(string(m.Name()), "Response")
	w.about(m, !call)
	if m.Fields().Len() == 0 {
		w.line("It has no fields.\n")
		return
	}
	w.line("| | field | type | |\n|---|---|---|---|")
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		text := cell(comment(f))
		if oneof := f.ContainingOneof(); oneof != nil {
			text = strings.TrimSpace("One of *" + string(oneof.Name()) + "*. " + text)
		}
		w.line("| %d | `%s` | %s | %s |", f.Number(), f.Name(), typeOf(f), text)
	}
	w.line("")
	for i := range m.Oneofs().Len() {
		if text := comment(m.Oneofs().Get(i)); text != "" {
			w.line("*%s*: %s\n", m.Oneofs().Get(i).Name(), text)
		}
	}
	for i := range m.Messages().Len() {
		if nested := m.Messages().Get(i); !nested.IsMapEntry() {
			w.message(nested)
		}
	}
}

func (w *writer) enum(e protoreflect.EnumDescriptor) {
	w.line("### %s\n", e.Name())
	w.about(e, true)
	w.line("| | value | |\n|---|---|---|")
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		if v.Number() != 0 {
			w.line("| %d | `%s` | %s |", v.Number(), v.Name(), cell(comment(v)))
		}
	}
	w.line("")
}

// cell fits a comment into a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

func typeOf(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return "map of " + scalar(f.MapKey()) + " to " + scalar(f.MapValue())
	case f.IsList():
		return "list of " + scalar(f)
	}
	return scalar(f)
}

func scalar(f protoreflect.FieldDescriptor) string {
	switch d := f.Message(); {
	case d != nil && d.ParentFile().Package() != f.ParentFile().Package():
		return string(d.Name()) // a well-known type
	case d != nil:
		return link(d)
	case f.Enum() != nil:
		return link(f.Enum())
	}
	return f.Kind().String()
}
