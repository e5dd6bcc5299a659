package main

import (
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// refusals are how the gate answers somebody who is not signed in.
var (
	refusedProgram    = order{Headers: program, Status: 401}
	refusedNavigation = order{Headers: navigation, Status: 303}
)

func (s *stand) measureRefused() (section, error) {
	p, err := s.startPair(setup{behind: respond}, 1)
	if err != nil {
		return section{}, err
	}
	defer p.stop()
	welcome := func(o order) order { o.Status = 200; return o }
	measured, err := lineup{
		{"bare program", p.bare, welcome(refusedProgram)},
		{"program", p.gate, refusedProgram},
		{"bare navigation", p.bare, welcome(refusedNavigation)},
		{"navigation", p.gate, refusedNavigation},
	}.runAfresh(s)
	if err != nil {
		return section{}, err
	}
	return section{rows: []row{
		cpuRow("refusal of an anonymous program (401): CPU against bare `respond`", measured["program"], measured["bare program"], atMost(1.15)),
		cpuRow("refusal of an anonymous navigation (303): CPU against bare `respond`", measured["navigation"], measured["bare navigation"], atMost(1.15)),
	}}, nil
}

// forgedCookies is how many different ones there are.
const forgedCookies = 1000

// measureForged asks with cookies that somebody made up. With Redis it can be
// counted how often they are looked up there. Scripts are not counted: the gate
// runs some by itself, to see whether there are messages to be sent.
func (s *stand) measureForged() (section, error) {
	server, err := redistest.Start()
	if err != nil {
		return section{}, err
	}
	defer server.Kill()
	ours, err := newPlace()
	if err != nil {
		return section{}, err
	}
	c := setup{gated: true, behind: respond, store: "redis " + server.URL()}
	gate, err := s.start(ours, c, refusedProgram)
	if err != nil {
		return section{}, err
	}
	defer gate.stop()
	withCookies := refusedProgram
	withCookies.Cookies = s.path("forged")
	if err := forged(withCookies.Cookies, "http://"+gate.host, forgedCookies); err != nil {
		return section{}, err
	}
	measured, err := lineup{{"anonymous", gate, refusedProgram}, {"forged", gate, withCookies}}.runAfresh(s)
	if err != nil {
		return section{}, err
	}
	before, err := commandCalls(server, "get", "mget")
	if err != nil {
		return section{}, err
	}
	counted, err := s.load(gate, withCookies)
	if err != nil {
		return section{}, err
	}
	after, err := commandCalls(server, "get", "mget")
	if err != nil {
		return section{}, err
	}
	return section{rows: []row{
		cpuRow("request with a forged cookie: CPU against the anonymous refusal", measured["forged"], measured["anonymous"], atMost(1.15)),
		{
			what: "the same: looks into the store", measured: series{float64(after - before)}, verb: "%.0f", target: atMost(0),
			note: fmt.Sprintf("`GET` and `MGET` in `INFO commandstats` of Redis, in %d requests", counted.requests),
		},
	}}, nil
}
