package conformance

import (
	"bytes"
	"strings"
	"sync"
)

// maxRecord bounds what is kept of a stream.
const maxRecord = 4 << 20

// record keeps what a process writes. The zero value is ready.
type record struct {
	mu    sync.Mutex
	data  []byte
	total int
	first chan struct{} // closed when the first line is complete
	line  bool
}

func newRecord() *record { return &record{first: make(chan struct{})} }

// Write implements io.Writer and never fails: a full pipe would stop the plugin.
func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total += len(b)
	if room := maxRecord - len(r.data); room > 0 {
		r.data = append(r.data, b[:min(len(b), room)]...)
	}
	if !r.line && bytes.IndexByte(r.data, '\n') >= 0 {
		r.line = true
		close(r.first)
	}
	return len(b), nil
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.data)
}

// firstLine returns the first complete line.
func (r *record) firstLine() string {
	line, _, _ := strings.Cut(r.String(), "\n")
	return line
}

// rest is what came after the first line.
func (r *record) rest() string {
	_, rest, _ := strings.Cut(r.String(), "\n")
	return rest
}

// lastLine is the last that was said, for a message.
func (r *record) lastLine() string {
	lines := strings.Split(strings.TrimSpace(r.String()), "\n")
	return lines[len(lines)-1]
}
