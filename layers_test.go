// Package varco_test keeps the order of the packages: each imports only packages of a smaller rank.
package varco_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/varco-id/varco/"

// ranks lists the packages, lowest first. A pattern that ends in /... covers what lies below; the longest match counts.
var ranks = []struct {
	rank     int
	patterns []string
}{
	{0, []string{"plugins/sdk/varcopb"}},
	{1, []string{"plugins/sdk", "provider/internal/id"}},
	{2, []string{"plugins/...", "plugins/sdk/sdktest", "provider/internal/fault", "provider/internal/telemetry", "provider/internal/tx"}},
	{3, []string{"provider/internal/audit"}},
	{4, []string{"provider/internal/sealing"}},
	{5, []string{"provider/internal/subscriber", "provider/internal/relyingparty", "provider/internal/signingkey", "provider/internal/instancekey", "provider/internal/session",
		"provider/internal/consent", "provider/internal/throttle", "provider/internal/grant", "provider/internal/delivery", "provider/internal/policy", "provider/internal/replica"}},
	{6, []string{"provider/internal/login"}},
	{7, []string{"provider/internal/callback"}},
	{8, []string{"provider/internal/op", "provider/internal/web", "provider/internal/store"}},
	{9, []string{"provider/internal/store/sqlstore/query"}},
	{10, []string{"provider/internal/store/sqlstore"}},
	{11, []string{"provider"}},
	{12, []string{"examples/..."}},
	{13, []string{"cmd/varco", "examples/bank/cmd/...", "examples/authenticator-banktoken/tokenvendor/cmd"}},
}

// testSupport is imported by tests only, and may reach what it tests.
var testSupport = []string{"provider/internal/store/storetest", "provider/internal/web/webtest", "provider/internal/audit/audittest",
	"provider/internal/e2e", "provider/internal/bench", "provider/internal/callback/callbacktest"}

// ownPart says whether dep is an internal package of the tree that self belongs to: a plugin's own parts have its rank.
func ownPart(self, dep string) bool {
	tree, _, ok := strings.Cut(dep, "/internal/")
	return ok && tree != "provider" && (self == tree || strings.HasPrefix(self, tree+"/"))
}

func rankOf(pkg string) (rank int, ok bool) {
	best := -1
	for _, r := range ranks {
		for _, p := range r.patterns {
			base, tree := strings.CutSuffix(p, "/...")
			if (pkg == p || tree && strings.HasPrefix(pkg, base+"/")) && len(base) > best {
				best, rank, ok = len(base), r.rank, true
			}
		}
	}
	return rank, ok
}

type goPackage struct {
	ImportPath string
	Imports    []string
	Standard   bool
	Module     *struct{ Path string }
}

func list(t *testing.T, args ...string) []goPackage {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Standard,Module"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	var pkgs []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

func TestPackagesImportOnlySmallerRanks(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		self := strings.TrimPrefix(p.ImportPath, module)
		if self == path.Dir(module) || slices.ContainsFunc(testSupport, func(s string) bool { return strings.HasPrefix(self, s) }) {
			continue
		}
		rank, ok := rankOf(self)
		if !ok {
			t.Errorf("%s has no rank: give it one in layers_test.go", self)
			continue
		}
		for _, imp := range p.Imports {
			dep, ours := strings.CutPrefix(imp, module)
			if !ours {
				continue
			}
			if slices.ContainsFunc(testSupport, func(s string) bool { return strings.HasPrefix(dep, s) }) {
				t.Errorf("%s imports %s, which is for tests only", self, dep)
			} else if r, _ := rankOf(dep); r >= rank && !ownPart(self, dep) {
				t.Errorf("%s (rank %d) imports %s (rank %d)", self, rank, dep, r)
			}
		}
	}
}

// A plugin author's program must not grow with the provider: the SDK needs the standard library, go-plugin, hclog,
// gRPC, protobuf and what those need themselves.
func TestSDKIsPure(t *testing.T) {
	t.Parallel()
	roots := []string{"github.com/hashicorp/go-plugin", "github.com/hashicorp/go-hclog", "google.golang.org/grpc", "google.golang.org/protobuf/proto"}
	allowed := map[string]bool{}
	for _, p := range list(t, append([]string{"-deps"}, roots...)...) {
		if p.Module != nil {
			allowed[p.Module.Path] = true
		}
	}
	for _, p := range list(t, "-deps", "./plugins/sdk", "./plugins/sdk/varcopb") {
		if p.Standard || p.Module == nil || allowed[p.Module.Path] || strings.HasPrefix(p.ImportPath, module+"plugins/sdk") {
			continue
		}
		t.Errorf("plugins/sdk needs %s", p.ImportPath)
	}
}

// Only provider/internal/op knows the OIDC library: it can be replaced in one place.
func TestOnlyOpKnowsTheOIDCLibrary(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, "github.com/zitadel/") && p.ImportPath != module+"provider/internal/op" {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
	}
}
