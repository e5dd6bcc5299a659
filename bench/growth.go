package main

import (
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// panel is one part of the plot: what a request costs as one thing grows.
type panel struct {
	title  string
	labels []string // along the x axis
	lines  []line
}

// line is the CPU time of a request, in microseconds, at each label.
type line struct {
	name   string
	values []float64
}

// measureGrowth measures a gated request as sessions, rules and sites become
// more.
func (s *stand) measureGrowth() (section, error) {
	found := section{title: "How the cost grows"}
	for _, measure := range []func(*section) (panel, error){s.growthBySessions, s.growthByRules, s.growthBySites} {
		one, err := measure(&found)
		if err != nil {
			return section{}, err
		}
		s.figures.growth = append(s.figures.growth, one)
		for _, l := range one.lines {
			text := fmt.Sprintf("%s, %s:", one.title, l.name)
			for i, value := range l.values {
				text += fmt.Sprintf(" %s: %.1f µs;", one.labels[i], value)
			}
			found.lines = append(found.lines, text[:len(text)-1])
		}
	}
	return found, nil
}

// grow measures pairs that differ in one thing, all of them in turn.
func (s *stand) grow(title string, sizes []int, pairs []pair) (panel, error) {
	p := panel{title: title, lines: []line{{name: "Caddy alone"}, {name: "with the gate"}}}
	var all lineup
	for i, one := range pairs {
		p.labels = append(p.labels, thousands(sizes[i]))
		all = append(all, contender{"bare " + p.labels[i], one.bare, one.visit}, contender{"gate " + p.labels[i], one.gate, one.visit})
	}
	measured, err := all.run(s)
	if err != nil {
		return p, err
	}
	for _, label := range p.labels {
		for i, name := range []string{"bare ", "gate "} {
			p.lines[i].values = append(p.lines[i].values, measured[name+label].cpu.median()*1e6)
		}
	}
	return p, nil
}

// growBy starts a pair for each size and measures them. All requests are of
// the first who is signed in: rules may name people one by one.
func (s *stand) growBy(title string, sizes []int, of func(n int) setup) (panel, error) {
	var pairs []pair
	defer func() { stopAll(pairs) }()
	for _, n := range sizes {
		one, err := s.startPair(of(n), 1)
		if err != nil {
			return panel{}, err
		}
		pairs = append(pairs, one)
	}
	return s.grow(title, sizes, pairs)
}

func stopAll(pairs []pair) {
	for _, one := range pairs {
		one.stop()
	}
}

func (s *stand) growthByRules(*section) (panel, error) {
	return s.growBy("rules", []int{1, 1000}, func(n int) setup { return setup{behind: respond, rules: n} })
}

func (s *stand) growthBySites(*section) (panel, error) {
	return s.growBy("sites", []int{1, 200}, func(n int) setup { return setup{behind: respond, sites: n} })
}

// growthBySessions spreads the requests over all sessions. Those of a million
// are not all in the cache: it is counted how many were.
func (s *stand) growthBySessions(found *section) (panel, error) {
	many, err := s.million()
	if err != nil {
		return panel{}, err
	}
	sizes := []int{1, 1000, many.n}
	var pairs []pair
	defer func() { stopAll(pairs) }()
	c := setup{behind: respond}
	for _, n := range sizes {
		made := many
		if n != many.n {
			if made, err = s.newCrowd(c, n); err != nil {
				return panel{}, err
			}
		}
		one, err := s.startPairFor(c, made)
		if err != nil {
			return panel{}, err
		}
		pairs = append(pairs, one)
	}
	last := &pairs[len(pairs)-1]
	share, err := s.shareFromCache(last.gate, last.visit, many.n)
	if err != nil {
		return panel{}, err
	}
	last.visit.Random = true
	p, err := s.grow("sessions", sizes, pairs)
	found.lines = append(found.lines, fmt.Sprintf("%s sessions, requests of any of them at random: %.0f %% were answered from the cache, which holds %s and asks the store again after %v. Computed from the allocations of a request, which are more when the store is asked.",
		thousands(many.n), 100*share, thousands(session.DefaultCacheSize), session.Freshness))
	return p, err
}

// shareFromCache is the share of random requests that are answered from the
// cache. A look into the store allocates, so the mean of what a request
// allocates tells how many looks there were.
func (s *stand) shareFromCache(g *gateway, visit order, n int) (share float64, err error) {
	counted := func(o order) (float64, error) {
		a, err := s.allocatedBy(g, o)
		return a.objects, err
	}
	unseen := visit
	unseen.Requests = n / 10 // each its own, none seen before
	miss, err := counted(unseen)
	if err != nil {
		return 0, err
	}
	cookie, err := firstLine(visit.Cookies)
	if err != nil {
		return 0, err
	}
	known := visit
	known.Cookies, known.Headers = "", append([]string{"Cookie: " + cookie}, visit.Headers...)
	hit, err := counted(known)
	if err != nil {
		return 0, err
	}
	random := visit
	random.Random = true
	random.Duration = 2 * s.duration // until the cache is full
	if _, err := counted(random); err != nil {
		return 0, err
	}
	mixed, err := counted(random)
	if err != nil {
		return 0, err
	}
	return min(max((miss-mixed)/(miss-hit), 0), 1), nil
}

// thousands writes 1000000 as 1,000,000.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
