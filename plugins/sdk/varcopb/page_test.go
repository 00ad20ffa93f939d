package varcopb_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// docs/plugins/contract.md is the .proto files' comments, as they are now.
func TestPageIsCurrent(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("varco/plugin/v1/*.proto")
	if err != nil || len(files) == 0 {
		t.Fatalf("no .proto files (%v)", err)
	}
	h := sha256.New()
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(raw)
	}
	page, err := os.ReadFile("../../../docs/plugins/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	if digest := hex.EncodeToString(h.Sum(nil)); !strings.Contains(string(page), "digest: "+digest) {
		t.Error("docs/plugins/contract.md is of other .proto files: run generate.sh")
	}
}
