package blocklist

import (
	"bytes"
	"crypto/sha1" // the format of the file, not a protection
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// File is the path of a list of breached passwords brought by the operator: a text file with one SHA-1 in hexadecimal
// per line, sorted ascending, each optionally followed by a colon and a count, as the Pwned Passwords downloader
// writes it. It is opened for each question, so that a new edition may be renamed over the old one at any time.
type File string

const (
	hashLen  = 2 * sha1.Size
	lineRoom = 128 // longer than a hash, a colon, a count and a line end
)

// Has tells whether the SHA-1 of s is in the file, with at most one read per halving of the file's size.
//
// Errors: the file cannot be read, or is not in the format.
func (f File) Has(s string) (bool, error) {
	sum := sha1.Sum([]byte(s)) // as above
	want := strings.ToUpper(hex.EncodeToString(sum[:]))
	found := false
	err := f.with(func(r io.ReaderAt, size int64) error {
		var err error
		found, err = search(r, size, want)
		return err
	})
	return found, err
}

// Check looks whether the file can be read and seems to be in the format: it compares the order of some lines.
func (f File) Check() error {
	return f.with(func(r io.ReaderAt, size int64) error {
		const probes = 16
		last := ""
		for i := int64(0); i < probes; i++ {
			hash, _, err := lineFrom(r, size, size/probes*i)
			if errors.Is(err, io.EOF) && i > 0 {
				break
			}
			if err != nil {
				return err
			}
			if hash < last {
				return fmt.Errorf("the hashes are not sorted ascending")
			}
			last = hash
		}
		return nil
	})
}

func (f File) with(do func(r io.ReaderAt, size int64) error) error {
	file, err := os.Open(string(f))
	if err != nil {
		return fmt.Errorf("blocklist file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("blocklist file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("blocklist file %s: not a regular file", f)
	}
	if err := do(file, info.Size()); err != nil {
		return fmt.Errorf("blocklist file %s: %w", f, err)
	}
	return nil
}

// search keeps the invariant that a line with want, if there is one, starts in [lo, hi).
func search(r io.ReaderAt, size int64, want string) (bool, error) {
	lo, hi := int64(0), size
	for lo < hi {
		mid := lo + (hi-lo)/2
		hash, next, err := lineFrom(r, size, mid)
		switch {
		case errors.Is(err, io.EOF) || err == nil && hash > want:
			hi = mid
		case err != nil:
			return false, err
		case hash == want:
			return true, nil
		default:
			lo = next
		}
	}
	return false, nil
}

// lineFrom returns the hash of the first line that starts at or after at, in upper case, and where the line after it
// starts. It returns io.EOF when no line starts there.
func lineFrom(r io.ReaderAt, size, at int64) (hash string, next int64, err error) {
	// One byte earlier: at is the start of a line exactly if the byte before it ends one.
	from, skip := at-1, true
	if at == 0 {
		from, skip = 0, false
	}
	buf := make([]byte, 2*lineRoom)
	n, err := r.ReadAt(buf, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	buf = buf[:n]
	start := 0
	if skip {
		i := bytes.IndexByte(buf, '\n')
		if i < 0 && from+int64(n) < size {
			return "", 0, fmt.Errorf("line at byte %d is too long", at)
		}
		if i < 0 {
			return "", 0, io.EOF
		}
		start = i + 1
	}
	line := buf[start:]
	if len(line) == 0 && from+int64(n) >= size {
		return "", 0, io.EOF
	}
	end := bytes.IndexByte(line, '\n')
	if end < 0 {
		if from+int64(n) < size {
			return "", 0, fmt.Errorf("line at byte %d is too long", at)
		}
		end = len(line)
		next = size
	} else {
		next = from + int64(start+end) + 1
	}
	text := strings.TrimSuffix(string(line[:end]), "\r")
	head, _, _ := strings.Cut(text, ":")
	if _, err := hex.DecodeString(head); err != nil || len(head) != hashLen {
		return "", 0, fmt.Errorf("byte %d: want the SHA-1 of a password in %d hexadecimal digits, optionally followed by a colon and a count", from+int64(start), hashLen)
	}
	return strings.ToUpper(head), next, nil
}
