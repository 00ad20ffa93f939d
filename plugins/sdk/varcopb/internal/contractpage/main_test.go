package main

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// small is a contract of one call, with the comments that protoc would note.
const small = `file {
  name: "varco/plugin/v9/odd.proto" package: "varco.plugin.v9" syntax: "proto3"
  message_type { name: "Ask"
    field { name: "mood" number: 1 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".varco.plugin.v9.Mood" }
    field { name: "words" number: 2 label: LABEL_REPEATED type: TYPE_STRING } }
  message_type { name: "AskResponse" }
  enum_type { name: "Mood" value { name: "MOOD_UNSPECIFIED" number: 0 } value { name: "MOOD_GOOD" number: 1 } }
  service { name: "Oracle" method { name: "Speak" input_type: ".varco.plugin.v9.Ask" output_type: ".varco.plugin.v9.AskResponse" } }
  source_code_info {
    location { path: 12 span: [0, 0, 1] leading_comments: " About the file.\n" }
    location { path: [4, 0] span: [1, 0, 1] leading_comments: " Ask is a question.\n" }
    location { path: [4, 0, 2, 1] span: [2, 0, 1] leading_comments: " This | that,\n in two lines.\n" }
    location { path: [5, 0] span: [3, 0, 1] leading_comments: " Mood is how it feels.\n" }
    location { path: [6, 0] span: [4, 0, 1] leading_comments: " Oracle answers.\n" }
    location { path: [6, 0, 2, 0] span: [5, 0, 1] leading_comments: " Speak says it.\n" }
  }
}`

func written(t *testing.T, change func(*descriptorpb.FileDescriptorProto)) (string, error) {
	t.Helper()
	var set descriptorpb.FileDescriptorSet
	if err := prototext.Unmarshal([]byte(small), &set); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(set.File[0])
	}
	raw, err := proto.Marshal(&set)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = run(bytes.NewReader(raw), &out, []string{"d1gest"})
	return out.String(), err
}

func TestPage(t *testing.T) {
	t.Parallel()
	got, err := written(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"digest: d1gest", "- [odd.proto](#oddproto): [Oracle](#oracle), [Ask](#ask), [AskResponse](#askresponse), [Mood](#mood)\n",
		"## odd.proto\n\nAbout the file.\n", "| `Speak` | [Ask](#ask) | [AskResponse](#askresponse) | Speak says it. |\n",
		"### Ask\n\nAsk is a question.\n", "| 1 | `mood` | [Mood](#mood) |  |\n", `| 2 | ` + "`words`" + ` | list of string | This \| that, in two lines. |` + "\n",
		"### AskResponse\n\nIt has no fields.\n", "| 1 | `MOOD_GOOD` |  |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page has no %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "UNSPECIFIED") {
		t.Error("the page lists the value that nobody sends")
	}
}

// What has no comment would be a hole in the reference.
func TestSilenceIsAnError(t *testing.T) {
	t.Parallel()
	_, err := written(t, func(f *descriptorpb.FileDescriptorProto) { f.SourceCodeInfo = nil })
	if err == nil {
		t.Fatal("a contract without comments makes a page")
	}
	for _, want := range []string{"odd.proto", "varco.plugin.v9.Ask", "varco.plugin.v9.Mood", "varco.plugin.v9.Oracle", "varco.plugin.v9.Oracle.Speak"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not missed: %v", want, err)
		}
	}
}

func TestInput(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		args []string
	}{"no digest": {"", nil}, "not a set": {"\xff\xff", []string{"d"}}, "an empty set": {"", []string{"d"}}} {
		if err := run(strings.NewReader(c.in), &bytes.Buffer{}, c.args); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
