package main

import (
	"fmt"
	"time"
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

// turn is how long one contender is loaded before the next is. A round has
// several turns of each, as machines are disturbed for seconds rather than for
// minutes.
const turn = time.Second

// samples are what was measured of a contender, one for each round.
type samples struct {
	cpu, perSecond, loadCPU series
}

// run loads all in turn, for as many rounds as there are to be.
func (l lineup) run(s *stand) (map[string]samples, error) {
	return l.rounds(s, func(*gateway) error { return nil })
}

// runAfresh does so too, and starts the gateways anew for each round: where a process
// happens to lie in memory makes more of a difference than what is compared.
func (l lineup) runAfresh(s *stand) (map[string]samples, error) {
	return l.rounds(s, s.restart)
}

// rounds prepares each gateway for each round, warms all up, and loads them.
func (l lineup) rounds(s *stand, prepare func(*gateway) error) (map[string]samples, error) {
	measured := make(map[string]samples, len(l))
	for range s.rounds {
		prepared := make(map[*gateway]bool)
		for _, c := range l {
			if prepared[c.gateway] {
				continue
			}
			if err := prepare(c.gateway); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			prepared[c.gateway] = true
		}
		if err := l.round(s, s.warmUp(), func(string, sample) {}); err != nil {
			return nil, err
		}
		sums := make(map[string]sample, len(l))
		if err := l.round(s, s.duration, func(name string, one sample) { sums[name] = sums[name].plus(one) }); err != nil {
			return nil, err
		}
		for name, sum := range sums {
			m := measured[name]
			m.cpu, m.perSecond, m.loadCPU = append(m.cpu, sum.cpuOfOne()), append(m.perSecond, sum.perSecond()), append(m.loadCPU, sum.loadCPUOfOne())
			measured[name] = m
		}
	}
	return measured, nil
}

// round loads each contender for so long in all, in turns.
func (l lineup) round(s *stand, duration time.Duration, measured func(name string, one sample)) error {
	for begun := time.Duration(0); begun < duration; begun += turn {
		for _, c := range l {
			o := c.order
			o.Duration = min(turn, duration-begun)
			one, err := s.load(c.gateway, o)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			measured(c.name, one)
		}
	}
	return nil
}

// cpuRow is a row about the CPU time of one contender against another's.
func cpuRow(what string, m, base samples, target goal) row {
	return row{
		what: what, measured: m.cpu.over(base.cpu), verb: "%.3f", target: target,
		note: fmt.Sprintf("%.1f µs against %.1f µs a request", m.cpu.median()*1e6, base.cpu.median()*1e6),
	}
}
