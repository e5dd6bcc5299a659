package testkit

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// given are the ports that were given out, so that none is given out twice.
var given sync.Map

// FreePort is a TCP port of this machine that nothing listens on.
func FreePort() string {
	for {
		// Not one that the system gives to whoever connects to something, see
		// ip_local_port_range: it may be gone before it is used.
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		if _, again := given.LoadOrStore(port, true); again {
			continue
		}
		if listener, err := net.Listen("tcp", ":"+port); err == nil {
			_ = listener.Close()
			return port
		}
	}
}
