package mail

import (
	"strings"
	"unicode"
)

// Bounds of the quoted words of a stranger.
const (
	quotedRunes   = 500
	quotedLineMax = 12
)

// quotedLines makes lines of the words of a stranger, bounded in number and length,
// without empty lines, and without anything that a mail program turns into a link.
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

// quoteStart is the side on which the words of a stranger begin, who need not write as the
// reader reads. Words without a letter have none.
func quoteStart(lines []string) string {
	for _, r := range strings.Join(lines, "") {
		switch {
		case !unicode.IsLetter(r):
		case unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko):
			return "right"
		default:
			return "left"
		}
	}
	return ""
}

// unlinked adds a space wherever mail programs would recognise an address: behind dots
// and colons within a word, and before an @. Times and numbers stay as they are. The slashes
// of https:// stay with their colon, so that no line begins with them.
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
	return strings.ReplaceAll(out.String(), ": //", ":// ")
}

// joins reports whether a mark can join two parts of an address. Names of hosts may
// have these other full stops as dots (RFC 3490, section 3.1), but before letters of
// their own script they end sentences.
func joins(mark, next rune) bool {
	switch mark {
	case '.', ':':
		return true
	case '\u3002', '\uff0e', '\uff61':
		return next <= unicode.MaxASCII
	}
	return false
}

// quote wraps a line of a stranger, and marks each resulting line as quoted.
func quote(line string) string {
	return "> " + strings.ReplaceAll(wrapTo(line, textColumns-2), "\n", "\n> ")
}
