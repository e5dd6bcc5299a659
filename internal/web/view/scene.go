package view

import (
	"html/template"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// scene is what templates get: the page, and words in the visitor's language.
type scene struct {
	*text.Language
	Page     Page
	Brand    Brand
	SiteName string // or its host
	Title    string
	Style    template.CSS
	Icon     template.URL
	Script   string
	Reload   string // path under which the page is loaded again; empty: its own
}

// Initial is the letter that stands for a site without a logo.
func (s scene) Initial() string { return initial(s.SiteName) }

// SayOf is Say for a sentence with values that are marked up, such as an address and
// a site. Each is isolated, so that it keeps its order of letters in languages that
// are written from right to left.
func (s scene) SayOf(key string, nameAndValue ...string) template.HTML {
	marked := slices.Clone(nameAndValue)
	for i := 1; i < len(marked); i += 2 {
		marked[i] = string(s.Show(marked[i]))
	}
	return s.around(key, marked...)
}

// Show marks up a value alone, as SayOf does within a sentence.
func (s scene) Show(value string) template.HTML {
	if !strings.Contains(value, " ") {
		return template.HTML("<bdi>" + text.Breakable(value, s.Direction()) + "</bdi>") // #nosec G203 -- Breakable escapes
	}
	return "<bdi>" + s.Words(value) + "</bdi>"
}

// Words is a text that somebody typed. A long word, such as the address of a page, begins a
// line, so that it is parted only if it does not fit one.
func (s scene) Words(typed string) template.HTML {
	// At 320 px.
	const fillsCard = 20
	return template.HTML(text.BreakableWords(typed, s.Direction(), fillsCard, func(word string) string { // #nosec G203 -- BreakableWords escapes
		return `<span class="whole">` + word + `</span>`
	}))
}

// Named is the label of a button with the address that it is about, for a page with
// several buttons that look the same.
func (s scene) Named(key, address string) string {
	return s.Say("people.named", "action", s.Say(key), "address", address)
}

// List is several values in one sentence.
func (s scene) List(values []string) string { return strings.Join(values, ", ") }

// Of is the scene for a template that shows one of several items of a page.
func (s scene) Of(item any) sceneOf { return sceneOf{s, item} }

type sceneOf struct {
	scene
	Item any
}

// SayWhen is Say for a sentence with a {time}. The time is in UTC and marked up, so
// that the script can turn it into the time of the reader.
func (s scene) SayWhen(key string, at time.Time) template.HTML {
	at = at.UTC()
	return s.around(key, "time",
		`<time datetime="`+at.Format(time.RFC3339)+`">`+at.Format("2006-01-02 15:04")+` UTC</time>`)
}

// SayLink is Say for a sentence with a link as one value.
func (s scene) SayLink(key, name, link, label string) template.HTML {
	return s.around(key, name,
		`<a href="`+template.HTMLEscapeString(link)+`">`+template.HTMLEscapeString(label)+`</a>`)
}

// beside is the character of a value in a sentence with all that no line should end or
// begin with next to it: quotation marks and brackets, a full stop, a word that Hebrew joins
// to the next one, a letter that Arabic does, a particle that Japanese joins to the one before, whole, and a comma behind it.
var beside = regexp.MustCompile(`(?:\p{Hebrew}*\p{Pd}?|\p{Arabic}\x{640} )(?:[\p{Ps}\p{Pi}][\x{a0}\x{202f}]?)*` +
	`\x{2068}?[\x{fdd0}-\x{fdef}]\x{2069}?` +
	`[\p{Pe}\p{Pf}\p{Pi}\p{Po}\x{a0}\x{202f}]*` +
	`(?:(?:から[はの]?|までに?|ですか?|では|でも|への?|に|を|は|が|の|で|と)\p{Po}*)?`)

// around escapes a sentence and uses markup as its values. Until then each value is a
// character that Unicode keeps out of all text.
//
// Each value is in one piece with what is beside it. A value alone would be a block to a
// browser, which ends lines before and behind a block whatever is there.
func (s scene) around(key string, nameAndMarkup ...string) template.HTML {
	const noCharacter = '\uFDD0' // the first of 32
	values := slices.Clone(nameAndMarkup)
	var markup []string
	for i := 1; i < len(values); i += 2 {
		values[i] = string(noCharacter + rune(i/2))
		markup = append(markup, s.Language.Apart(values[i]), nameAndMarkup[i])
	}
	sentence := template.HTMLEscapeString(s.Say(key, values...))
	sentence = beside.ReplaceAllString(sentence, `<span class="whole">$0</span>`)
	return template.HTML(strings.NewReplacer(markup...).Replace(sentence)) // #nosec G203 -- the sentence was escaped, the markup by the callers
}
