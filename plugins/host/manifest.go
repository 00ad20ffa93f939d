package host

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	maxManifest      = 8 << 20   // bytes of a manifest
	maxManifestFiles = 50_000    // it lists
	maxTree          = 256 << 20 // bytes of all of them together, the interpreter not counted
)

// manifest is what an interpreted plugin consists of.
type manifest struct {
	root    string // its folder, where relative paths start
	digest  string // of the manifest itself
	entries []manifestEntry
}

type manifestEntry struct {
	path   string // relative to root, or absolute: an interpreter
	digest [sha256.Size]byte
}

// readManifest reads the manifest at path, which must have the digest, unless that is empty.
func readManifest(path, digest string) (*manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: manifest: %w", errPin, err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return nil, fmt.Errorf("%w: manifest: %w", errPin, err)
	}
	sum := sha256.Sum256(raw)
	got := hex.EncodeToString(sum[:])
	if digest != "" && got != digest {
		return nil, fmt.Errorf("%w: the manifest %s has the digest %s, configured is %s", errPin, path, got, digest)
	}
	entries, err := parseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: manifest %s: %w", errPin, path, err)
	}
	return &manifest{root: filepath.Dir(path), digest: got, entries: entries}, nil
}

// parseManifest reads what sha256sum writes: a digest, two characters (a space, then a space or an asterisk), a path.
func parseManifest(raw []byte) ([]manifestEntry, error) {
	if len(raw) > maxManifest {
		return nil, fmt.Errorf("larger than %d bytes", maxManifest)
	}
	var entries []manifestEntry
	seen := make(map[string]bool)
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		digest, path, ok := strings.Cut(line, " ")
		e := manifestEntry{}
		sum, err := hex.DecodeString(digest)
		if !ok || err != nil || len(sum) != sha256.Size || path == "" || (path[0] != ' ' && path[0] != '*') {
			return nil, fmt.Errorf("line %d: want a digest of 64 hexadecimal digits, two spaces and a path", n)
		}
		copy(e.digest[:], sum)
		e.path = path[1:]
		switch {
		case filepath.IsAbs(e.path) && filepath.Clean(e.path) == e.path:
		case !filepath.IsLocal(e.path) || filepath.Clean(e.path) != e.path || e.path == ".":
			return nil, fmt.Errorf("line %d: the path %q leads outside the folder, or is not in its shortest form", n, e.path)
		}
		if seen[e.path] {
			return nil, fmt.Errorf("line %d: %q comes twice", n, e.path)
		}
		seen[e.path] = true
		if entries = append(entries, e); len(entries) > maxManifestFiles {
			return nil, fmt.Errorf("more than %d files", maxManifestFiles)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, errors.New("lists nothing")
	}
	return entries, nil
}

// ManifestName is what WriteManifest calls its file.
const ManifestName = "varco.sha256"

// WriteManifest lists every file of the folder and the given interpreters, writes the list into the folder under ManifestName
// and returns its path and digest. A symbolic link to a folder, or out of this one, is an error: nobody could say what runs.
func WriteManifest(folder string, interpreters ...string) (path, digest string, err error) {
	folder, err = filepath.Abs(folder)
	if err != nil {
		return "", "", err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return "", "", err
	}
	defer root.Close()
	var lines []string
	add := func(name string, f *os.File) error {
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		if strings.ContainsAny(name, "\n\r") {
			return fmt.Errorf("%q: a line break in a name", name)
		}
		lines = append(lines, fmt.Sprintf("%x  %s\n", h.Sum(nil), name))
		return nil
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == ManifestName {
			return err
		}
		f, err := root.Open(name) // follows no link that leads out of the folder
		if err != nil {
			return err
		}
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			f.Close()
			return errors.Join(err, fmt.Errorf("%s is no file: install the plugin's packages as copies, not as links (npm install --install-links)", name))
		}
		return add(filepath.FromSlash(name), f)
	})
	if err != nil {
		return "", "", err
	}
	for _, name := range interpreters {
		if name, err = filepath.Abs(name); err != nil {
			return "", "", err
		}
		f, err := os.Open(name)
		if err != nil {
			return "", "", err
		}
		if err := add(name, f); err != nil {
			return "", "", err
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[66:], b[66:]) })
	raw := []byte(strings.Join(lines, ""))
	path = filepath.Join(folder, ManifestName)
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		return "", "", err
	}
	return path, fmt.Sprintf("%x", sha256.Sum256(raw)), nil
}
