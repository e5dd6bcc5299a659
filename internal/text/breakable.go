package text

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// joints are where a long address of a page, a host or a path may be parted.
var joints = regexp.MustCompile(`:?//|[./?&#=_]+`)

// Breakable escapes a value for HTML and marks where a line may end within it: before the
// @ of an address, and at the joints of a long piece. What comes behind a joint tells that
// the value goes on, so the joint begins the line; the slashes behind https: end theirs, and
// so does every joint where people read from right to left: there one that begins a line
// would stand beside the full stop.
func Breakable(value, direction string) string {
	const fillsLine = 12
	pieces := strings.Split(value, "@")
	for i, piece := range pieces {
		if len(piece) > fillsLine {
			pieces[i] = parted(piece, direction)
		} else {
			pieces[i] = html.EscapeString(piece)
		}
	}
	return strings.Join(pieces, "<wbr>@")
}

func parted(piece, direction string) string {
	var marked strings.Builder
	rest := 0
	for _, at := range joints.FindAllStringIndex(piece, -1) {
		next, _ := utf8.DecodeRuneInString(piece[at[1]:])
		if at[0] == 0 || !unicode.In(next, unicode.L, unicode.N) {
			continue // a full stop, and what stands with it
		}
		end := at[0]
		if direction == "rtl" || strings.HasSuffix(piece[:at[1]], "//") {
			end = at[1]
		}
		marked.WriteString(html.EscapeString(piece[rest:end]) + "<wbr>")
		rest = end
	}
	return marked.String() + html.EscapeString(piece[rest:])
}

// spaced are the words of a text. Lines end between any two letters of Chinese and Japanese,
// so a word ends there too.
var spaced = regexp.MustCompile(`[^\s\p{Han}\p{Hiragana}\p{Katakana}\x{3000}-\x{303f}\x{ff00}-\x{ffef}]+`)

// BreakableWords escapes a text and makes its words of so many letters or more Breakable, such
// as an address of a page that somebody pasted. Each of them goes through mark.
func BreakableWords(words, direction string, letters int, mark func(word string) string) string {
	var marked strings.Builder
	rest := 0
	for _, at := range spaced.FindAllStringIndex(words, -1) {
		word := words[at[0]:at[1]]
		if utf8.RuneCountInString(word) < letters {
			continue
		}
		marked.WriteString(html.EscapeString(words[rest:at[0]]) + mark(Breakable(word, direction)))
		rest = at[1]
	}
	return marked.String() + html.EscapeString(words[rest:])
}
