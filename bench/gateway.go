package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// startTime is how long a gateway may take to answer.
const startTime = 2 * time.Minute

// gateway is Caddy, with or without Doorpost, as it runs.
type gateway struct {
	host   string // as visitors write it, with the port
	port   string
	admin  string        // of the admin API
	ready  time.Duration // from the start to the first answer
	cmd    *exec.Cmd
	output *bytes.Buffer
	ended  chan struct{}
	again  func() (*gateway, error) // starts another like it, in its place
}

// place is where a gateway listens. Cookies are good for one origin, so those
// that are made beforehand need to know the port.
type place struct{ port, admin string }

func newPlace() (p place, err error) {
	if p.port, err = freePort(); err == nil {
		p.admin, err = freePort()
	}
	return p, err
}

// start starts a gateway and waits until it answers the request with the
// status given.
func (s *stand) start(p place, c setup, probe order) (*gateway, error) {
	program := s.programs.bare
	if c.gated {
		program = s.programs.gate
	}
	path := s.path("Caddyfile-" + p.port)
	if err := os.WriteFile(path, []byte(c.caddyfile(p.port, p.admin)), 0o600); err != nil {
		return nil, fmt.Errorf("writing a configuration: %w", err)
	}
	g := &gateway{
		host: c.host(p.port), port: p.port, admin: "http://127.0.0.1:" + p.admin, ended: make(chan struct{}), output: new(bytes.Buffer),
		again: func() (*gateway, error) { return s.start(p, c, probe) },
	}
	g.cmd = s.onCores(half(false), program, "run", "--config", path, "--adapter", "caddyfile")
	g.cmd.Stdout, g.cmd.Stderr = io.Discard, g.output
	began := time.Now()
	if err := g.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a gateway: %w", err)
	}
	go func() {
		g.cmd.Wait() // how it ended is seen in what it wrote
		close(g.ended)
	}()
	for {
		status, err := askOnce("127.0.0.1:"+p.port, probe.head(g.host))
		switch {
		case err == nil && status == probe.Status:
			g.ready = time.Since(began)
			return g, nil
		case err == nil:
			g.stop()
			return nil, fmt.Errorf("a gateway answered %d, not %d: %s", status, probe.Status, g.log())
		case g.hasEnded():
			return nil, errors.New("a gateway did not start: " + g.log())
		case time.Since(began) > startTime:
			g.stop()
			return nil, errors.New("a gateway does not answer: " + g.log())
		}
		time.Sleep(time.Millisecond) // between two attempts to connect
	}
}

func (g *gateway) hasEnded() bool {
	select {
	case <-g.ended:
		return true
	default:
		return false
	}
}

// log is what the gateway wrote. Only for one that has ended.
func (g *gateway) log() string {
	<-g.ended
	lines := strings.Split(strings.TrimSpace(g.output.String()), "\n")
	return strings.Join(lines[max(len(lines)-5, 0):], "\n")
}

// stop ends the gateway in good order.
func (g *gateway) stop() {
	g.cmd.Process.Signal(syscall.SIGTERM) // an error means that it is gone
	select {
	case <-g.ended:
	case <-time.After(startTime):
		g.cmd.Process.Kill()
		<-g.ended
	}
}

// restart stops a gateway and starts another in its place.
func (s *stand) restart(g *gateway) error {
	g.stop()
	another, err := g.again()
	if err != nil {
		return err
	}
	*g = *another
	return nil
}

func (g *gateway) pid() int { return g.cmd.Process.Pid }

// get asks the admin API.
func (g *gateway) get(path string) ([]byte, error) {
	response, err := http.Get(g.admin + path)
	return g.read(path, response, err)
}

// post asks the admin API with an object of JSON.
func (g *gateway) post(path, object string) ([]byte, error) {
	response, err := http.Post(g.admin+path, "application/json", strings.NewReader(object))
	return g.read(path, response, err)
}

func (g *gateway) read(path string, response *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, fmt.Errorf("asking the admin API of a gateway: %w", err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answered %d", response.StatusCode)
	}
	if err != nil {
		return nil, fmt.Errorf("asking the admin API of a gateway for %s: %w", path, err)
	}
	return content, nil
}
