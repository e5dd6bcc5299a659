package main

import (
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// forgedCookies is how many different ones there are.
const forgedCookies = 1000

// measureRefused measures the answers to whoever is not signed in, and those to
// cookies that somebody made up. With Redis it can be counted how often these
// are looked up there. Scripts are not counted: the gate runs some by itself, to
// see whether there are messages to be sent.
func (s *stand) measureRefused() ([]row, error) {
	server, err := s.startRedis()
	if err != nil {
		return nil, err
	}
	gate, err := s.start(testkit.FreePort(), setup{gated: true, behind: respond, store: "redis " + server.URL()}, refusedProgram)
	if err != nil {
		return nil, err
	}
	bare, err := s.startBare(respond)
	if err != nil {
		return nil, err
	}
	ring, err := keys.NewRing(keys.Generate()) // not the secret of the gate
	if err != nil {
		return nil, err
	}
	forged := refusedProgram
	forged.Cookies = s.path("forged")
	if err := writeCookies(forged.Cookies, crowd{port: gate.port}.cookie(ring), newIDs(forgedCookies)); err != nil {
		return nil, err
	}
	welcome := func(o order) order { o.Status = 200; return o }
	m, err := lineup{
		{"bare program", bare, welcome(refusedProgram)}, {"program", gate, refusedProgram},
		{"bare person", bare, welcome(refusedPerson)}, {"person", gate, refusedPerson},
		{"forged", gate, forged},
	}.run(s, true)
	if err != nil {
		return nil, err
	}
	before, err := looks(server)
	if err != nil {
		return nil, err
	}
	forged.Duration = s.duration
	counted, err := gate.load(forged)
	if err != nil {
		return nil, err
	}
	after, err := looks(server)
	if err != nil {
		return nil, err
	}
	cookie := cpuRow("forged cookie", m["forged"], m["program"], atMost(1.15))
	cookie.what = "request with a forged cookie: CPU against the refusal without one"
	return []row{
		cpuRow("refusal of a program (401)", m["program"], m["bare program"], atMost(1.15)),
		cpuRow("refusal of a person (303)", m["person"], m["bare person"], atMost(1.15)),
		cookie,
		{
			what: "the same: looks into the store", measured: series{float64(after - before)}, verb: "%.0f", target: atMost(0),
			note: fmt.Sprintf("`GET` and `MGET` in `INFO commandstats` of Redis, in %d requests", counted.requests),
		},
	}, nil
}

// looks is how many times keys were read from Redis by themselves.
func looks(server *redistest.Server) (sum int, err error) {
	stats, err := server.Info("commandstats")
	if err != nil {
		return 0, err
	}
	for _, name := range []string{"cmdstat_get", "cmdstat_mget"} {
		n := 0
		if field := stats[name]; field != "" {
			if _, err := fmt.Sscanf(field, "calls=%d,", &n); err != nil {
				return 0, fmt.Errorf("reading %s from INFO commandstats: %q: %w", name, field, err)
			}
		}
		sum += n
	}
	return sum, nil
}
