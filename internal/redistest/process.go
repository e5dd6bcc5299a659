package redistest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
)

// launches are run by one goroutine on a thread that never ends: the servers
// are told to die with the thread that started them.
var launches = sync.OnceValue(func() chan<- func() {
	queue := make(chan func())
	go func() {
		runtime.LockOSThread()
		for launch := range queue {
			launch()
		}
	}()
	return queue
})

// process is a server that runs.
type process struct {
	command *exec.Cmd
	output  bytes.Buffer  // to be read after ended is closed
	ended   chan struct{} // closed when the process is gone
}

// launch starts redis-server.
func launch(args ...string) (*process, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("redis-server is missing: install the package redis-server (Debian: apt-get install redis-server)")
	}
	p := &process{command: exec.Command(path, args...), ended: make(chan struct{})}
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	launches() <- func() { started <- p.command.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting redis-server: %w", err)
	}
	go func() {
		p.command.Wait() // how it ended is of no interest: most are killed
		close(p.ended)
	}()
	return p, nil
}

// kill ends the process without letting it do anything more.
func (p *process) kill() {
	p.command.Process.Signal(syscall.SIGKILL) // an error means that it is gone
	<-p.ended
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// freePort finds a port that nobody listens on.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
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
