package main

import (
	"fmt"
	"strings"
)

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
	bound float64
	least bool // the bound is the least that the value should be, not the most
	set   bool
}

func atMost(bound float64) goal  { return goal{bound: bound, set: true} }
func atLeast(bound float64) goal { return goal{bound: bound, least: true, set: true} }

// met tells whether the median keeps to the target.
func (r row) met() bool {
	value := r.measured.median()
	switch {
	case !r.target.set:
		return true
	case len(r.measured) == 0:
		return false
	case r.target.least:
		return value >= r.target.bound
	}
	return value <= r.target.bound
}

// cells are the columns of the row: what, measured, spread, target, met, note.
func (r row) cells() []string {
	target, verdict := "", ""
	if r.target.set {
		word := "at most "
		if r.target.least {
			word = "at least "
		}
		target = word + shorten(fmt.Sprintf(r.verb, r.target.bound))
		verdict = "yes"
		if !r.met() {
			verdict = "**no**"
		}
	}
	measured := "nothing"
	if len(r.measured) > 0 {
		measured = fmt.Sprintf(r.verb, r.measured.median())
	}
	return []string{r.what, measured, r.measured.spread(r.verb), target, verdict, r.note}
}

var columns = []string{"what", "median", "spread", "target", "met", "note"}

// shorten leaves out the zeros at the end of a number's fraction: 1.040 bytes
// is 1.04 bytes.
func shorten(s string) string {
	number, unit, hasUnit := strings.Cut(s, " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	if hasUnit {
		return number + " " + unit
	}
	return number
}
