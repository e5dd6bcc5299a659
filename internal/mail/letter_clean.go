package mail

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/doorpost-auth/doorpost/internal/color"
)

// oneLine makes a name fit for a header and a sentence: one line, at most limit runes,
// without characters that change the direction of the writing.
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

// plainProduct is a name of a browser or a system. It has dots between digits only, so
// that no mail program reads a part of it as the name of a site.
var plainProduct = regexp.MustCompile(`^[\p{L}\p{N}_+() -]+(\.\p{N}[\p{L}\p{N}_+() -]*)*$`)

// productName returns the name of a browser or system, or nothing if it could be
// anything else. The name comes from a request, and somebody who asks for the link of
// another person must not be able to put words into the letter.
func productName(s string) string {
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > 40 || !plainProduct.MatchString(s) {
		return ""
	}
	return s
}

// supportLink returns the operator's support as it is shown, and where a click on it
// leads: to an address, a URL, or nowhere.
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

// replyTo is where a reply goes: to the operator's support if that is an address, since
// nobody may read what comes to the sender. Empty: to the sender.
func replyTo(support string) string {
	if shown := strings.TrimPrefix(support, "mailto:"); len(shown) <= maxAddress && bareAddress.MatchString(shown) {
		return shown
	}
	return ""
}

// logoURL is the address of a logo, which is an https URL or a path on host.
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

// accent returns the colours of the button, of the words on it, and of its edge in
// light and in dark mode. The edge can be seen even if the button looks like the
// background. If wanted is not a colour, the default takes its place.
func accent(wanted string) (background, foreground, edge, edgeDark string) {
	c, err := color.Parse(wanted)
	if err != nil {
		c = color.Default
	}
	return c.String(), color.TextOn(c).String(),
		c.Towards(color.Black, lightCard, color.Readable).String(), c.Towards(color.White, darkCard, color.Readable).String()
}
