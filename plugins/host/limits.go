package host

// Limits bound what the process of an instance may take, where the system offers it (Linux). They contain a broken plugin;
// against a hostile one that forks use the limits of the service manager or the container. The zero value means the defaults.
type Limits struct {
	Memory int64 // bytes of memory it may write to; default 1 GiB
	Files  int   // files and sockets open at the same time; default 1024
}

const (
	defaultMemory = 1 << 30
	minMemory     = 128 << 20 // Go takes its memory from the system in steps of 64 MiB
	defaultFiles  = 1024
	minFiles      = 32
	// killFirst makes the kernel, when memory runs out, end a plugin rather than the server (oom_score_adj, up to 1000).
	killFirst = 500
)

func (l Limits) memory() int64 {
	if l.Memory == 0 {
		return defaultMemory
	}
	return max(l.Memory, minMemory)
}

func (l Limits) files() int {
	if l.Files == 0 {
		return defaultFiles
	}
	return max(l.Files, minFiles)
}
