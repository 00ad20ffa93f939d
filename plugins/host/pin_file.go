package host

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// privateCopy is the sealed copy where the kernel has none: a file in the private directory, open for reading alone.
func privateCopy(source io.Reader, dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "pinned-")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(f, io.LimitReader(source, maxProgram))
	if err = errors.Join(err, f.Chmod(0o500), f.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", f.Name(), err), os.Remove(f.Name()))
	}
	return os.Open(f.Name())
}
