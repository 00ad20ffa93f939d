package inbox

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	fileName = "inbox.jsonl"
	oldName  = "inbox.old.jsonl"
	lockName = "inbox.lock"

	maxMessage = 64 << 10 // bytes of one message
	maxFile    = 1 << 20  // bytes after which the file becomes the old one, and the old one goes
)

// Entry is one line of the file.
type Entry struct {
	ID        string    `json:"id"`  // the provider's id of the message
	Key       string    `json:"key"` // idempotency key
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	To        string    `json:"to"`
	Subject   string    `json:"subject,omitempty"`
	Body      string    `json:"body"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// Read returns the messages in a folder, oldest first; none when there is no file yet. A line that a crash cut short is left out.
func Read(directory string) ([]Entry, error) {
	var all []Entry
	for _, name := range []string{oldName, fileName} {
		entries, err := readFile(filepath.Join(directory, name))
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	return all, nil
}

func path(directory string) string { return filepath.Join(directory, fileName) }

func readFile(name string) ([]Entry, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	defer f.Close()
	return parse(f)
}

func parse(r io.Reader) ([]Entry, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4<<10), 8*maxMessage) // JSON takes up to six bytes for one
	var all []Entry
	for lines.Scan() {
		var e Entry
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Key != "" {
			all = append(all, e)
		}
	}
	return all, lines.Err()
}

// write appends e unless its key is there, and returns what the file holds for the key.
func write(directory string, e Entry) (stored Entry, repeated bool, err error) {
	err = locked(directory, func() error {
		known, err := Read(directory)
		if err != nil {
			return err
		}
		for _, k := range known {
			if k.Key == e.Key {
				stored, repeated = k, true
				return nil
			}
		}
		e.ID = rand.Text()
		stored = e
		return appendLine(directory, e)
	})
	return stored, repeated, err
}

func appendLine(directory string, e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	name := path(directory)
	if info, err := os.Lstat(name); err == nil && info.Size()+int64(len(line)) > maxFile {
		if err := os.Rename(name, filepath.Join(directory, oldName)); err != nil {
			return err
		}
	}
	// O_NOFOLLOW: whoever can write into the folder must not make the plugin write elsewhere.
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	line, err = whole(f, line)
	if err == nil {
		_, err = f.Write(line)
	}
	if err == nil {
		err = f.Sync() // accepted means that it is there, whatever happens next
	}
	return errors.Join(err, f.Close())
}

// whole ends the line, and before it the one that a crash left without its end.
func whole(f *os.File, line []byte) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	line = append(line, '\n')
	if info.Size() == 0 {
		return line, nil
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], info.Size()-1); err != nil {
		return nil, err
	}
	if bytes.Equal(last[:], []byte("\n")) {
		return line, nil
	}
	return append([]byte("\n"), line...), nil
}

// locked runs f while no other process of the plugin writes: during a reload the old and the new one overlap.
func locked(directory string, f func() error) (err error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return fmt.Errorf("make the folder of the inbox: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(directory, lockName), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("lock the inbox: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }() // which unlocks
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock the inbox: %w", err)
	}
	return f()
}
