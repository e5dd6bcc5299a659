package mail

import (
	"regexp"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// codeWords is what the templates of a letter with a code and no link are filled
// with.
type codeWords struct {
	letterWords

	CodeLabel, Code string
}

func newCodeWords(l Letter, lang *text.Language) codeWords {
	w := codeWords{letterWords: newLetterWords(l, lang)}
	w.Preview = lang.Say("mail.code.preview", "duration", durationInWords(l.ValidFor, lang))
	w.CodeLabel, w.Code = lang.Say("mail.code.label"), l.Code
	w.Asked = whenInWords("mail.asked.", l, lang)
	return w
}

func confirmWordsOf(l Letter, lang *text.Language) words {
	w := newCodeWords(l, lang)
	w.Subject = lang.Say("mail.confirm.subject", "site", w.SiteName)
	w.Intro = sayAddress(lang, "mail.confirm."+string(l.Change), l.New, "site", w.SiteName)
	w.NotYou = lang.Say("mail.confirm.not-you")
	w.Why = lang.Say("mail.changed.why", "address", l.To, "host", l.Host)
	return w
}

func proofWordsOf(l Letter, lang *text.Language) words {
	w, intro := newCodeWords(l, lang), "mail.proof.intro"
	if l.Change == account.Recovery {
		intro = "mail.proof.intro-recovery"
	}
	w.Subject = lang.Say("mail.proof.subject", "site", w.SiteName)
	w.Intro = sayAddress(lang, intro, l.Person, "site", w.SiteName)
	return w
}

// newNoticeWords are words of a letter that tells of something that was done.
func newNoticeWords(l Letter, lang *text.Language) letterWords {
	w := newLetterWords(l, lang)
	w.Preview = lang.Say("mail.changed.preview")
	w.Once = ""
	w.Asked = whenInWords("mail.happened.", l, lang)
	w.NotYou = lang.Say("mail.changed.not-you", "site", w.SiteName)
	w.Why = lang.Say("mail.changed.why", "address", l.To, "host", l.Host)
	return w
}

func changedWordsOf(l Letter, lang *text.Language) words {
	w := newNoticeWords(l, lang)
	w.Subject = lang.Say("mail.changed.subject", "site", w.SiteName)
	w.Intro = sayAddress(lang, "mail.changed."+string(l.Change), l.New, "site", w.SiteName)
	if l.Change == account.Move || l.Change == account.Leave { // the reader cannot sign in and look any more
		w.NotYou = lang.Say("mail.changed.not-you-gone", "site", w.SiteName)
		w.Why = lang.Say("mail.changed.why-gone", "address", l.To, "host", l.Host)
	}
	return w
}

func recoveredWordsOf(l Letter, lang *text.Language) words {
	w := newNoticeWords(l, lang)
	w.Subject = lang.Say("mail.recovered.subject", "site", w.SiteName)
	w.Intro = lang.Say("mail.recovered.intro", "site", w.SiteName)
	return w
}

// plainLocal is an address of which no mail program takes a part for the address of
// a page.
var plainLocal = regexp.MustCompile(`^[a-z0-9._+-]+@`)

// sayAddress says a sentence with an address that a stranger may have chosen. One
// that is not plain is masked. In text parts it never begins a line, where some mail
// programs make a link of what looks like www.example.com: where words have spaces
// between them it stays with the word before it, elsewhere with its quotation mark.
func sayAddress(lang *text.Language, key, who string, nameAndValue ...string) string {
	if !plainLocal.MatchString(who) {
		who = address.Address(who).Mask()
	}
	sentence := lang.Say(key, append(nameAndValue, "address", who)...)
	if who == "" {
		return sentence
	}
	return strings.ReplaceAll(sentence, " "+who, "\u00a0"+who)
}
