package host

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tree is the verified content of an interpreted plugin, sealed. Every start of the plugin gets a fresh copy of it in the
// private directory of its process: one that was taken over and rewrites its own files is gone with the process.
type tree struct {
	root    string   // where it came from
	content *os.File // of all files, one after the other
	files   []treeFile
}

type treeFile struct {
	path       string // relative
	at, size   int64
	executable bool
}

// pinTree copies and verifies what a manifest lists, and the program that the command begins with.
func pinTree(m *manifest, command []string, dir string) (pinned, error) {
	t := &tree{root: m.root}
	if err := t.check(m, command); err != nil {
		return pinned{}, fmt.Errorf("%w: %w", errPin, err)
	}
	root, err := os.OpenRoot(m.root)
	if err != nil {
		return pinned{}, fmt.Errorf("%w: %w", errPin, err)
	}
	defer root.Close()
	var interpreter string
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(t.read(root, m, writer)) }()
	t.content, err = sealedCopy(reader, dir)
	reader.Close()
	if err != nil {
		return pinned{}, fmt.Errorf("copy what %s lists: %w", filepath.Join(m.root, "…"), err)
	}
	for _, e := range m.entries {
		if e.path == command[0] || filepath.Join(m.root, e.path) == command[0] {
			interpreter = fmt.Sprintf("%x", e.digest)
		}
	}
	file, err := pin(command[0], interpreter, dir)
	if err != nil {
		return pinned{}, errors.Join(err, t.content.Close())
	}
	return pinned{file: file, tree: t}, nil
}

// check says whether the command runs nothing but what the manifest lists.
func (t *tree) check(m *manifest, command []string) error {
	listed := func(path string) bool {
		rel, err := filepath.Rel(t.root, path)
		return slices.ContainsFunc(m.entries, func(e manifestEntry) bool { return e.path == path || (err == nil && e.path == rel) })
	}
	if !listed(command[0]) {
		return fmt.Errorf("the manifest does not list %s, which is to run", command[0])
	}
	for _, arg := range command[1:] {
		if filepath.IsAbs(arg) {
			if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() && !listed(filepath.Clean(arg)) {
				return fmt.Errorf("the manifest does not list the argument %s", arg)
			}
		} else if strings.Contains(arg, t.root+string(filepath.Separator)) {
			return fmt.Errorf("the argument %q has a path inside it: make the path an argument of its own, so that the copy can stand in its place", arg)
		}
	}
	return nil
}

// read writes the content of the files to w and checks it.
func (t *tree) read(root *os.Root, m *manifest, w io.Writer) error {
	var at int64
	for _, e := range m.entries {
		if filepath.IsAbs(e.path) {
			continue
		}
		file, err := readTreeFile(root, e, w, maxTree-at)
		if err != nil {
			return err
		}
		file.at = at
		at += file.size
		t.files = append(t.files, file)
	}
	return nil
}

func readTreeFile(root *os.Root, e manifestEntry, w io.Writer, most int64) (treeFile, error) {
	f, err := root.Open(e.path)
	if err != nil {
		return treeFile{}, fmt.Errorf("%w: %w", errPin, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return treeFile{}, errors.Join(fmt.Errorf("%w: %s is no file", errPin, e.path), err)
	}
	h := sha256.New()
	size, err := io.Copy(io.MultiWriter(w, h), io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return treeFile{}, err
	case size > most:
		return treeFile{}, fmt.Errorf("%w: the files are larger than %d bytes together", errPin, maxTree)
	case !bytes.Equal(h.Sum(nil), e.digest[:]):
		return treeFile{}, fmt.Errorf("%w: %s has the digest %x, the manifest says %x", errPin, e.path, h.Sum(nil), e.digest)
	}
	return treeFile{path: e.path, size: size, executable: info.Mode()&0o111 != 0}, nil
}

// extract writes the files under root, which it creates.
func (t *tree) extract(root string) error {
	if err := os.Mkdir(root, 0o700); err != nil {
		return err
	}
	for _, f := range t.files {
		path := filepath.Join(root, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		mode := os.FileMode(0o400)
		if f.executable {
			mode = 0o500
		}
		out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, io.NewSectionReader(t.content, f.at, f.size))
		if err = errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
	return nil
}

// args returns the arguments with the paths into the folder leading into its copy.
func (t *tree) args(root string, args []string) []string {
	out := slices.Clone(args)
	for n, arg := range out {
		if rel, err := filepath.Rel(t.root, arg); err == nil && filepath.IsAbs(arg) && filepath.IsLocal(rel) {
			out[n] = filepath.Join(root, rel)
		}
	}
	return out
}
