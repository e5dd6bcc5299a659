package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockStep is how far the clock of the gates is stepped, forward and back in turn.
const clockStep = 90 * time.Second

// timeNow is where Go's time.Now reads the clocks. Since and Until come here for times that
// are not of this process, and otherwise use the clock that is not stepped.
const timeNow = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"

// steppedClock writes what the option -overlay of go build takes to build gates whose clock
// can be stepped: time.Now of the Go that builds them reads the wall clock elsewhere, and the
// program has a route that steps it. Go asks the kernel for the time, past what libfaketime
// puts in the way, and to step the clock of the machine would step it for everything.
func (s *stand) steppedClock() (overlay string, err error) {
	env := exec.CommandContext(s.ctx, "go", "env", "GOROOT")
	env.Dir = ".." // as build does: go.mod may ask for another Go
	root, err := env.Output()
	if err != nil {
		return "", fmt.Errorf("asking where Go is: %w", err)
	}
	folder := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	source, err := os.ReadFile(filepath.Join(folder, "time.go"))
	if err != nil {
		return "", fmt.Errorf("reading how Go tells the time: %w", err)
	}
	changed, err := withStep(string(source))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(s.path("time.go"), []byte(changed), 0o600); err != nil {
		return "", fmt.Errorf("writing how Go tells the time: %w", err)
	}
	here, err := filepath.Abs("_clock")
	if err != nil {
		return "", err
	}
	content, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(folder, "time.go"):                            s.path("time.go"),
		filepath.Join(folder, "step.go"):                            filepath.Join(here, "step.go"),
		filepath.Join(here, "..", "..", "cmd/doorpost", "clock.go"): filepath.Join(here, "gate.go"),
	}})
	if err != nil {
		return "", err
	}
	overlay = s.path("overlay.json")
	return overlay, os.WriteFile(overlay, content, 0o600)
}

// withStep is Go's time.go with a wall clock that is ahead of the machine's.
func withStep(source string) (string, error) {
	if n := strings.Count(source, timeNow); n != 1 {
		return "", fmt.Errorf("this Go tells the time in another way: its time.go has %q %d times; change timeNow in bench/soak_clock.go, or leave the clock alone with -steps=false", timeNow, n)
	}
	return strings.Replace(source, timeNow, timeNow+"\tsec += ahead.Load()\n", 1), nil
}

// stepClocks steps the clocks of all gates, forward the first time, then back, and so on.
func (s *soak) stepClocks() error {
	if !s.stepped {
		return nil
	}
	s.ahead = clockStep - s.ahead
	for _, g := range s.gates {
		if err := g.setClock(s.ahead); err != nil {
			return fmt.Errorf("stepping the clock of the gate on %s: %w", g.name, err)
		}
		g.steps++
	}
	return nil
}

// setClock returns when the gate's clock is ahead of ours.
func (g *soakGate) setClock(ahead time.Duration) error {
	said, err := g.manage(http.MethodPost, "/clock?ahead="+ahead.String(), "")
	if err != nil {
		return err
	}
	shown, err := strconv.ParseInt(said, 10, 64)
	if err != nil {
		return err
	}
	if off := time.Until(time.UnixMilli(shown)) - ahead; off.Abs() > clockStep/2 { // answers take a while
		return fmt.Errorf("it is off by %v", off.Round(time.Second))
	}
	return nil
}
