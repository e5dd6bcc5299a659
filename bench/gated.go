package main

import "fmt"

// knownSessions are how many people are signed in where their number is not
// the question.
const knownSessions = 100

// startGate starts a gate for people who are signed in, and returns the load
// of them.
func (s *stand) startGate(made crowd, behind string) (*gateway, order, error) {
	return s.startFor(made, setup{gated: true, behind: behind})
}

func (s *stand) startFor(made crowd, c setup) (*gateway, order, error) {
	c.store = "bolt " + made.store
	gate, err := s.start(made.port, c, refusedProgram)
	return gate, order{Headers: navigation, Cookies: made.cookies, Status: 200}, err
}

// measureGated compares where Caddy does next to nothing beside what the gate does.
func (s *stand) measureGated() ([]row, error) {
	rows, err := s.compare("respond", respond, 1.04)
	return rows[:min(len(rows), 3)], err
}

// measureProxied compares with an app behind it, which is how the gate is used.
func (s *stand) measureProxied() ([]row, error) {
	app, err := s.startApp()
	if err != nil {
		return nil, err
	}
	return s.compare("reverse_proxy", "reverse_proxy "+app, 1.02)
}

// compare compares the gate with bare Caddy, and with Caddy alone that does to a
// request what the gate does to it for the app.
func (s *stand) compare(name, behind string, most float64) ([]row, error) {
	made, err := s.newCrowd(knownSessions)
	if err != nil {
		return nil, err
	}
	gate, visit, err := s.startGate(made, behind)
	if err != nil {
		return nil, err
	}
	bare, err := s.startBare(behind)
	if err != nil {
		return nil, err
	}
	const who = "visitor@example.com"
	told, err := s.startBare("request_header Cookie " + appCookie + "\nrequest_header Remote-User " + who + "\nrequest_header Remote-Email " + who + "\n" + behind)
	if err != nil {
		return nil, err
	}
	others, err := s.newCrowd(knownSessions)
	if err != nil {
		return nil, err
	}
	site, enter, err := s.startFor(others, setup{gated: true, portal: true, behind: behind})
	if err != nil {
		return nil, err
	}
	more, err := s.newCrowd(knownSessions)
	if err != nil {
		return nil, err
	}
	signed, read, err := s.startFor(more, setup{gated: true, signed: true, behind: behind})
	if err != nil {
		return nil, err
	}
	m, err := lineup{{"bare", bare, visit}, {"gate", gate, visit}, {"told", told, visit}, {"site", site, enter}, {"signed", signed, read}}.run(s, true)
	if err != nil {
		return nil, err
	}
	return []row{
		cpuRow("gated request, `"+name+"` behind it", m["gate"], m["bare"], atMost(most)),
		cpuRow("the same at a site with a portal", m["site"], m["bare"], atMost(most)),
		cpuRow("Caddy alone that takes its cookie out and sets two headers with `request_header`, `"+name+"` behind it", m["told"], m["bare"], goal{}),
		{
			what: "gated request with an assertion, `" + name + "` behind it: CPU against one without", measured: m["signed"].cpu.over(m["gate"].cpu),
			verb: "%.3f", target: atMost(1.03),
			note: fmt.Sprintf("%.1f µs against %.1f µs a request", m["signed"].cpu.median()*1e6, m["gate"].cpu.median()*1e6),
		},
		{
			what: "gated request, `" + name + "` behind it: requests a second against bare Caddy", measured: m["gate"].perSecond.over(m["bare"].perSecond),
			verb: "%.3f", target: atLeast(2 - most),
			note: fmt.Sprintf("%.0f against %.0f; the load took %.1f µs of CPU a request", m["gate"].perSecond.median(), m["bare"].perSecond.median(), m["bare"].loadCPU.median()*1e6),
		},
	}, nil
}
