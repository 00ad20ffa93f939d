package host

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// maxProgram bounds a copy.
const maxProgram = 512 << 20

// program is what to execute for an instance.
type program struct {
	path   string
	folder string   // its working directory; empty: that of its tree
	args   []string // after the name
	digest string   // empty where nothing is pinned
	tree   *tree    // what an interpreted plugin consists of; nil for the others
}

// pins keeps the verified copies of external programs, one for each digest. What runs is the copy that was hashed: a
// file that is hashed and then executed by its path can be exchanged in between.
type pins struct {
	dir string

	mu     sync.Mutex
	copies map[string]pinned // by digest
}

// pinned is a verified copy of a program, or of a tree with its interpreter.
type pinned struct {
	file *os.File
	tree *tree
}

// program returns what to execute for c.
func (p *pins) program(c *InstanceConfig, bundled string) (program, error) {
	at := program{folder: "/"}
	switch {
	case c.Plugin != "":
		at.path = bundled
		return at, nil
	case c.Manifest == "" && c.SHA256 == "":
		at.path, at.args = c.Command[0], c.Command[1:]
		return at, nil
	}
	copied, digest, err := p.copied(c)
	if err != nil {
		return at, err
	}
	at.path, at.args, at.digest, at.tree = pinnedPath(copied.file), c.Command[1:], digest, copied.tree
	return at, nil
}

// copied returns the verified copy of what c names, made once.
func (p *pins) copied(c *InstanceConfig) (pinned, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key, digest := strings.ToLower(c.SHA256), strings.ToLower(c.SHA256)
	var m *manifest
	if c.Manifest != "" {
		var err error
		if m, err = readManifest(c.Manifest, digest); err != nil {
			if have, ok := p.copies[treeKey(c, digest)]; ok && digest != "" {
				return have, digest, nil // the copy outlives its source
			}
			return pinned{}, "", err
		}
		digest = m.digest
		key = treeKey(c, digest)
	}
	if have, ok := p.copies[key]; ok {
		return have, digest, nil
	}
	var fresh pinned
	var err error
	if m != nil {
		fresh, err = pinTree(m, c.Command, p.dir)
	} else {
		fresh.file, err = pin(c.Command[0], digest, p.dir)
	}
	if err != nil {
		return pinned{}, "", err
	}
	if p.copies == nil {
		p.copies = make(map[string]pinned)
	}
	p.copies[key] = fresh
	return fresh, digest, nil
}

// treeKey tells trees apart: the same manifest may lie in two folders, or be run by two commands.
func treeKey(c *InstanceConfig, digest string) string {
	return strings.Join(append([]string{digest, c.Manifest}, c.Command...), "\x00")
}

// keep closes the copies that none of the instances runs any more.
func (p *pins) keep(order []*instance) {
	used := make(map[string]bool)
	for _, i := range order {
		digest := strings.ToLower(i.config.SHA256)
		used[digest], used[treeKey(&i.config, digest)] = true, true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, copied := range p.copies {
		if !used[key] {
			copied.close()
			delete(p.copies, key)
		}
	}
}

func (p *pins) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, copied := range p.copies {
		copied.close()
	}
	p.copies = nil
}

func (p *pinned) close() {
	p.file.Close()
	if p.tree != nil {
		p.tree.content.Close()
	}
}

// NotPinned begins the error of a program that is not the one the configuration names.
const NotPinned = "not the pinned program"

// errPin marks a program that must not run; starting again does not help.
var errPin = errors.New(NotPinned)

// pin copies the program at path to a file nobody can change any more and checks the digest of the copy.
func pin(path, digest, dir string) (*os.File, error) {
	source, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPin, err)
	}
	defer source.Close()
	copied, err := sealedCopy(source, dir)
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", path, err)
	}
	if err := checkPinned(copied, path, digest); err != nil {
		return nil, errors.Join(err, copied.Close())
	}
	return copied, nil
}

func checkPinned(copied io.ReaderAt, path, digest string) error {
	start := make([]byte, 2)
	if _, err := copied.ReadAt(start, 0); err != nil {
		return fmt.Errorf("%w: %s is empty", errPin, path)
	}
	if string(start) == "#!" {
		return fmt.Errorf("%w: %s is a script, and its digest says nothing about the interpreter; name the interpreter as the command", errPin, path)
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(copied, 0, maxProgram+1)); err != nil {
		return fmt.Errorf("read the copy of %s: %w", path, err)
	}
	want, err := hex.DecodeString(digest)
	if err != nil {
		return err
	}
	got := h.Sum(nil)
	if subtle.ConstantTimeCompare(got, want) != 1 {
		return fmt.Errorf("%w: %s has the digest %x, configured is %s", errPin, path, got, digest)
	}
	return nil
}
