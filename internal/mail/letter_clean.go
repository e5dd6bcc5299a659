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

// logoURL is where a logo is, given as an https URL or as a path on a host.
func logoURL(logo, host string) string {
	if strings.HasPrefix(logo, "/") && !strings.HasPrefix(logo, "//") {
		logo = "https://" + host + logo
	}
	if strings.HasPrefix(logo, "https://") && safeLink.MatchString(logo) {
		return logo
	}
	return ""
}

// The backgrounds of buttons, as template/layout.html has them.
var (
	lightCard = color.Color{Red: 0xff, Green: 0xff, Blue: 0xff}
	darkCard  = color.Color{Red: 0x1f, Green: 0x24, Blue: 0x2b}
)

// accent returns the colour of the button, that of the words on it, and that of
// its edge in light and in dark mode, which shows where the button ends however
// close its colour is to the background. What is no colour is the default.
func accent(wanted string) (background, foreground, edge, edgeDark string) {
	c, err := color.Parse(wanted)
	if err != nil {
		c = color.Default
	}
	return c.String(), color.TextOn(c).String(),
		c.Towards(color.Black, lightCard, color.Readable).String(), c.Towards(color.White, darkCard, color.Readable).String()
}
