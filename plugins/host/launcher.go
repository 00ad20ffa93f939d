package host

import "runtime"

// launcher starts processes on one operating system thread that lives as long as they do. On Linux the kernel ends a
// plugin when its *thread* of birth ends (PR_SET_PDEATHSIG), and Go ends idle threads as it likes.
type launcher struct {
	work chan func()
	done chan struct{}
}

func newLauncher() *launcher {
	l := &launcher{work: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		// Never unlocked: the thread ends with the goroutine, and whatever should still be alive then ends with it.
		runtime.LockOSThread()
		for f := range l.work {
			f()
		}
	}()
	return l
}

// start runs f on the thread.
func (l *launcher) start(f func() error) error {
	result := make(chan error, 1)
	l.work <- func() { result <- f() }
	return <-result
}

// stop ends the thread, after every process has ended.
func (l *launcher) stop() {
	close(l.work)
	<-l.done
}
