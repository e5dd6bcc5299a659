package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// measureProfile writes what the gate spends its time on under load: the
// functions that take most by themselves, and those of Doorpost with all that
// they call, but for what stands behind the gate.
func (s *stand) measureProfile() (section, error) {
	p, err := s.startPair(setup{behind: respond}, knownSessions)
	if err != nil {
		return section{}, err
	}
	defer p.stop()
	found := section{title: "Profiles of the gate, `respond` behind it"}
	for _, load := range []struct {
		name string
		order
	}{{"gated requests", p.visit}, {"refusals of programs", refusedProgram}} {
		path, err := s.profileUnder(p.gate, load.order)
		if err != nil {
			return section{}, err
		}
		for _, view := range [][]string{
			{"-top", "-nodecount=15"},
			{"-top", "-cum", "-nodecount=20", "-focus=caddymodule.*ServeHTTP", "-ignore=StaticResponse", "-show=doorpost-auth"},
		} {
			text, err := exec.CommandContext(s.ctx, "go", append(append([]string{"tool", "pprof"}, view...), s.programs.gate, path)...).Output()
			if err != nil {
				return section{}, fmt.Errorf("reading a profile: %w", err)
			}
			found.text += load.name + "\n" + tableOf(string(text)) + "\n\n"
		}
	}
	return found, nil
}

// profileUnder profiles a gateway under a load, into a file.
func (s *stand) profileUnder(g *gateway, load order) (path string, err error) {
	load.Duration = s.duration + 2*time.Second
	loaded := make(chan error, 1)
	go func() {
		_, err := s.load(g, load)
		loaded <- err
	}()
	profile, err := g.get(fmt.Sprintf("/debug/pprof/profile?seconds=%d", max(int(s.duration.Seconds()), 1)))
	if err := errors.Join(err, <-loaded); err != nil {
		return "", err
	}
	path = s.path("gate.prof")
	if err := os.WriteFile(path, profile, 0o600); err != nil {
		return "", fmt.Errorf("writing a profile: %w", err)
	}
	return path, nil
}

// tableOf leaves out what pprof says of the file: where it lies is of no
// interest.
func tableOf(text string) string {
	if at := strings.Index(text, "Duration:"); at >= 0 {
		return strings.TrimSpace(text[at:])
	}
	return strings.TrimSpace(text)
}
