package mail

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// say begins the words of a letter with what each kind says in its own way.
func (n Notice) say(kind, link, stopLink string, validFor time.Duration, lang *text.Language, nameAndValue ...string) letterWords {
	w := newLetterWords(n, link, stopLink, validFor, lang)
	values := append([]string{"site", w.Site, "duration", durationInWords(validFor, lang)}, nameAndValue...)
	w.Subject = lang.Say(kind+"subject", values...)
	w.Preview = lang.Say(kind+"preview", values...)
	w.Intro = lang.Say(kind+"intro", values...)
	w.Button = lang.Say(kind+"button", values...)
	return w
}

func newOfferWords(l OfferLetter, lang *text.Language) letterWords {
	w := l.say("mail.offer.", l.Link, l.StopLink, l.ValidFor, lang)
	w.Asked = askedInWords(l.AskedAt, l.Browser, l.System, lang)
	return w
}

// approveWords is what the templates of the letter to decide are filled with.
type approveWords struct {
	letterWords

	QuoteLabel string
	Quote      []string // lines that the asker typed; empty without
}

func newApproveWords(l ApproveLetter, lang *text.Language) approveWords {
	w := approveWords{letterWords: l.say("mail.approve.", l.Link, "", l.ValidFor, lang, "address", l.Asker)}
	w.QuoteLabel, w.Quote = lang.Say("mail.approve.words"), quotedLines(l.Words)
	w.Asked = askedInWords(l.AskedAt, l.Browser, l.System, lang)
	if network := oneLine(l.Network, 60); network != "" {
		w.Asked += lang.Space() + lang.Say("account.network", "network", network)
	}
	w.Once = lang.Say("mail.approve.once", "duration", durationInWords(l.ValidFor, lang))
	w.NotYou = lang.Say("mail.approve.not-you")
	w.Why = lang.Say("mail.approve.why", "address", l.To, "host", l.Host)
	return w
}

func newProofWords(l ProofLetter, lang *text.Language) letterWords {
	w := l.say("mail.proof.", l.Link, "", l.ValidFor, lang, "address", l.Person)
	if l.Recovery {
		w.Intro = lang.Say("mail.proof.intro-recovery", "address", l.Person, "site", w.Site)
	}
	return w
}

func newMovedWords(l MovedLetter, lang *text.Language) letterWords {
	w := l.say("mail.moved.", l.Link, "", l.ValidFor, lang, "address", oneLine(l.New, maxAddress))
	why := "mail.moved.why"
	if l.Recovery {
		w.Subject = lang.Say("mail.recovery.subject", "site", w.Site)
		w.Intro = lang.Say("mail.recovery.intro", "site", w.Site, "address", oneLine(l.New, maxAddress))
		why = "mail.recovery.why"
	}
	w.NotYou = lang.Say("mail.moved.not-you")
	w.Why = lang.Say(why, "address", l.To, "host", l.Host)
	return w
}
