package mail

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// letterWords is what the templates of letters are filled with: sentences in the
// reader's language, not escaped yet. What a letter does not have is empty.
type letterWords struct {
	Language, Direction string
	Start               string // the side on which lines begin: left or right
	Space               string // between two sentences of one paragraph

	Subject, Preview string
	Heading          string
	Welcome          string // in a first message
	Intro, Button    string
	introInText      string // Intro as the text part has it
	QuoteLabel       string
	Quote            []string // lines that a stranger typed
	QuoteStart       string   // the side on which these begin
	LinkLabel, Link  string
	CodeLabel, Code  string
	Until            string // how long the reader may enter
	Once             string // how long link or code work
	Asked            string // when and from where it was asked for, or done
	NotYou           string
	StopLabel        string // before StopLink
	StopWords        string // of the link
	StopLink         string
	Why              string // the reader got the letter

	SupportSentence string
	BeforeSupport   string
	Support         string
	SupportHref     string // empty if support is neither an address nor a URL
	AfterSupport    string

	SiteName         string // as people know the site, or its host
	Logo             string // URL
	Accent, OnAccent string // colour of buttons, and of the words on them
	Edge, EdgeDark   string // of buttons, in light and in dark mode
}

func newWords(l Letter, kind Kind, lang *text.Language) letterWords {
	w := letterWords{
		Language: lang.Tag(), Direction: lang.Direction(), Start: "left", Space: lang.Space(),
		LinkLabel: lang.Say("mail.link"), Link: l.Link, Code: l.Code, Quote: quotedLines(l.Words),
		StopLabel: lang.Say("mail.stop"), StopWords: lang.Say("mail.stop-link"), StopLink: l.StopLink,
		SiteName: cmp.Or(oneLine(l.SiteName, 60), l.Host), Logo: logoURL(l.LogoURL, l.Host),
	}
	if w.Direction == "rtl" {
		w.Start = "right"
	}
	w.QuoteStart = cmp.Or(quoteStart(w.Quote), w.Start)
	w.Accent, w.OnAccent, w.Edge, w.EdgeDark = accent(l.Accent)
	if support := oneLine(l.Support, 200); support != "" {
		w.Support, w.SupportHref = supportLink(support)
		w.SupportSentence = lang.Say("mail.support", "support", w.Support)
		w.BeforeSupport, w.AfterSupport, _ = strings.Cut(lang.Say("mail.support"), "{support}")
	}

	s := sentences{lang, kind.prefixes(l), []string{"site", w.SiteName, "host", l.Host, "duration", lang.Duration(l.ValidFor)}}
	about := l.New
	if kind.needs&person != 0 {
		about = l.Person
	}
	w.Subject = s.say("subject", "address", about)
	if l.Code != "" {
		w.Subject += " (" + timeInWords(l.AskedAt) + " UTC)" // so that the newest of several is found
	}
	w.Preview = s.say("preview")
	w.Heading = cmp.Or(s.say("title"), w.SiteName)
	w.Welcome = s.say("welcome")
	w.Intro, w.introInText = s.intro(l, about, kind.needs&change != 0)
	w.Button, w.CodeLabel, w.QuoteLabel = s.say("button"), s.say("code-label"), s.say("quote-label")
	w.NotYou = s.say("not-you")
	w.Why = s.say("why", "address", l.To)
	if l.Code != "" {
		w.Preview = s.say("preview-code", "code", l.Code)
	}
	if kind.needs&(link|code) != 0 {
		w.Once = s.say("once")
	}
	if !l.Until.IsZero() {
		w.Until = s.say("until", "date", dateInWords(l.Until, lang), "time", timeInWords(l.Until))
	}
	switch {
	case kind.needs&asked != 0:
		w.Asked = whenInWords(l, lang, "mail.asked.")
	case kind.needs&done != 0:
		w.Asked = whenInWords(l, lang, "mail.happened.")
	}
	if network := oneLine(l.Network, 60); network != "" && kind.kind == outbox.Approve {
		w.Asked += lang.Space() + s.say("network", "network", network)
	}
	return w
}

// sentences are those of one letter.
type sentences struct {
	lang     *text.Language
	prefixes []string // of keys, in the order in which they are looked for
	values   []string // names and values that each sentence may have
}

// say is the sentence with a key, without its prefix; empty if there is none.
func (s sentences) say(key string, nameAndValue ...string) string {
	for _, prefix := range s.prefixes {
		if s.lang.Has(prefix + key) {
			return s.lang.Say(prefix+key, append(nameAndValue, s.values...)...)
		}
	}
	return ""
}

// plainLocal is an address of which no mail program takes a part for the address of
// a page.
var plainLocal = regexp.MustCompile(`^[a-z0-9._+-]+@`)

// intro says what the letter is about. The address in a letter about a change is one
// that a stranger may have chosen: one that is not plain is masked. In text parts it
// never begins a line, where some mail programs make a link of what looks like
// www.example.com: where words have spaces between them it stays with the word before
// it, elsewhere with its quotation mark.
func (s sentences) intro(l Letter, about string, strange bool) (intro, inText string) {
	if strange && !plainLocal.MatchString(about) {
		about = address.Address(about).Mask()
	}
	intro = cmp.Or(s.say("intro-"+string(l.Change), "address", about), s.say("intro", "address", about))
	if !strange {
		return intro, intro
	}
	about = s.lang.Apart(about)
	return intro, strings.ReplaceAll(intro, " "+about, "\u00a0"+about)
}

func dateInWords(at time.Time, lang *text.Language) string {
	at = at.UTC()
	return lang.Say("mail.date",
		"day", strconv.Itoa(at.Day()),
		"month", lang.Say("mail.month."+strconv.Itoa(int(at.Month()))),
		"year", strconv.Itoa(at.Year()))
}

func timeInWords(at time.Time) string { return at.UTC().Format("15:04") }

// whenInWords says with what and when the message was asked for, or what it tells of
// was done, in the sentences of a prefix.
func whenInWords(l Letter, lang *text.Language, prefix string) string {
	browser, system := productName(l.Browser), productName(l.System)
	key := prefix + "when"
	switch {
	case browser != "" && system != "":
		key = prefix + "browser-system"
	case browser != "":
		key = prefix + "browser"
	case system != "":
		key = prefix + "system"
	}
	return lang.Say(key, "date", dateInWords(l.AskedAt, lang), "time", timeInWords(l.AskedAt), "browser", browser, "system", system)
}
