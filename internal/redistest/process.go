package redistest

import (
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// launch starts redis-server.
func launch(args ...string) (*testkit.Program, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("redis-server is missing: install the package redis-server (Debian: apt-get install redis-server)")
	}
	return testkit.Run(exec.Command(path, args...))
}

// running are all servers that were started and not stopped.
var running = struct {
	sync.Mutex
	servers map[*Server]bool
}{servers: make(map[*Server]bool)}

// Main runs the tests of a package that shares servers among its tests, and
// stops the servers afterwards. Call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	running.Lock()
	var left []*Server
	for server := range running.servers {
		left = append(left, server)
	}
	running.Unlock()
	for _, server := range left {
		server.stop()
	}
	os.Exit(code)
}
