package mail

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// textColumns bounds the lines of a text part; RFC 5322, section 2.1.1, recommends at
// most 78.
const textColumns = 72

// wrap breaks a paragraph into lines for a terminal, in which a letter of Chinese or
// Japanese is two columns wide. A word that is longer than a line, such as a link, is
// not broken: that would make it useless.
func wrap(paragraph string) string { return wrapTo(paragraph, textColumns) }

func wrapTo(paragraph string, width int) string {
	var b strings.Builder
	column := 0
	for _, piece := range pieces(strings.TrimFunc(paragraph, breaks)) {
		switch spaced := strings.HasPrefix(piece, " "); {
		case column > 0 && column+columns(piece) > width:
			b.WriteByte('\n')
			column, piece = 0, strings.TrimPrefix(piece, " ")
		case column == 0 && spaced:
			piece = piece[1:]
		}
		b.WriteString(piece)
		column += columns(piece)
	}
	return b.String()
}

// pieces cuts a paragraph wherever a line may end: before a space, which then begins the
// piece, and between wide letters.
func pieces(paragraph string) (list []string) {
	var piece []rune
	cut := func() {
		if len(piece) > 0 {
			list = append(list, string(piece))
		}
		piece = nil
	}
	for _, r := range paragraph {
		last := rune(' ')
		if len(piece) > 0 {
			last = piece[len(piece)-1]
		}
		switch {
		case breaks(r):
			if last != ' ' {
				cut()
				piece = append(piece, ' ')
			} else if len(piece) == 0 {
				piece = append(piece, ' ')
			}
			continue
		case last != ' ' && (wide(r) || wide(last)) && !closes(r) && !opens(last):
			cut()
		}
		piece = append(piece, r)
	}
	cut()
	return list
}

// breaks reports whether a line may end at a space: not at those that keep a
// mark with its word, as in "Besoin d’aide\u202f?".
func breaks(r rune) bool {
	return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f'
}

// joiner is a character of no width that keeps a line from ending beside it.
const joiner = '\u2060'

// closes reports whether a mark stays with what is before it.
func closes(r rune) bool {
	return r == joiner || unicode.In(r, unicode.Pe, unicode.Pf, unicode.Po) || r == 'ー' || unicode.In(r, unicode.Lm)
}

// opens reports whether a mark stays with what is behind it.
func opens(r rune) bool { return r == joiner || unicode.In(r, unicode.Ps, unicode.Pi) }

func wide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

func columns(s string) (n int) {
	for _, r := range s {
		switch {
		case r == joiner:
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}
