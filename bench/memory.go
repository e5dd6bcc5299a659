package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// sessionsInUse is how many sessions the memory is measured with.
const sessionsInUse = 100_000

func (s *stand) measureMemory() (section, error) {
	idle, note, err := s.idleMemory()
	if err != nil {
		return section{}, err
	}
	own, mapped, err := s.memoryOfSessions()
	if err != nil {
		return section{}, err
	}
	return section{rows: []row{
		{what: "resident memory, idle: more than bare Caddy", measured: idle, verb: "%.1f MiB", target: atMost(8), note: note},
		{
			what: "memory for a session in use", measured: own, verb: "%.0f bytes", target: atMost(300),
			note: fmt.Sprintf("%d sessions, after a load on all of them less a load on one; pages of the store's file: %.0f bytes more, which the system takes back when it needs them",
				s.size(sessionsInUse), mapped.median()),
		},
	}}, nil
}

// idleMemory is how many MiB more the gate has in memory than bare Caddy, each
// a while after its start.
func (s *stand) idleMemory() (more series, note string, err error) {
	var gate, bare, own series
	for range min(s.rounds, maxStarts) {
		for _, program := range []string{s.programs.gate, s.programs.bare} {
			if err := forget(program); err != nil {
				return nil, "", fmt.Errorf("putting %s on the disk: %w", program, err)
			}
		}
		p, err := s.startPair(setup{behind: respond}, 1)
		if err != nil {
			return nil, "", err
		}
		with, err := settledMemory(p.gate.pid())
		without, errBare := settledMemory(p.bare.pid())
		p.stop()
		if err := errors.Join(err, errBare); err != nil {
			return nil, "", err
		}
		gate, bare = append(gate, with.all()/(1<<20)), append(bare, without.all()/(1<<20))
		own = append(own, (with.own-without.own)/(1<<20))
	}
	return gate.less(bare), fmt.Sprintf("%.1f against %.1f MiB; %.1f MiB of the difference are its own, the others are pages of the program", gate.median(), bare.median(), own.median()), nil
}

// forget makes the system read a program from the disk when it is started next, as
// after a boot. How much of one is in memory that was written just now depends on
// how it was written: tens of megabytes, from one build to the next.
func forget(path string) error {
	program, err := os.Open(path)
	if err != nil {
		return err
	}
	defer program.Close()
	if err := program.Sync(); err != nil {
		return err
	}
	return unix.Fadvise(int(program.Fd()), 0, 0, unix.FADV_DONTNEED)
}

// settledMemory is the memory of a process once it has stopped changing.
func settledMemory(pid int) (m memory, err error) {
	const pause, patience = 500 * time.Millisecond, 20
	for range patience {
		before := m
		if m, err = memoryOf(pid); err != nil {
			return m, err
		}
		if change := m.all() - before.all(); change < 0.005*m.all() && -change < 0.005*m.all() {
			return m, nil
		}
		time.Sleep(pause) // between two looks
	}
	return m, nil
}

// memoryOfSessions is what a session that is in use takes: of the gate's own
// memory, and of pages of the store's file.
func (s *stand) memoryOfSessions() (own, mapped series, err error) {
	n := s.size(sessionsInUse)
	for range min(s.rounds, 3) {
		one, all, err := s.memoryWithSessions(n)
		if err != nil {
			return nil, nil, err
		}
		own, mapped = append(own, (all.own-one.own)/float64(n)), append(mapped, (all.file-one.file)/float64(n))
	}
	return own, mapped, nil
}

// memoryWithSessions is the memory of a gate after as many requests of one
// session, and after as many of all.
func (s *stand) memoryWithSessions(n int) (one, all memory, err error) {
	p, err := s.startPair(setup{behind: respond}, n)
	if err != nil {
		return one, all, err
	}
	defer p.stop()
	cookie, err := firstLine(p.visit.Cookies)
	if err != nil {
		return one, all, err
	}
	ofOne := s.path("one.cookie")
	if err := os.WriteFile(ofOne, []byte(cookie+"\n"), 0o600); err != nil {
		return one, all, fmt.Errorf("writing a cookie: %w", err)
	}
	load := p.visit
	load.Requests = 2 * n
	for _, turn := range []struct {
		cookies string
		to      *memory
	}{{ofOne, &one}, {p.visit.Cookies, &all}} {
		load.Cookies = turn.cookies
		if _, err := s.load(p.gate, load); err != nil {
			return one, all, err
		}
		if *turn.to, err = settledMemory(p.gate.pid()); err != nil {
			return one, all, err
		}
	}
	return one, all, nil
}
