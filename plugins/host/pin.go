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

// pins keeps the verified copies of external programs, one for each digest. What runs is the copy that was hashed: a
// file that is hashed and then executed by its path can be exchanged in between.
type pins struct {
	dir string

	mu     sync.Mutex
	copies map[string]*os.File // by digest
}

// executable returns the path to execute for c and, where it is known, its digest.
func (p *pins) executable(c *InstanceConfig, bundled string) (path, digest string, err error) {
	switch {
	case c.Plugin != "":
		return bundled, "", nil
	case c.SHA256 == "":
		return c.Command[0], "", nil
	}
	digest = strings.ToLower(c.SHA256)
	p.mu.Lock()
	defer p.mu.Unlock()
	copied, ok := p.copies[digest]
	if !ok {
		if copied, err = pin(c.Command[0], digest, p.dir); err != nil {
			return "", "", err
		}
		if p.copies == nil {
			p.copies = make(map[string]*os.File)
		}
		p.copies[digest] = copied
	}
	return pinnedPath(copied), digest, nil
}

func (p *pins) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.copies {
		f.Close()
	}
	p.copies = nil
}

// errPin marks a program that must not run; starting again does not help.
var errPin = errors.New("not the pinned program")

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
