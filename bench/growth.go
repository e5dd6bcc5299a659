package main

import (
	"bytes"
	"fmt"
	"os"
)

// measureMemory measures what a session takes of the gate's own memory that is
// in use, at rest: after as many requests of all sessions as before of one. What a load
// leaves behind is collected, or its pace would be measured.
func (s *stand) measureMemory() ([]row, error) {
	made, err := s.manyPeople()
	if err != nil {
		return nil, err
	}
	cookies, err := os.ReadFile(made.cookies)
	if err != nil {
		return nil, fmt.Errorf("reading a cookie: %w", err)
	}
	ofOne := s.path("one.cookie")
	if err := os.WriteFile(ofOne, cookies[:bytes.IndexByte(cookies, '\n')+1], 0o600); err != nil {
		return nil, fmt.Errorf("writing a cookie: %w", err)
	}
	var perSession series
	for range min(s.rounds, 3) {
		gate, visit, err := s.startGate(made, respond)
		if err != nil {
			return nil, err
		}
		var used [2]float64
		for i, cookies := range []string{ofOne, made.cookies} {
			visit.Cookies, visit.Requests = cookies, made.n
			if _, err = gate.load(visit); err != nil {
				return nil, err
			}
			if _, err := gate.heapAfter(); err != nil {
				return nil, err
			}
			if used[i], err = ownMemory(gate.PID()); err != nil {
				return nil, err
			}
		}
		gate.stop()
		perSession = append(perSession, (used[1]-used[0])/float64(made.n))
	}
	return []row{{
		what: "memory for a session in use", measured: perSession, verb: "%.0f bytes", target: atMost(450),
		note: fmt.Sprintf("%d sessions, at rest after a load on all of them less a load on one", made.n),
	}}, nil
}

// measureGrowth measures a gated request as sessions become more. Requests are
// spread over all of them at random, which is the worst case for what a gate
// remembers: people ask for several things at a time.
func (s *stand) measureGrowth() (rows []row, err error) {
	bare, err := s.startBare(respond)
	if err != nil {
		return nil, err
	}
	many, err := s.manyPeople()
	if err != nil {
		return nil, err
	}
	all := lineup{{"bare", bare, order{Headers: navigation, Cookies: many.cookies, Random: true, Status: 200}}}
	for _, n := range []int{1, 1000, many.n} {
		made := many
		if n != many.n {
			if made, err = s.newCrowd(n); err != nil {
				return nil, err
			}
		}
		gate, visit, err := s.startGate(made, respond)
		if err != nil {
			return nil, err
		}
		visit.Random = true
		all = append(all, contender{fmt.Sprint(n), gate, visit})
	}
	m, err := all.run(s, false)
	if err != nil {
		return nil, err
	}
	for _, c := range all[1:] {
		rows = append(rows, cpuRow("gated request of any of "+c.name+" sessions", m[c.name], m["bare"], goal{}))
	}
	return rows, nil
}
