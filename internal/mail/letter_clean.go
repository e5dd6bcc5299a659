package mail

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/doorpost-auth/doorpost/internal/color"
)

// oneLine makes a name fit for a header and a sentence: one line, without
// characters that turn the direction of the writing, at most limit runes long.
func oneLine(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > limit {
		s = strings.TrimSpace(string(runes[:limit-1])) + "…"
	}
	return s
}

// plainProduct is a name of a browser or a system. A dot stands between digits
// only, so that no mail program takes anything in it for the name of a site.
var plainProduct = regexp.MustCompile(`^[\p{L}\p{N}_+() -]+(\.\p{N}[\p{L}\p{N}_+() -]*)*$`)

// productName returns the name of a browser or system, or nothing if it could
// be anything else: it derives from what the asking side sent, and whoever
// asks for somebody else's link must not be able to put words into the letter.
func productName(s string) string {
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > 40 || !plainProduct.MatchString(s) {
		return ""
	}
	return s
}

// supportLink finds out what the operator gave as support, and where a click
// on it leads: an address, a URL, or nowhere.
func supportLink(s string) (shown, href string) {
	shown = strings.TrimPrefix(s, "mailto:")
	switch {
	case bareAddress.MatchString(shown):
		return shown, "mailto:" + shown
	case safeLink.MatchString(s):
		return s, s
	}
	return s, ""
}

// accent returns the colour of the button and that of the words on it. What is
// no colour is the default.
func accent(wanted string) (background, foreground string) {
	c, err := color.Parse(wanted)
	if err != nil {
		c = color.Default
	}
	return c.String(), color.TextOn(c).String()
}

// textColumns is how wide the lines of a text part may be; RFC 5322, section
// 2.1.1, wants at most 78.
const textColumns = 72

// wrap breaks a paragraph into lines. A word that is longer than a line, such
// as an address, stays whole: broken, it would be of no use. Languages without
// spaces between words are left to the reader's program.
func wrap(paragraph string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.FieldsFunc(paragraph, breaks) {
		width := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+width > textColumns:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += width
	}
	return b.String()
}

// breaks tells whether a line may end at a space: not at those that keep a
// mark with its word, as in "Besoin d’aide\u202f?".
func breaks(r rune) bool {
	return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f'
}
