package varcopb_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The Node.js package speaks the same contract: it reads copies of the same files.
func TestNodePackageHasTheSameContract(t *testing.T) {
	t.Parallel()
	const here, there = "varco/plugin/v1", "../../node/proto/varco/plugin/v1"
	names := func(dir string) []string {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s (%v)", dir, err)
		}
		for i := range files {
			files[i] = filepath.Base(files[i])
		}
		return files
	}
	if !slices.Equal(names(here), names(there)) {
		t.Fatalf("%s has %v, %s has %v: run generate.sh", here, names(here), there, names(there))
	}
	for _, name := range names(here) {
		a, err := os.ReadFile(filepath.Join(here, name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(there, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(a) != string(b) {
			t.Errorf("%s differs in %s: run generate.sh", name, there)
		}
	}
}
