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

// samples are what was measured of a contender, one value for each round.
type samples struct{ cpu, perSecond, loadCPU series }

// run loads all in turn, for as many rounds as there are to be. With afresh it
// starts the gateways anew for each round: where a process happens to lie in
// memory makes more of a difference than what is compared.
func (l lineup) run(s *stand, afresh bool) (map[string]samples, error) {
	measured := make(map[string]samples, len(l))
	for range s.rounds {
		restarted := make(map[*gateway]bool)
		for _, c := range l {
			if !afresh || restarted[c.gateway] {
				continue
			}
			if err := c.gateway.restart(); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			restarted[c.gateway] = true
		}
		if _, err := l.round(turn); err != nil { // connections and caches are there then
			return nil, err
		}
		sums, err := l.round(s.duration)
		if err != nil {
			return nil, err
		}
		for name, sum := range sums {
			n, m := float64(sum.requests), measured[name]
			m.cpu, m.loadCPU = append(m.cpu, sum.cpu.Seconds()/n), append(m.loadCPU, sum.loadCPU.Seconds()/n)
			m.perSecond = append(m.perSecond, n/sum.took.Seconds())
			measured[name] = m
		}
	}
	return measured, nil
}

// round loads each contender for so long in all, in turns.
func (l lineup) round(duration time.Duration) (map[string]sample, error) {
	sums := make(map[string]sample, len(l))
	for begun := time.Duration(0); begun < duration; begun += turn {
		for _, c := range l {
			o := c.order
			o.Duration = min(turn, duration-begun)
			one, err := c.gateway.load(o)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			sum := sums[c.name]
			sums[c.name] = sample{sum.requests + one.requests, sum.took + one.took, sum.cpu + one.cpu, sum.loadCPU + one.loadCPU}
		}
	}
	return sums, nil
}

// cpuRow is a row about the CPU time of one contender against another's.
func cpuRow(what string, m, base samples, target goal) row {
	return row{
		what: what + ": CPU against bare Caddy", measured: m.cpu.over(base.cpu), verb: "%.3f", target: target,
		note: fmt.Sprintf("%.1f µs against %.1f µs a request", m.cpu.median()*1e6, base.cpu.median()*1e6),
	}
}
