package address

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// maxPasted is how much is read of what a person pasted, in bytes.
const maxPasted = 1024

// Bare is the address in what a person typed or pasted into a form, without what comes
// along with it: a name before it, the brackets or quotation marks around it, mailto:, a
// comma or full stop behind it, and characters that nobody sees. Letters of full width,
// which Japanese keyboards write, become those of ASCII. No other letter becomes one:
// what only looks like an ASCII letter is refused by Parse.
//
// It is for forms only. Parse says whether the result is an address.
func Bare(typed string) string {
	if len(typed) > maxPasted {
		return typed
	}
	s := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r): // zero-width, and marks of direction
			return -1
		case r == '。':
			return '.'
		}
		return r
	}, width.Fold.String(typed))
	for before := ""; s != before; {
		before = s
		s = strings.TrimRight(strings.TrimSpace(s), ",;.")
		s = unwrap(afterName(s))
		s = withoutScheme(s)
	}
	return s
}

// wrappers are characters around an address, the first with the last.
var wrappers = [][2]string{
	{"<", ">"}, {"(", ")"}, {"[", "]"}, {`"`, `"`}, {"'", "'"}, {"“", "”"}, {"„", "“"}, {"‘", "’"}, {"«", "»"}, {"「", "」"},
}

func unwrap(s string) string {
	for _, w := range wrappers {
		if inner, ok := strings.CutPrefix(s, w[0]); ok {
			if inner, ok = strings.CutSuffix(inner, w[1]); ok {
				return inner
			}
		}
	}
	return s
}

// afterName is what is in the angle brackets of "Ada Lovelace <ada@example.com>". A name
// that is another address leaves open which of the two is meant.
func afterName(s string) string {
	name, inner, found := strings.Cut(s, "<")
	inner, closed := strings.CutSuffix(inner, ">")
	if !found || !closed || strings.ContainsAny(inner, "<>") {
		return s
	}
	if strings.Contains(name, "@") && !strings.EqualFold(unwrap(strings.TrimSpace(name)), inner) {
		return s
	}
	return inner
}

// withoutScheme removes mailto: and the subject that a link may have.
func withoutScheme(s string) string {
	const scheme = "mailto:"
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return s
	}
	s, _, _ = strings.Cut(s[len(scheme):], "?")
	return s
}
