package main

import (
	"fmt"
)

// contender is a gateway under one kind of load.
type contender struct {
	name    string
	gateway *gateway
	order   order
}

// lineup are contenders that take turns, A B C A B C …, so that whatever
// disturbs the machine disturbs all of them.
type lineup []contender

// samples are what was measured of a contender, one for each round.
type samples struct {
	cpu, perSecond, loadCPU series
}

// run lets all take as many turns as there are rounds.
func (l lineup) run(s *stand) (map[string]samples, error) {
	measured := make(map[string]samples, len(l))
	for round := -1; round < s.rounds; round++ {
		for _, c := range l {
			o := c.order
			if round < 0 && o.Requests == 0 {
				o.Duration = s.warmUp()
			}
			one, err := s.load(c.gateway, o)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if round < 0 {
				continue
			}
			m := measured[c.name]
			m.cpu, m.perSecond, m.loadCPU = append(m.cpu, one.cpu), append(m.perSecond, one.perSecond), append(m.loadCPU, one.loadCPU)
			measured[c.name] = m
		}
	}
	return measured, nil
}

// cpuRow is a row about the CPU time of one contender against another's.
func cpuRow(what string, m, base samples, target goal) row {
	return row{
		what: what, measured: m.cpu.over(base.cpu), verb: "%.3f", target: target,
		note: fmt.Sprintf("%.1f µs against %.1f µs a request", m.cpu.median()*1e6, base.cpu.median()*1e6),
	}
}
