package mail

import (
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// signInWords is what the templates of the sign-in letter are filled with:
// sentences in the reader's language, not yet escaped.
type signInWords struct {
	Language, Direction string

	Subject, Preview string
	Heading, Welcome string // Welcome is empty except in a first message
	Intro, Button    string
	LinkLabel, Link  string
	CodeLabel, Code  string
	Once, Asked      string
	Space            string // between two sentences of one paragraph
	NotYou, Why      string
	Accent, OnAccent string
	SupportSentence  string // empty without support
	BeforeSupport    string
	Support          string
	SupportHref      string // empty where support is no address and no URL
	AfterSupport     string
}

func newSignInWords(l SignInLetter, lang *text.Language) signInWords {
	site := oneLine(l.Site, 60)
	if site == "" {
		site = l.Host
	}
	lasts := durationInWords(l.ValidFor, lang)
	w := signInWords{
		Language:  lang.Tag(),
		Direction: lang.Direction(),
		Subject:   lang.Say("mail.signin.subject", "site", site),
		Preview:   lang.Say("mail.signin.preview", "duration", lasts),
		Heading:   site,
		Intro:     lang.Say("mail.signin.intro", "site", site),
		Button:    lang.Say("mail.signin.button"),
		LinkLabel: lang.Say("mail.signin.link"),
		Link:      l.Link,
		CodeLabel: lang.Say("mail.signin.code"),
		Code:      l.Code,
		Once:      lang.Say("mail.signin.once", "duration", lasts),
		Asked:     askedInWords(l, lang),
		Space:     lang.Space(),
		NotYou:    lang.Say("mail.signin.not-you"),
		Why:       lang.Say("mail.signin.why", "address", l.To, "host", l.Host),
	}
	if l.Welcome {
		w.Subject = lang.Say("mail.welcome.subject", "site", site)
		w.Heading = lang.Say("mail.welcome.title", "site", site)
		w.Welcome = lang.Say("mail.welcome.intro", "site", site)
	}
	w.Accent, w.OnAccent = accent(l.Accent)
	if support := oneLine(l.Support, 200); support != "" {
		w.Support, w.SupportHref = supportLink(support)
		w.SupportSentence = lang.Say("mail.support", "support", w.Support)
		w.BeforeSupport, w.AfterSupport, _ = strings.Cut(lang.Say("mail.support"), "{support}")
	}
	return w
}

// durationInWords tells a duration in hours if it is whole hours, else in
// minutes, rounded up.
func durationInWords(d time.Duration, lang *text.Language) string {
	n := int((d + time.Minute - 1) / time.Minute)
	if n%60 == 0 {
		return lang.Count("duration.hours", n/60)
	}
	return lang.Count("duration.minutes", n)
}

// askedInWords tells when and from where the message was asked for.
func askedInWords(l SignInLetter, lang *text.Language) string {
	at := l.AskedAt.UTC()
	date := lang.Say("mail.date",
		"day", strconv.Itoa(at.Day()),
		"month", lang.Say("mail.month."+strconv.Itoa(int(at.Month()))),
		"year", strconv.Itoa(at.Year()))
	browser, system := productName(l.Browser), productName(l.System)
	key := "mail.asked"
	switch {
	case browser != "" && system != "":
		key = "mail.asked.browser-system"
	case browser != "":
		key = "mail.asked.browser"
	case system != "":
		key = "mail.asked.system"
	}
	return lang.Say(key, "date", date, "time", at.Format("15:04"), "browser", browser, "system", system)
}
