//go:build unix && !linux

package host

import (
	"io"
	"os"
)

func sealedCopy(source io.Reader, dir string) (*os.File, error) { return privateCopy(source, dir) }

func pinnedPath(f *os.File) string { return f.Name() }
