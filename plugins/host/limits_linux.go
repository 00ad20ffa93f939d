package host

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// limit puts the limits on a process that has just started. There is no limit to the processes of a plugin: RLIMIT_NPROC counts
// all those of the user, the server's own among them. RLIMIT_DATA rather than RLIMIT_AS, because language runtimes reserve
// far more addresses than they ever write to.
func limit(pid int, l Limits) error {
	var errs []error
	for _, r := range []struct {
		name     string
		resource int
		most     uint64
	}{
		{"memory", unix.RLIMIT_DATA, uint64(l.memory())},
		{"open files", unix.RLIMIT_NOFILE, uint64(l.files())},
		{"core dumps", unix.RLIMIT_CORE, 0}, // a dump would put secrets on the disk
	} {
		if err := unix.Prlimit(pid, r.resource, &unix.Rlimit{Cur: r.most, Max: r.most}, nil); err != nil && !errors.Is(err, unix.ESRCH) {
			errs = append(errs, fmt.Errorf("limit of %s: %w", r.name, err))
		}
	}
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), fmt.Append(nil, killFirst), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, fmt.Errorf("order of ending for want of memory: %w", err))
	}
	return errors.Join(errs...)
}
