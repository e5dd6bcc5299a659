package text

import (
	"html"
	"strings"
)

// Breakable escapes a value for HTML and marks where a line may end within it: before the
// @ of an address, and before the dots of a long piece. Where people read from right to left
// it is behind the dots: one that begins a line would stand beside the full stop.
func Breakable(value, direction string) string {
	const fillsLine = 12
	dot := "<wbr>."
	if direction == "rtl" {
		dot = ".<wbr>"
	}
	pieces := strings.Split(value, "@")
	for i, piece := range pieces {
		pieces[i] = html.EscapeString(piece)
		if len(piece) > fillsLine {
			pieces[i] = strings.ReplaceAll(pieces[i], ".", dot)
		}
	}
	return strings.Join(pieces, "<wbr>@")
}
