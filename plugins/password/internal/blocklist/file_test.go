package blocklist

import (
	"crypto/sha1" // the format of the file
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// rangeFile writes the hashes of passwords in the format of Pwned Passwords, with the line end and counts asked for.
func rangeFile(t testing.TB, passwords []string, lineEnd string, counts, lastEnd bool) File {
	t.Helper()
	var lines []string
	for i, p := range passwords {
		line := fmt.Sprintf("%X", sha1.Sum([]byte(p))) // as above
		if counts {
			line += fmt.Sprintf(":%d", i*i*i+1)
		}
		lines = append(lines, line)
	}
	sort.Strings(lines)
	text := strings.Join(lines, lineEnd)
	if lastEnd {
		text += lineEnd
	}
	path := filepath.Join(t.TempDir(), "breached.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return File(path)
}

func TestFile(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 3, 7, 1000} {
		for _, lineEnd := range []string{"\n", "\r\n"} {
			for _, counts := range []bool{false, true} {
				for _, lastEnd := range []bool{false, true} {
					name := fmt.Sprintf("%d lines, end %q, counts %t, last end %t", size, lineEnd, counts, lastEnd)
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						var passwords []string
						for i := range size {
							passwords = append(passwords, fmt.Sprintf("breached %d", i))
						}
						f := rangeFile(t, passwords, lineEnd, counts, lastEnd)
						if err := f.Check(); err != nil {
							t.Fatal(err)
						}
						for _, p := range passwords {
							if ok, err := f.Has(p); err != nil || !ok {
								t.Fatalf("%q: %t, %v", p, ok, err)
							}
							if ok, err := f.Has(p + "!"); err != nil || ok {
								t.Fatalf("%q!: %t, %v", p, ok, err)
							}
						}
					})
				}
			}
		}
	}
}

func TestFileRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) File {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return File(path)
	}
	a, b := strings.Repeat("A", 40), strings.Repeat("B", 40)
	for name, f := range map[string]File{
		"absent":        File(filepath.Join(dir, "absent")),
		"a folder":      File(dir),
		"empty":         write("empty", ""),
		"clear text":    write("clear", "password\nqwerty\n"),
		"NTLM hashes":   write("ntlm", strings.Repeat("A", 32)+":1\n"),
		"unsorted":      write("unsorted", strings.Repeat(b+"\n", 50)+strings.Repeat(a+"\n", 50)),
		"endless line":  write("endless", strings.Repeat("A", 4096)),
		"not hex":       write("nothex", strings.Repeat("G", 40)+"\n"),
		"late nonsense": write("late", strings.Repeat(a+"\n", 20)+strings.Repeat("?", 4096)),
	} {
		if err := f.Check(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := File(filepath.Join(dir, "absent")).Has("x"); err == nil {
		t.Error("a vanished file answers: it must be a fault, not a no")
	}
}

// readerAt counts reads, so that the search is held to its promise.
type readerAt struct {
	io.ReaderAt
	reads int
}

func (r *readerAt) ReadAt(p []byte, off int64) (int, error) {
	r.reads++
	return r.ReaderAt.ReadAt(p, off)
}

func TestSearchIsLogarithmic(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, "%040X:%d\r\n", i*16, i)
	}
	r := &readerAt{ReaderAt: strings.NewReader(b.String())}
	for _, want := range []int{0, 16, 1, 99_999 * 16, 100_000 * 16, 50_000 * 16} {
		r.reads = 0
		ok, err := search(r, int64(b.Len()), fmt.Sprintf("%040X", want))
		if err != nil || ok != (want%16 == 0 && want < 1_600_000) {
			t.Errorf("%d: %t, %v", want, ok, err)
		}
		if r.reads > 24 {
			t.Errorf("%d: %d reads of a file of %d bytes", want, r.reads, b.Len())
		}
	}
}

// FuzzSearch: any file gives an answer or an error, and ends.
func FuzzSearch(f *testing.F) {
	a := strings.Repeat("A", 40)
	for _, s := range []string{"", "\n", a, a + ":1\r\n", a + "\n" + strings.Repeat("B", 40), strings.Repeat("\n", 300), strings.Repeat("x", 300)} {
		f.Add(s, a)
	}
	f.Fuzz(func(t *testing.T, data, want string) {
		ok, err := search(strings.NewReader(data), int64(len(data)), want)
		if ok && (err != nil || !strings.Contains(strings.ToUpper(data), want)) {
			t.Fatalf("found %q in %q, %v", want, data, err)
		}
	})
}
