package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
)

// The plot, in pixels.
const (
	panelWidth  = 280
	panelHeight = 220
	plotTop     = 56
	plotBottom  = 48
	plotLeft    = 48
)

// plotStyle makes the plot readable on light and dark pages alike.
const plotStyle = `
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-weight: 600; font-size: 14px }
.grid { stroke: #ddd }
.line { fill: none; stroke-width: 2 }
.line0 { stroke: #888 } .dot0 { fill: #888 }
.line1 { stroke: #0b66c3 } .dot1 { fill: #0b66c3 }
@media (prefers-color-scheme: dark) {
text { fill: #ddd }
.grid { stroke: #444 }
.line0 { stroke: #aaa } .dot0 { fill: #aaa }
.line1 { stroke: #6cb2ff } .dot1 { fill: #6cb2ff }
}
`

// plot draws the panels, one at least, beside one another. All have the same scale, from
// nothing up, so that heights compare.
func plot(panels []panel) []byte {
	var b bytes.Buffer
	width := plotLeft + len(panels)*(panelWidth+plotLeft)
	height := plotTop + panelHeight + plotBottom
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="CPU time of a gated request">`+"\n<style>%s</style>\n",
		width, height, width, height, plotStyle)
	fmt.Fprintf(&b, `<text class="title" x="%d" y="20">CPU time of a gated request, in µs</text>`+"\n", plotLeft)
	for n, l := range panels[0].lines { // all panels have the same
		x := plotLeft + n*140
		fmt.Fprintf(&b, `<circle class="dot%d" cx="%d" cy="38" r="4"/><text x="%d" y="42">%s</text>`+"\n", n, x+4, x+14, escaped(l.name))
	}
	step, top := scale(highest(panels))
	for i, p := range panels {
		p.draw(&b, plotLeft+i*(panelWidth+plotLeft), step, top)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func highest(panels []panel) (top float64) {
	for _, p := range panels {
		for _, l := range p.lines {
			top = max(top, slices.Max(l.values))
		}
	}
	return top
}

// scale finds a round step and the end of an axis that reaches a value.
func scale(value float64) (step, top float64) {
	if value <= 0 {
		return 1, 1
	}
	least := value / 5
	step = math.Pow(10, math.Floor(math.Log10(least)))
	for _, factor := range []float64{1, 2, 5, 10} {
		if step*factor >= least {
			step *= factor
			break
		}
	}
	return step, math.Ceil(value/step) * step
}

// draw draws a panel whose left edge is at x.
func (p panel) draw(b *bytes.Buffer, x int, step, top float64) {
	y := func(value float64) float64 { return plotTop + panelHeight*(1-value/top) }
	at := func(i int) float64 {
		return float64(x) + panelWidth*(float64(i)+0.5)/float64(len(p.labels))
	}
	for value := 0.0; value <= top*1.001; value += step {
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`+"\n", x, x+panelWidth, y(value), y(value))
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%g</text>`+"\n", x-6, y(value)+4, value)
	}
	for i, label := range p.labels {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", at(i), plotTop+panelHeight+18, escaped(label))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", x+panelWidth/2, plotTop+panelHeight+38, escaped(p.title))
	for n, l := range p.lines {
		fmt.Fprintf(b, `<polyline class="line line%d" points="`, n)
		for i, value := range l.values {
			fmt.Fprintf(b, "%.1f,%.1f ", at(i), y(value))
		}
		b.WriteString(`"/>` + "\n")
		for i, value := range l.values {
			fmt.Fprintf(b, `<circle class="dot%d" cx="%.1f" cy="%.1f" r="4"><title>%s, %s %s: %.1f µs</title></circle>`+"\n",
				n, at(i), y(value), escaped(l.name), escaped(p.labels[i]), escaped(p.title), value)
		}
	}
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}
