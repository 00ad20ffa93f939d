package e2e_test

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// Ports are taken below the range that the kernel gives to outgoing connections, so that between our look and the server's start nobody
// but another test run could take one, and those begin elsewhere by chance.
const firstPort, lastPort = 15000, 32000

var (
	portMu   sync.Mutex
	nextPort = firstPort + rand.IntN(lastPort-firstPort)
)

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	portMu.Lock()
	defer portMu.Unlock()
	for range 1000 {
		if nextPort++; nextPort >= lastPort {
			nextPort = firstPort
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(nextPort))
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no free port on the loopback address")
	return ""
}
