package mail

import (
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// letterWords is what the templates of every kind of letter are filled with:
// sentences in the reader's language, not yet escaped.
type letterWords struct {
	Language, Direction string
	Start               string // the side on which lines begin: left or right
	Space               string // between two sentences of one paragraph

	Subject, Preview string
	Heading          string
	Intro, Button    string
	LinkLabel, Link  string
	Once             string // how long the link works
	Asked            string // when and from where it was asked for; may be empty
	NotYou           string
	StopLabel        string // before StopLink as it stands
	StopWords        string // that are the link
	StopLink         string // may be empty
	Why              string // the reader got the letter

	SupportSentence string // empty without support
	BeforeSupport   string
	Support         string
	SupportHref     string // empty where support is no address and no URL
	AfterSupport    string

	Site             string // its name as people know it, or its host
	Logo             string // URL; may be empty
	Accent, OnAccent string // colour of buttons, and of the words on them
	Edge, EdgeDark   string // of buttons, as it stands out in light and in dark mode
}

func (w letterWords) common() letterWords { return w }

// newLetterWords begins the words of a letter with a link; subject, preview,
// intro and button are for each kind to say.
func newLetterWords(n Notice, link, stopLink string, validFor time.Duration, lang *text.Language) letterWords {
	w := letterWords{
		Language: lang.Tag(), Direction: lang.Direction(), Start: "left", Space: lang.Space(),
		LinkLabel: lang.Say("mail.link"), Link: link,
		Once:      lang.Say("mail.once", "duration", durationInWords(validFor, lang)),
		NotYou:    lang.Say("mail.not-you"),
		StopLabel: lang.Say("mail.stop"), StopWords: lang.Say("mail.stop-link"), StopLink: stopLink,
		Why:  lang.Say("mail.why", "address", n.To, "host", n.Host),
		Site: oneLine(n.Site, 60), Logo: logoURL(n.LogoURL, n.Host),
	}
	if w.Site == "" {
		w.Site = n.Host
	}
	w.Heading = w.Site
	if w.Direction == "rtl" {
		w.Start = "right"
	}
	w.Accent, w.OnAccent, w.Edge, w.EdgeDark = accent(n.Accent)
	if support := oneLine(n.Support, 200); support != "" {
		w.Support, w.SupportHref = supportLink(support)
		w.SupportSentence = lang.Say("mail.support", "support", w.Support)
		w.BeforeSupport, w.AfterSupport, _ = strings.Cut(lang.Say("mail.support"), "{support}")
	}
	return w
}

// signInWords is what the templates of the sign-in letter are filled with.
type signInWords struct {
	letterWords

	Welcome         string // empty except in a first message
	Until           string // how long the reader is let in; may be empty
	CodeLabel, Code string // both may be empty
}

func newSignInWords(l SignInLetter, lang *text.Language) signInWords {
	w := signInWords{letterWords: newLetterWords(l.notice(), l.Link, l.StopLink, l.ValidFor, lang)}
	lasts := durationInWords(l.ValidFor, lang)
	w.Subject = lang.Say("mail.signin.subject", "site", w.Site)
	w.Preview = lang.Say("mail.signin.preview-link", "duration", lasts)
	w.Intro = lang.Say("mail.signin.intro", "site", w.Site)
	w.Button = lang.Say("mail.signin.button")
	w.Asked = askedInWords(l.AskedAt, l.Browser, l.System, lang)
	if l.Code != "" {
		w.Preview = lang.Say("mail.signin.preview", "duration", lasts)
		w.CodeLabel, w.Code = lang.Say("mail.signin.code"), l.Code
	}
	if l.Welcome {
		w.Subject = lang.Say("mail.welcome.subject", "site", w.Site)
		w.Heading = lang.Say("mail.welcome.title", "site", w.Site)
		w.Welcome = lang.Say("mail.welcome.intro", "site", w.Site)
	}
	switch {
	case l.Approved:
		w.Subject = lang.Say("mail.approved.subject", "site", w.Site)
		w.Intro = lang.Say("mail.approved.intro", "site", w.Site)
		w.Why = lang.Say("mail.approved.why", "address", l.To, "host", l.Host)
		if !l.Until.IsZero() {
			w.Until = lang.Say("mail.approved.until", "date", dateInWords(l.Until, lang), "time", timeInWords(l.Until))
		}
	case l.Invited:
		w.Subject = lang.Say("mail.invite.subject", "site", w.Site)
		w.Intro = lang.Say("mail.invite.intro", "site", w.Site)
		w.Why = lang.Say("mail.invite.why", "address", l.To, "host", l.Host)
		w.Asked = "" // nobody did
	}
	return w
}

// durationInWords tells a duration in hours if it is whole hours, in days if it
// is several whole days, else in minutes, rounded up.
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

// askedInWords tells when and from where the message was asked for.
func askedInWords(at time.Time, browser, system string, lang *text.Language) string {
	browser, system = productName(browser), productName(system)
	key := "mail.asked"
	switch {
	case browser != "" && system != "":
		key = "mail.asked.browser-system"
	case browser != "":
		key = "mail.asked.browser"
	case system != "":
		key = "mail.asked.system"
	}
	return lang.Say(key, "date", dateInWords(at, lang), "time", timeInWords(at), "browser", browser, "system", system)
}
