package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// measureWeight compares the two programs as they lie on the disk and start.
func (s *stand) measureWeight() (section, error) {
	var sizes [2]float64
	for i, path := range []string{s.programs.bare, s.programs.gate} {
		info, err := os.Stat(path)
		if err != nil {
			return section{}, fmt.Errorf("looking at a program: %w", err)
		}
		sizes[i] = float64(info.Size()) / (1 << 20)
	}
	var bare, gate series // seconds
	for range s.rounds {
		p, err := s.startPair(setup{behind: respond}, 1)
		if err != nil {
			return section{}, err
		}
		bare, gate = append(bare, p.bare.ready.Seconds()), append(gate, p.gate.ready.Seconds())
		p.stop()
	}
	parts, err := s.heaviestParts()
	if err != nil {
		return section{}, err
	}
	return section{title: "What the program is made of", lines: parts, rows: []row{
		{
			what: "size of the program: more than bare Caddy", measured: series{100 * (sizes[1]/sizes[0] - 1)}, verb: "%.1f %%", target: atMost(20),
			note: fmt.Sprintf("%.1f against %.1f MiB", sizes[1], sizes[0]),
		},
		{
			what: "start until the first answer: more than bare Caddy", measured: gate.less(bare).times(1000), verb: "%.0f ms", target: atMost(100),
			note: fmt.Sprintf("%.0f against %.0f ms", gate.median()*1000, bare.median()*1000),
		},
	}}, nil
}

// heaviestParts tells what code and data the gate has that bare Caddy has not, by
// module. What comes on top in the file, tables for stack traces and debuggers,
// grows with it.
func (s *stand) heaviestParts() (lines []string, err error) {
	gate, err := symbolsOf(s.ctx, s.programs.gate)
	if err != nil {
		return nil, err
	}
	bare, err := symbolsOf(s.ctx, s.programs.bare)
	if err != nil {
		return nil, err
	}
	var modules []string
	total := 0
	for module, size := range gate {
		gate[module] = size - bare[module]
		total += gate[module]
		modules = append(modules, module)
	}
	slices.SortFunc(modules, func(a, b string) int { return gate[b] - gate[a] })
	lines = append(lines, fmt.Sprintf("%d KiB of code and data more than bare Caddy has, as `go tool nm` counts them, of which:", total>>10))
	for _, module := range modules[:8] {
		lines = append(lines, fmt.Sprintf("%s: %d KiB", module, gate[module]>>10))
	}
	return lines, nil
}

// symbolsOf sums the sizes of what lies in a program, by module. What has no
// module, such as the standard library, counts as one.
func symbolsOf(ctx context.Context, program string) (map[string]int, error) {
	printed, err := exec.CommandContext(ctx, "go", "tool", "nm", "-size", program).Output()
	if err != nil {
		return nil, fmt.Errorf("listing what is in a program: %w", err)
	}
	sizes := make(map[string]int)
	for line := range strings.Lines(string(printed)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || strings.EqualFold(fields[2], "b") { // what takes no room in the file
			continue
		}
		size, err := strconv.Atoi(fields[1])
		if err != nil {
			continue // a symbol without a size
		}
		sizes[moduleOf(strings.Join(fields[3:], " "))] += size
	}
	return sizes, nil
}

// moduleOf is the module that a symbol is of: the first three parts of its path
// where the first is a host.
func moduleOf(symbol string) string {
	symbol, _, _ = strings.Cut(symbol, "[") // what a generic was made for
	at := strings.LastIndexByte(symbol, ':')
	parts := strings.SplitN(strings.TrimLeft(symbol[at+1:], "*."), "/", 4)
	if len(parts) < 2 || !strings.Contains(parts[0], ".") {
		return "the standard library and the runtime"
	}
	parts = parts[:min(len(parts), 3)]
	last := &parts[len(parts)-1]
	*last, _, _ = strings.Cut(*last, ".")
	return strings.Join(parts, "/")
}
