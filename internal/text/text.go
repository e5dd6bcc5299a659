// Package text has the words of pages and messages, by language.
//
// A language is a folder below catalog/ with one JSON file for pages and one for
// messages; each file maps keys to sentences. A sentence may name values in braces
// ("Sign in to {site}"), so that a translator can put them where the grammar needs
// them. A sentence with a number has a key for each plural form of the language; see
// Language.Count.
//
// A new language needs a new folder only: the tests say what it lacks.
package text

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"
)

//go:embed catalog
var catalog embed.FS

// Default is the language for visitors whose languages we do not have. It is complete
// by definition; every other language is checked against it.
const Default = "en"

// Language is one language's words. It is immutable and safe for concurrent use.
type Language struct {
	tag    string
	parsed language.Tag // tag, for the rules of counting
	words  func() map[string]string
}

// Catalogue has all languages of the program.
type Catalogue struct {
	languages []*Language // the default first, as language.NewMatcher wants it
	matcher   language.Matcher
}

// Load returns the catalogue that is built into the program. The words of a language
// are read when they are first used: most gateways use one or two languages. It fails
// only if the program was built from a broken catalogue.
func Load() (*Catalogue, error) {
	folders, err := catalog.ReadDir("catalog")
	if err != nil {
		return nil, fmt.Errorf("listing languages: %w", err)
	}
	c := new(Catalogue)
	tags := []string{Default}
	for _, folder := range folders {
		if folder.Name() != Default {
			tags = append(tags, folder.Name())
		}
	}
	var parsed []language.Tag
	for _, tag := range tags {
		l := &Language{tag: tag, words: sync.OnceValue(func() map[string]string { return mustReadWords(tag) })}
		if l.parsed, err = language.Parse(tag); err != nil {
			return nil, fmt.Errorf("language folder %q: %w", tag, err)
		}
		c.languages = append(c.languages, l)
		parsed = append(parsed, l.parsed)
	}
	c.matcher = language.NewMatcher(parsed)
	return c, nil
}

func mustReadWords(tag string) map[string]string {
	words, err := readWords(tag)
	if err != nil {
		panic("the program was built from a broken catalogue: " + err.Error())
	}
	return words
}

// readWords reads all words of a language.
func readWords(tag string) (map[string]string, error) {
	all := make(map[string]string)
	folder := path.Join("catalog", tag)
	files, err := fs.Glob(catalog, folder+"/*.json")
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", folder, err)
	}
	for _, name := range files {
		raw, err := catalog.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		words := make(map[string]string)
		if err := json.Unmarshal(raw, &words); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		for key, sentence := range words {
			if _, twice := all[key]; twice {
				return nil, fmt.Errorf("reading %s: key %q is in another file of the language too", name, key)
			}
			all[key] = sentence
		}
	}
	return all, nil
}

// maxAcceptLanguage bounds the header that is parsed, in bytes: anybody can send it.
const maxAcceptLanguage = 256

// Match picks the language for an Accept-Language header (RFC 9110, section
// 12.5.4), the default for one that is empty, malformed or over 256 bytes.
func (c *Catalogue) Match(acceptLanguage string) *Language {
	if acceptLanguage == "" || len(acceptLanguage) > maxAcceptLanguage {
		return c.languages[0]
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(wanted) == 0 {
		return c.languages[0]
	}
	_, index, _ := c.matcher.Match(wanted...)
	return c.languages[index]
}

// Languages lists all languages, the default first.
func (c *Catalogue) Languages() []*Language { return c.languages }

// Tag is the BCP 47 name of the language, for html lang and Content-Language.
func (l *Language) Tag() string { return l.tag }

// Direction is "rtl" for languages written from right to left, else "ltr".
func (l *Language) Direction() string {
	base, _ := l.parsed.Base()
	switch base.String() {
	case "ar", "fa", "he", "ur", "yi":
		return "rtl"
	}
	return "ltr"
}

// Apart is a value as sentences have it. In a language written from right to left, what
// is written from left to right is isolated (Unicode Bidirectional Algorithm, X5c): the
// sentence would turn round a code or an address that begins with numbers.
func (l *Language) Apart(value string) string {
	leftToRight := func(r rune) bool {
		p, _ := bidi.LookupRune(r)
		return p.Class() == bidi.L
	}
	if l.Direction() == "ltr" || !strings.ContainsFunc(value, leftToRight) {
		return value
	}
	const firstStrongIsolate, popIsolate = "\u2068", "\u2069"
	return firstStrongIsolate + value + popIsolate
}

// Space is what separates two sentences: nothing in languages that end a sentence with
// a full-width stop.
func (l *Language) Space() string {
	base, _ := l.parsed.Base()
	switch base.String() {
	case "ja", "zh":
		return ""
	}
	return " "
}

// Has reports whether the language knows the key.
func (l *Language) Has(key string) bool {
	_, ok := l.words()[key]
	return ok
}

// Keys lists all keys of the language, in no order.
func (l *Language) Keys() []string {
	keys := make([]string, 0, len(l.words()))
	for key := range l.words() {
		keys = append(keys, key)
	}
	return keys
}

// Say returns the sentence for a key with the named values filled in:
//
//	l.Say("signin.title", "site", "Example")
//
// The result is plain text, to be escaped in HTML. A key that does not exist is a
// mistake in the program, which a test finds; Say returns the key, so that the page
// still renders.
func (l *Language) Say(key string, nameAndValue ...string) string {
	sentence, ok := l.words()[key]
	if !ok {
		return key
	}
	if len(nameAndValue) == 0 {
		return sentence
	}
	pairs := make([]string, len(nameAndValue))
	for i, s := range nameAndValue {
		if i%2 == 0 {
			pairs[i] = "{" + s + "}"
		} else {
			pairs[i] = l.Apart(s)
		}
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}
