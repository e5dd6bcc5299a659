package main

import (
	"fmt"
	"slices"
	"strings"
)

// series is one quantity as it was measured in several rounds.
type series []float64

// median is the middle value, of an even number the mean of the two in the
// middle. It is 0 of none.
func (s series) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// over divides round by round: two values of one round were measured next to
// one another, so what disturbs the machine for longer disturbs both.
func (s series) over(base series) (ratios series) {
	for i := range min(len(s), len(base)) {
		if base[i] != 0 {
			ratios = append(ratios, s[i]/base[i])
		}
	}
	return ratios
}

// less subtracts round by round.
func (s series) less(base series) (differences series) {
	for i := range min(len(s), len(base)) {
		differences = append(differences, s[i]-base[i])
	}
	return differences
}

// into divides a number by each value.
func (s series) into(n float64) (all series) {
	for _, v := range s {
		all = append(all, n/v)
	}
	return all
}

// row is one line of the table: something that was measured, beside what it
// should be.
type row struct {
	what     string
	measured series
	verb     string // of fmt, for a value: "%.3f", "%.0f bytes"
	target   goal
	note     string // absolute figures, counts
}

// goal is what a value should be. The zero goal asks for nothing.
type goal struct {
	words string // "at most", "at least"
	bound float64
}

func atMost(bound float64) goal  { return goal{"at most", bound} }
func atLeast(bound float64) goal { return goal{"at least", bound} }

// met reports whether the median keeps to the target. Nothing measured does not.
func (r row) met() bool {
	value := r.measured.median()
	switch {
	case r.target.words == "":
		return true
	case len(r.measured) == 0:
		return false
	case r.target.words == "at least":
		return value >= r.target.bound
	}
	return value <= r.target.bound
}

var columns = []string{"what", "median", "spread", "target", "met", "note"}

func (r row) cells() []string {
	measured, spread, target, met := "nothing", "", "", ""
	if len(r.measured) > 0 {
		measured = fmt.Sprintf(r.verb, r.measured.median())
	}
	if len(r.measured) > 1 {
		spread = fmt.Sprintf(r.verb+" to "+r.verb, slices.Min(r.measured), slices.Max(r.measured))
	}
	if r.target.words != "" {
		_, unit, _ := strings.Cut(r.verb, " ")
		target = strings.TrimSpace(fmt.Sprintf("%s %v "+unit, r.target.words, r.target.bound))
		if met = "yes"; !r.met() {
			met = "**no**"
		}
	}
	return []string{r.what, measured, spread, target, met, r.note}
}

// results is all that one run found out.
type results struct {
	facts [][2]string
	rows  []row
}

// String writes the results as Markdown that reads well as plain text too.
func (r results) String() string {
	var b strings.Builder
	b.WriteString("# Results\n\nWritten by `go -C bench run .`. What the rows mean is in docs/performance.md.\n\n")
	for _, fact := range r.facts {
		fmt.Fprintf(&b, "- %s: %s\n", fact[0], fact[1])
	}
	table, targets, missed := [][]string{columns}, 0, 0
	for _, one := range r.rows {
		table = append(table, one.cells())
		if one.target.words != "" {
			targets++
		}
		if !one.met() {
			missed++
		}
	}
	widths := make([]int, len(columns))
	for _, line := range table {
		for i, cell := range line {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	b.WriteString("\n")
	for n, line := range table {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", widths[i]-len([]rune(cell))))
		}
		b.WriteString("|\n")
		for i := 0; n == 0 && i < len(widths); i++ {
			b.WriteString("|" + strings.Repeat("-", widths[i]+2))
		}
		if n == 0 {
			b.WriteString("|\n")
		}
	}
	fmt.Fprintf(&b, "\n%d of %d targets missed.\n", missed, targets)
	return b.String()
}
