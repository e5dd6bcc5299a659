package mail

import (
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// letterWords is what the templates around every kind of letter are filled
// with: sentences in the reader's language, not yet escaped.
type letterWords struct {
	Language, Direction string
	Start               string // the side on which lines begin: left or right
	Space               string // between two sentences of one paragraph

	Subject, Preview string
	Heading          string
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

// letterSite is the site that a letter comes from, as it presents itself.
type letterSite struct{ name, host, logo, accent, support string }

// newLetterWords begins the words of a letter; subject, preview, heading and
// why are for each kind to say.
func newLetterWords(site letterSite, lang *text.Language) letterWords {
	w := letterWords{
		Language: lang.Tag(), Direction: lang.Direction(), Start: "left", Space: lang.Space(),
		Site: oneLine(site.name, 60), Logo: logoURL(site.logo, site.host),
	}
	if w.Site == "" {
		w.Site = site.host
	}
	if w.Direction == "rtl" {
		w.Start = "right"
	}
	w.Accent, w.OnAccent, w.Edge, w.EdgeDark = accent(site.accent)
	if support := oneLine(site.support, 200); support != "" {
		w.Support, w.SupportHref = supportLink(support)
		w.SupportSentence = lang.Say("mail.support", "support", w.Support)
		w.BeforeSupport, w.AfterSupport, _ = strings.Cut(lang.Say("mail.support"), "{support}")
	}
	return w
}

// signInWords is what the templates of the sign-in letter are filled with.
type signInWords struct {
	letterWords

	Welcome             string // empty except in a first message
	Intro, Button       string
	LinkLabel, Link     string
	CodeLabel, Code     string
	Once, Asked, NotYou string
	StopLabel           string // before StopLink as it stands
	StopWords           string // that are the link
	StopLink            string // may be empty
}

func newSignInWords(l SignInLetter, lang *text.Language) signInWords {
	w := signInWords{letterWords: newLetterWords(letterSite{l.Site, l.Host, l.LogoURL, l.Accent, l.Support}, lang)}
	lasts := durationInWords(l.ValidFor, lang)
	w.Subject = lang.Say("mail.signin.subject", "site", w.Site)
	w.Preview = lang.Say("mail.signin.preview", "duration", lasts)
	w.Heading = w.Site
	w.Why = lang.Say("mail.signin.why", "address", l.To, "host", l.Host)
	w.Intro = lang.Say("mail.signin.intro", "site", w.Site)
	w.Button = lang.Say("mail.signin.button")
	w.LinkLabel, w.Link = lang.Say("mail.signin.link"), l.Link
	w.CodeLabel, w.Code = lang.Say("mail.signin.code"), l.Code
	w.Once = lang.Say("mail.signin.once", "duration", lasts)
	w.Asked = askedInWords(l, lang)
	w.NotYou = lang.Say("mail.signin.not-you")
	w.StopLabel, w.StopWords, w.StopLink = lang.Say("mail.signin.stop"), lang.Say("mail.signin.stop-link"), l.StopLink
	if l.Welcome {
		w.Subject = lang.Say("mail.welcome.subject", "site", w.Site)
		w.Heading = lang.Say("mail.welcome.title", "site", w.Site)
		w.Welcome = lang.Say("mail.welcome.intro", "site", w.Site)
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
