package main

import (
	"fmt"
	"os"
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
