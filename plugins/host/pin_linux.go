package host

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// sealedCopy copies source into anonymous memory and seals it: from then on not even this process can change a byte.
func sealedCopy(source io.Reader, dir string) (*os.File, error) {
	fd, err := unix.MemfdCreate("varco-plugin", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 every memfd is executable
		fd, err = unix.MemfdCreate("varco-plugin", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil { // refused by policy (vm.memfd_noexec) or absent
		return privateCopy(source, dir)
	}
	writable := os.NewFile(uintptr(fd), "varco-plugin")
	defer writable.Close()
	if _, err := io.Copy(writable, io.LimitReader(source, maxProgram)); err != nil {
		return nil, err
	}
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(writable.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	// A file open for writing cannot be executed.
	return os.Open(fmt.Sprintf("/proc/self/fd/%d", writable.Fd()))
}

// pinnedPath names the open copy itself, in the child as here: no path on disk is looked up again.
func pinnedPath(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }
