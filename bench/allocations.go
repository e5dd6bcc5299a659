package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// benchmarkLine is what go test prints of a benchmark that counts allocations.
var benchmarkLine = regexp.MustCompile(`(?m)^BenchmarkAGatedRequest\S*\s+\d+\s+([\d.]+) ns/op\s+(\d+) B/op\s+(\d+) allocs/op`)

// measureAllocations reads a benchmark of the handler alone, and counts what two
// whole gateways allocate.
func (s *stand) measureAllocations() (section, error) {
	test := exec.CommandContext(s.ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkAGatedRequest$", "-benchmem", ourModule+"/caddymodule")
	test.Stderr = os.Stderr
	printed, err := test.Output()
	found := benchmarkLine.FindSubmatch(printed)
	if err != nil || found == nil {
		return section{}, fmt.Errorf("running the benchmark of the handler: %w: %s", errors.Join(err, errors.New("no figures")), printed)
	}
	number := func(b []byte) series {
		n, _ := strconv.ParseFloat(string(b), 64) // the expression lets numbers through only
		return series{n}
	}
	p, err := s.startPair(setup{behind: respond}, knownSessions)
	if err != nil {
		return section{}, err
	}
	defer p.stop()
	bare, err := s.allocated(p.bare, p.visit)
	if err != nil {
		return section{}, err
	}
	gate, err := s.allocated(p.gate, p.visit)
	if err != nil {
		return section{}, err
	}
	return section{rows: []row{
		{
			what: "allocations that the gate adds to a gated request", measured: number(found[3]), verb: "%.0f", target: atMost(4),
			note: fmt.Sprintf("whole processes: %.1f against %.1f of bare Caddy", gate.objects, bare.objects),
		},
		{
			what: "bytes of them", measured: number(found[2]), verb: "%.0f", target: atMost(400),
			note: fmt.Sprintf("whole processes: %.0f against %.0f of bare Caddy", gate.bytes, bare.bytes),
		},
		{
			what: "the handler alone, called again and again for a request of a browser", measured: number(found[1]).times(1e-3), verb: "%.2f µs",
			note: "all that it needs is in the caches of the processor; with what makes the request as it came before",
		},
	}}, nil
}

// allocations are what a gateway allocates for one request.
type allocations struct{ objects, bytes float64 }

// allocated counts them under a load: what the whole process allocated,
// divided by the requests.
func (s *stand) allocated(g *gateway, o order) (allocations, error) {
	o.Duration = s.warmUp()
	if _, err := s.load(g, o); err != nil { // connections and caches are there then
		return allocations{}, err
	}
	return s.allocatedBy(g, o)
}

// allocatedBy is allocated without a load before.
func (s *stand) allocatedBy(g *gateway, o order) (allocations, error) {
	before, err := g.memstats()
	if err != nil {
		return allocations{}, err
	}
	seen, err := s.load(g, o)
	if err != nil {
		return allocations{}, err
	}
	after, err := g.memstats()
	if err != nil {
		return allocations{}, err
	}
	n := float64(seen.requests)
	return allocations{objects: (after.Mallocs - before.Mallocs) / n, bytes: (after.TotalAlloc - before.TotalAlloc) / n}, nil
}

// memstats are counters of a process since its start, see runtime.MemStats.
type memstats struct{ Mallocs, TotalAlloc float64 }

func (g *gateway) memstats() (memstats, error) {
	content, err := g.get("/debug/vars")
	if err != nil {
		return memstats{}, err
	}
	var vars struct{ Memstats memstats }
	if err := json.Unmarshal(content, &vars); err != nil {
		return memstats{}, fmt.Errorf("reading the counters of a gateway: %w", err)
	}
	return vars.Memstats, nil
}
