package mail

import (
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// letterWords is what the templates of every kind of letter are filled with:
// sentences in the reader's language, not escaped yet.
type letterWords struct {
	Language, Direction string
	Start               string // the side on which lines begin: left or right
	Space               string // between two sentences of one paragraph

	Subject, Preview string
	Heading          string
	Intro, Button    string
	LinkLabel, Link  string // Link is empty where there is none
	Once             string // how long link or code work; empty where there is none
	Asked            string // when and from where it was asked for, or done; may be empty
	NotYou           string
	StopLabel        string // before StopLink
	StopWords        string // of the link
	StopLink         string // may be empty
	Why              string // the reader got the letter

	SupportSentence string // empty without support
	BeforeSupport   string
	Support         string
	SupportHref     string // empty if support is neither an address nor a URL
	AfterSupport    string

	SiteName         string // as people know the site, or its host
	Logo             string // URL; may be empty
	Accent, OnAccent string // colour of buttons, and of the words on them
	Edge, EdgeDark   string // of buttons, in light and in dark mode
}

func (w letterWords) common() letterWords { return w }

// newLetterWords returns the words that letters of all kinds have in common. Each
// kind sets subject, preview, intro and button, and may set others.
func newLetterWords(l Letter, lang *text.Language) letterWords {
	w := letterWords{
		Language: lang.Tag(), Direction: lang.Direction(), Start: "left", Space: lang.Space(),
		LinkLabel: lang.Say("mail.link"), Link: l.Link,
		Once:      lang.Say("mail.once", "duration", durationInWords(l.ValidFor, lang)),
		NotYou:    lang.Say("mail.not-you"),
		StopLabel: lang.Say("mail.stop"), StopWords: lang.Say("mail.stop-link"), StopLink: l.StopLink,
		Why:      lang.Say("mail.why", "address", l.To, "host", l.Host),
		SiteName: oneLine(l.SiteName, 60), Logo: logoURL(l.LogoURL, l.Host),
	}
	if w.SiteName == "" {
		w.SiteName = l.Host
	}
	w.Heading = w.SiteName
	if w.Direction == "rtl" {
		w.Start = "right"
	}
	w.Accent, w.OnAccent, w.Edge, w.EdgeDark = accent(l.Accent)
	if support := oneLine(l.Support, 200); support != "" {
		w.Support, w.SupportHref = supportLink(support)
		w.SupportSentence = lang.Say("mail.support", "support", w.Support)
		w.BeforeSupport, w.AfterSupport, _ = strings.Cut(lang.Say("mail.support"), "{support}")
	}
	return w
}

// say sets the words whose keys begin with prefix, with the site's name and the
// time that the link lasts as values, and others.
func (w *letterWords) say(prefix string, l Letter, lang *text.Language, nameAndValue ...string) {
	values := append([]string{"site", w.SiteName, "duration", durationInWords(l.ValidFor, lang)}, nameAndValue...)
	w.Subject = lang.Say(prefix+"subject", values...)
	w.Preview = lang.Say(prefix+"preview", values...)
	w.Intro = lang.Say(prefix+"intro", values...)
	w.Button = lang.Say(prefix+"button", values...)
}

// durationInWords gives a duration in days if it is several whole days, in hours if
// it is whole hours, else in minutes, rounded up.
func durationInWords(d time.Duration, lang *text.Language) string {
	n := int((d + time.Minute - 1) / time.Minute)
	switch {
	case n > 24*60 && n%(24*60) == 0:
		return lang.Count("duration.days", n/(24*60))
	case n%60 == 0:
		return lang.Count("duration.hours", n/60)
	}
	return lang.Count("duration.minutes", n)
}

func dateInWords(at time.Time, lang *text.Language) string {
	at = at.UTC()
	return lang.Say("mail.date",
		"day", strconv.Itoa(at.Day()),
		"month", lang.Say("mail.month."+strconv.Itoa(int(at.Month()))),
		"year", strconv.Itoa(at.Year()))
}

func timeInWords(at time.Time) string { return at.UTC().Format("15:04") }

// whenInWords says when and from where the message was asked for, or what it tells of
// was done, with the words whose keys begin with prefix.
func whenInWords(prefix string, l Letter, lang *text.Language) string {
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
