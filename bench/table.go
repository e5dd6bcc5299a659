package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// results is all that one run found out.
type results struct {
	machine  [][2]string
	settings string
	took     time.Duration
	sections []section
}

// section is what one measurement found out: lines of the table, and what else
// there is to say.
type section struct {
	rows  []row
	lines []string // plain sentences
	text  string   // printed as it is, such as a profile
	title string   // of lines and text
}

// missed are the rows that do not keep to their target.
func (r *results) missed() (missed []row) {
	for _, s := range r.sections {
		for _, one := range s.rows {
			if !one.met() {
				missed = append(missed, one)
			}
		}
	}
	return missed
}

// write writes the results as Markdown that reads well as plain text too.
func (r *results) write(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Results\n\nWritten by `go run ./bench`. What the rows mean is in docs/performance.md.\n\n")
	for _, fact := range r.machine {
		fmt.Fprintf(&b, "- %s: %s\n", fact[0], fact[1])
	}
	fmt.Fprintf(&b, "- %s, in all %v\n\n", r.settings, r.took.Round(time.Second))
	table := [][]string{columns}
	for _, s := range r.sections {
		for _, one := range s.rows {
			table = append(table, one.cells())
		}
	}
	writeTable(&b, table)
	missed := r.missed()
	fmt.Fprintf(&b, "\n%d of %d targets missed.\n", len(missed), r.targets())
	for _, s := range r.sections {
		if s.title == "" {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n", s.title)
		for _, line := range s.lines {
			fmt.Fprintf(&b, "- %s\n", line)
		}
		if s.text != "" {
			fmt.Fprintf(&b, "```\n%s\n```\n", strings.TrimSpace(s.text))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *results) targets() (n int) {
	for _, s := range r.sections {
		for _, one := range s.rows {
			if one.target.set {
				n++
			}
		}
	}
	return n
}

// writeTable writes a table whose columns are as wide as their longest cell.
// The first line is the head.
func writeTable(b *strings.Builder, table [][]string) {
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, line := range table {
		for i, cell := range line {
			fmt.Fprintf(b, "| %s%s ", cell, strings.Repeat(" ", widths[i]-len([]rune(cell))))
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, width := range widths {
				fmt.Fprintf(b, "|%s", strings.Repeat("-", width+2))
			}
			b.WriteString("|\n")
		}
	}
}
