package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// benchmarkLine is what go test prints of a benchmark that counts allocations.
var benchmarkLine = regexp.MustCompile(`(?m)^BenchmarkAGatedRequest\S*\s+\d+\s+([\d.]+) ns/op\s+(\d+) B/op\s+(\d+) allocs/op`)

// measureAllocations reads a benchmark of the handler alone.
func (s *stand) measureAllocations() ([]row, error) {
	test := exec.CommandContext(s.ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkAGatedRequest$", "-benchmem", "./caddymodule")
	test.Dir = ".."
	printed, err := test.CombinedOutput()
	found := benchmarkLine.FindStringSubmatch(string(printed))
	if err != nil || found == nil {
		return nil, fmt.Errorf("running the benchmark of the handler: %w: %s", err, printed)
	}
	number := func(i int) series {
		n, _ := strconv.ParseFloat(found[i], 64) // the expression lets numbers through only
		return series{n}
	}
	return []row{
		{what: "allocations that the gate adds to a gated request", measured: number(3), verb: "%.0f", target: atMost(4)},
		{what: "bytes of them", measured: number(2), verb: "%.0f", target: atMost(400)},
		{
			what: "the handler alone, called again and again for a request of a browser", measured: series{number(1)[0] / 1e3}, verb: "%.2f µs",
			note: "all that it needs is in the caches of the processor; with what makes the request as it came before",
		},
	}, nil
}

// measureSize compares the two programs as they lie on the disk.
func (s *stand) measureSize() ([]row, error) {
	var sizes [2]float64
	for i, path := range []string{s.bare, s.gate} {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("looking at a program: %w", err)
		}
		sizes[i] = float64(info.Size()) / (1 << 20)
	}
	return []row{{
		what: "size of the program: more than bare Caddy", measured: series{100 * (sizes[1]/sizes[0] - 1)}, verb: "%.1f %%", target: atMost(20),
		note: fmt.Sprintf("%.1f against %.1f MiB", sizes[1], sizes[0]),
	}}, nil
}

// measureStart compares the time until the first answer, and takes that with
// many sessions in the store.
func (s *stand) measureStart() ([]row, error) {
	made, err := s.manyPeople()
	if err != nil {
		return nil, err
	}
	few, err := s.newCrowd(1)
	if err != nil {
		return nil, err
	}
	var bare, gate, full series // seconds
	for range s.rounds {
		for _, one := range []struct {
			to    *series
			start func() (*gateway, error)
		}{
			{&bare, func() (*gateway, error) { return s.startBare(respond) }},
			{&gate, func() (*gateway, error) { g, _, err := s.startGate(few, respond); return g, err }},
			{&full, func() (*gateway, error) { g, _, err := s.startGate(made, respond); return g, err }},
		} {
			g, err := one.start()
			if err != nil {
				return nil, err
			}
			g.stop()
			*one.to = append(*one.to, g.ready.Seconds()*1e3)
		}
	}
	info, err := os.Stat(made.store)
	if err != nil {
		return nil, fmt.Errorf("looking at a store: %w", err)
	}
	return []row{
		{
			what: "start until the first answer: more than bare Caddy", measured: gate.less(bare), verb: "%.0f ms", target: atMost(100),
			note: fmt.Sprintf("%.0f against %.0f ms", gate.median(), bare.median()),
		},
		{
			what: fmt.Sprintf("start with %d sessions in bolt until the first answer", made.n), measured: full, verb: "%.0f ms", target: atMost(1000),
			note: fmt.Sprintf("a file of %.0f MiB, in the page cache, with the links and messages of the sign-ins", float64(info.Size())/(1<<20)),
		},
	}, nil
}

// loaded finds in a page what a browser loads with it.
var loaded = regexp.MustCompile(`<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)="([^"]+)"`)

// measurePages counts the bytes of the sign-in page and all it loads, as they
// come over the wire, heads of the answers included. The site compresses; what
// the gate says by itself is not compressed, as its length could tell a secret.
func (s *stand) measurePages() ([]row, error) {
	g, err := s.start(testkit.FreePort(), setup{gated: true, behind: "encode zstd gzip\n" + respond}, refusedProgram)
	if err != nil {
		return nil, err
	}
	paths, bytes := []string{"/_doorpost/sign-in"}, 0
	for i := 0; i < len(paths); i++ {
		answer, err := g.ask(order{Path: paths[i], Headers: navigation})
		if err != nil || !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
			return nil, fmt.Errorf("fetching %s: %w: %.300s", paths[i], err, answer)
		}
		bytes += len(answer)
		for _, found := range loaded.FindAllStringSubmatch(answer, -1) {
			if path := found[1]; i == 0 && !strings.HasPrefix(path, "data:") && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return []row{
		{what: "sign-in page with all it loads", measured: series{float64(bytes) / 1024}, verb: "%.1f KiB", target: atMost(12), note: fmt.Sprintf("%d bytes, of %d answers", bytes, len(paths))},
		{what: "requests beside the page", measured: series{float64(len(paths) - 1)}, verb: "%.0f", target: atMost(1)},
	}, nil
}
