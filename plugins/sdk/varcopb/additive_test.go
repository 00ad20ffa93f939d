package varcopb_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/varco-id/varco/plugins/sdk/varcopb"
)

var update = flag.Bool("update", false, "add to testdata/v1.txt what is new in the contract")

// baseline has one line for each thing a plugin or host built earlier relies on.
const baseline = "testdata/v1.txt"

// Inside a major version there are only additions: a plugin of last year answers a host of today, and the other way
// round. A line that is gone or different breaks those that were built before.
func TestOnlyAdditions(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(baseline)
	if err != nil {
		t.Fatal(err)
	}
	before := strings.Split(strings.TrimSpace(string(raw)), "\n")
	now := contract()
	for _, line := range missing(before, now) {
		t.Errorf("the contract no longer has %q: make a new field or message instead, and leave this one", line)
	}
	added := missing(now, before)
	if len(added) == 0 {
		return
	}
	if !*update {
		t.Errorf("new in the contract: record it by `go test ./plugins/sdk/varcopb -update`:\n%s", strings.Join(added, "\n"))
		return
	}
	all := append(before, added...)
	slices.Sort(all)
	if err := os.WriteFile(baseline, []byte(strings.Join(slices.Compact(all), "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The comparison notices what it is for.
func TestAdditionsAreTold(t *testing.T) {
	t.Parallel()
	now := contract()
	if kept := "field varco.plugin.v1.Subject 1 string id"; len(missing([]string{kept}, now)) != 0 {
		t.Errorf("%q is in the contract and was not found", kept)
	}
	for name, before := range map[string]string{
		"removed field":    "field varco.plugin.v1.Subject 9 string nickname",
		"changed type":     "field varco.plugin.v1.Subject 1 bytes id",
		"changed number":   "field varco.plugin.v1.Subject 7 string id",
		"renamed field":    "field varco.plugin.v1.Subject 1 string identifier",
		"removed value":    "value varco.plugin.v1.Reason 99 REASON_BORED",
		"removed call":     "rpc varco.plugin.v1.Authenticator.Pause StepRequest StepResponse",
		"left the oneof":   "field varco.plugin.v1.StepResponse 1 varco.plugin.v1.Challenge challenge",
		"changed to a map": "field varco.plugin.v1.StepRequest 5 repeated string inputs",
	} {
		if got := missing([]string{before}, now); len(got) != 1 {
			t.Errorf("%s: not noticed", name)
		}
	}
}

// missing returns the lines of a that b has not.
func missing(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) })
}

// contract lists every message, field, value and call of the package.
func contract() []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	own := varcopb.File_varco_plugin_v1_step_proto.Package()
	protoregistry.GlobalFiles.RangeFilesByPackage(own, func(file protoreflect.FileDescriptor) bool {
		for message := range each(file.Messages()) {
			add("message %s", message.FullName())
			for field := range each(message.Fields()) {
				kind := kindOf(field)
				if oneof := field.ContainingOneof(); oneof != nil {
					kind = "oneof " + string(oneof.Name()) + " " + kind
				}
				add("field %s %d %s %s", message.FullName(), field.Number(), kind, field.Name())
			}
		}
		for enum := range each(file.Enums()) {
			for value := range each(enum.Values()) {
				add("value %s %d %s", enum.FullName(), value.Number(), value.Name())
			}
		}
		for service := range each(file.Services()) {
			for rpc := range each(service.Methods()) {
				add("rpc %s %s %s %v %v", rpc.FullName(), rpc.Input().FullName(), rpc.Output().FullName(), rpc.IsStreamingClient(), rpc.IsStreamingServer())
			}
		}
		return true
	})
	slices.Sort(lines)
	return lines
}

func kindOf(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return "map " + kindOf(f.MapKey()) + " " + kindOf(f.MapValue())
	case f.IsList():
		return "repeated " + scalar(f)
	}
	return scalar(f)
}

func scalar(f protoreflect.FieldDescriptor) string {
	switch {
	case f.Message() != nil:
		return string(f.Message().FullName())
	case f.Enum() != nil:
		return string(f.Enum().FullName())
	}
	return f.Kind().String()
}

// each ranges over one of protoreflect's lists.
func each[D any, L interface {
	Len() int
	Get(int) D
}](list L) func(func(D) bool) {
	return func(yield func(D) bool) {
		for i := range list.Len() {
			if !yield(list.Get(i)) {
				return
			}
		}
	}
}
