package mail

import (
	"strings"
	"unicode"
)

// Bounds of what is quoted of what a stranger typed.
const (
	quotedRunes   = 500
	quotedLineMax = 12
)

// quotedLines makes lines to quote of what a stranger typed: bounded in number
// and length, without empty ones, and with nothing that a mail program makes a
// link of.
func quotedLines(words string) (lines []string) {
	left := quotedRunes
	for line := range strings.FieldsFuncSeq(words, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }) {
		if left < 1 || len(lines) == quotedLineMax {
			lines[len(lines)-1] = strings.TrimSuffix(lines[len(lines)-1], "…") + "…"
			break
		}
		if line = oneLine(line, left); line == "" {
			continue
		}
		left -= len([]rune(line))
		lines = append(lines, unlinked(line))
	}
	return lines
}

// unlinked sets a space where mail programs would recognise an address: behind
// dots and colons within a word, and before an @. A time or a number stays as
// it is.
func unlinked(line string) string {
	var out strings.Builder
	before := ' '
	runes := []rune(line)
	for i, r := range runes {
		next := ' '
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		if r == '@' && !unicode.IsSpace(before) {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
		if joins(r, next) && !unicode.IsSpace(next) && !(unicode.IsDigit(before) && unicode.IsDigit(next)) {
			out.WriteByte(' ')
		}
		before = r
	}
	return out.String()
}

// joins tells whether a mark can stand between the parts of an address. Those
// beside the full stop are read as one in names of hosts (RFC 3490, section
// 3.1), but between letters of their own kind they end sentences.
func joins(mark, next rune) bool {
	switch mark {
	case '.', ':':
		return true
	case '\u3002', '\uff0e', '\uff61':
		return next <= unicode.MaxASCII
	}
	return false
}

// quote wraps a line that a stranger typed, and marks each line that comes of it
// as quoted.
func quote(line string) string {
	return "> " + strings.ReplaceAll(wrapTo(line, textColumns-2), "\n", "\n> ")
}
