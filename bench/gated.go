package main

import "fmt"

// knownSessions are how many people are signed in where their number is not
// the question.
const knownSessions = 100

// pair is a gate with people who are signed in, and the same Caddy without it.
type pair struct {
	bare, gate *gateway
	visit      order // the load of those people
}

// startPair starts both on the same configuration, with as many sessions.
func (s *stand) startPair(c setup, sessions int) (pair, error) {
	made, err := s.newCrowd(c, sessions)
	if err != nil {
		return pair{}, err
	}
	return s.startPairFor(c, made)
}

// startPairFor starts both for sessions that were made before.
func (s *stand) startPairFor(c setup, made crowd) (p pair, err error) {
	p.visit = order{Headers: navigation, Cookies: made.cookies, Status: 200}
	c.gated, c.store = true, "bolt "+made.store
	if p.gate, err = s.start(made.place, c, refusedProgram); err != nil {
		return p, err
	}
	if p.bare, err = s.startBare(c); err != nil {
		p.gate.stop()
	}
	return p, err
}

// startBare starts the same Caddy without the gate.
func (s *stand) startBare(c setup) (*gateway, error) {
	theirs, err := newPlace()
	if err != nil {
		return nil, err
	}
	c.gated = false
	return s.start(theirs, c, order{Status: 200})
}

func (p pair) stop() {
	p.gate.stop()
	p.bare.stop()
}

func (s *stand) measureGated() (section, error) {
	p, err := s.startPair(setup{behind: respond}, knownSessions)
	if err != nil {
		return section{}, err
	}
	defer p.stop()
	told, err := s.startTelling(respond)
	if err != nil {
		return section{}, err
	}
	defer told.stop()
	measured, err := lineup{{"bare", p.bare, p.visit}, {"gate", p.gate, p.visit}, {"told", told, p.visit}}.runAfresh(s)
	if err != nil {
		return section{}, err
	}
	return section{rows: []row{
		cpuRow("gated request, `respond` behind it: CPU against bare Caddy", measured["gate"], measured["bare"], atMost(1.04)),
		cpuRow("Caddy alone that takes its cookie out and sets two headers with `request_header`, `respond` behind it: CPU against bare Caddy", measured["told"], measured["bare"], goal{}),
	}}, nil
}

// startTelling starts Caddy alone, doing to a request what the gate does to it for
// the app.
func (s *stand) startTelling(behind string) (*gateway, error) {
	return s.startBare(setup{behind: "request_header Cookie " + appCookie + "\nrequest_header Remote-User " + visitorAddress +
		"\nrequest_header Remote-Email " + visitorAddress + "\n" + behind})
}

func (s *stand) measureProxied() (section, error) {
	app, err := s.app()
	if err != nil {
		return section{}, err
	}
	p, err := s.startPair(setup{behind: "reverse_proxy " + app}, knownSessions)
	if err != nil {
		return section{}, err
	}
	defer p.stop()
	told, err := s.startTelling("reverse_proxy " + app)
	if err != nil {
		return section{}, err
	}
	defer told.stop()
	measured, err := lineup{{"bare", p.bare, p.visit}, {"gate", p.gate, p.visit}, {"told", told, p.visit}}.runAfresh(s)
	if err != nil {
		return section{}, err
	}
	bare, gate := measured["bare"], measured["gate"]
	s.figures.gated = gate
	return section{
		title: "Load",
		lines: []string{fmt.Sprintf("The load itself took %.1f µs of CPU a request, less than bare Caddy with `reverse_proxy` (%.1f µs); it ran on cores of its own.",
			bare.loadCPU.median()*1e6, bare.cpu.median()*1e6)},
		rows: []row{
			cpuRow("gated request, `reverse_proxy` to 1 KiB behind it: CPU against bare Caddy", gate, bare, atMost(1.02)),
			{
				what: "the same: requests per second", measured: gate.perSecond.over(bare.perSecond), verb: "%.3f", target: atLeast(0.98),
				note: fmt.Sprintf("%.0f against %.0f", gate.perSecond.median(), bare.perSecond.median()),
			},
			cpuRow("Caddy alone that takes its cookie out and sets two headers with `request_header`, `reverse_proxy` behind it: CPU against bare Caddy", measured["told"], bare, goal{}),
		},
	}, nil
}
