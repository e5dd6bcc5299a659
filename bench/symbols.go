package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

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
