package mail

import (
	"slices"

	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// kind is one kind of letter.
type kind struct {
	kind     outbox.Kind
	template string // its pair of templates, without the ending; several kinds may share one
	words    func(Letter, *text.Language) words
	needs    []func(Letter) error // beside what every letter has
}

// kinds are all kinds of letter.
var kinds = []kind{
	{outbox.SignIn, "sign-in", signInWordsOf, []func(Letter) error{needsLink, needsCode, needsTime}},
	{outbox.Invite, "sign-in", inviteWordsOf, []func(Letter) error{needsLink}},
	{outbox.Approved, "sign-in", approvedWordsOf, []func(Letter) error{needsLink, needsTime}},
	{outbox.Offer, "offer", offerWordsOf, []func(Letter) error{needsLink, needsTime}},
	{outbox.Approve, "approve", approveWordsOf, []func(Letter) error{needsLink, needsTime, needsPerson}},
	{outbox.Confirm, "code", confirmWordsOf, []func(Letter) error{needsCode, needsTime, needsChange}},
	{outbox.Proof, "code", proofWordsOf, []func(Letter) error{needsCode, needsTime, needsPerson, needsChange}},
	{outbox.Changed, "notice", changedWordsOf, []func(Letter) error{needsTime, needsChange}},
	{outbox.Recovered, "notice", recoveredWordsOf, []func(Letter) error{needsTime}},
}

func kindOf(k outbox.Kind) (kind, bool) {
	i := slices.IndexFunc(kinds, func(known kind) bool { return known.kind == k })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}

// templateNames lists the pairs of templates that the kinds have.
func templateNames() (names []string) {
	for _, k := range kinds {
		if !slices.Contains(names, k.template) {
			names = append(names, k.template)
		}
	}
	return names
}

// words is what templates are filled with.
type words interface{ common() letterWords }

// signInWords is what the templates of the sign-in letter are filled with.
type signInWords struct {
	letterWords

	Welcome         string // empty except in a first message
	Until           string // how long the reader may enter; may be empty
	CodeLabel, Code string // both may be empty
}

func newSignInWords(l Letter, lang *text.Language) signInWords {
	w := signInWords{letterWords: newLetterWords(l, lang)}
	lasts := durationInWords(l.ValidFor, lang)
	w.Subject = lang.Say("mail.signin.subject", "site", w.SiteName)
	w.Preview = lang.Say("mail.signin.preview-link", "duration", lasts)
	w.Intro = lang.Say("mail.signin.intro", "site", w.SiteName)
	w.Button = lang.Say("mail.signin.button")
	if l.Code != "" {
		w.Preview = lang.Say("mail.signin.preview", "duration", lasts)
		w.CodeLabel, w.Code = lang.Say("mail.signin.code"), l.Code
	}
	if l.Welcome {
		w.Subject = lang.Say("mail.welcome.subject", "site", w.SiteName)
		w.Heading = lang.Say("mail.welcome.title", "site", w.SiteName)
		w.Welcome = lang.Say("mail.welcome.intro", "site", w.SiteName)
	}
	return w
}

func signInWordsOf(l Letter, lang *text.Language) words {
	w := newSignInWords(l, lang)
	w.Asked = whenInWords("mail.asked.", l, lang)
	return w
}

func inviteWordsOf(l Letter, lang *text.Language) words {
	w := newSignInWords(l, lang)
	w.Subject = lang.Say("mail.invite.subject", "site", w.SiteName)
	w.Intro = lang.Say("mail.invite.intro", "site", w.SiteName)
	w.Why = lang.Say("mail.invite.why", "address", l.To, "host", l.Host)
	return w
}

func approvedWordsOf(l Letter, lang *text.Language) words {
	w := newSignInWords(l, lang)
	w.Subject = lang.Say("mail.approved.subject", "site", w.SiteName)
	w.Intro = lang.Say("mail.approved.intro", "site", w.SiteName)
	w.Asked = whenInWords("mail.asked.", l, lang)
	w.Why = lang.Say("mail.approved.why", "address", l.To, "host", l.Host)
	if !l.Until.IsZero() {
		w.Until = lang.Say("mail.approved.until", "date", dateInWords(l.Until, lang), "time", timeInWords(l.Until))
	}
	return w
}

func offerWordsOf(l Letter, lang *text.Language) words {
	w := newLetterWords(l, lang)
	w.say("mail.offer.", l, lang)
	w.Asked = whenInWords("mail.asked.", l, lang)
	return w
}

// approveWords is what the templates of the letter to decide are filled with.
type approveWords struct {
	letterWords

	QuoteLabel string
	Quote      []string // lines that the person typed; may be empty
}

func approveWordsOf(l Letter, lang *text.Language) words {
	w := approveWords{letterWords: newLetterWords(l, lang)}
	w.say("mail.approve.", l, lang, "address", l.Person)
	w.QuoteLabel, w.Quote = lang.Say("mail.approve.words"), quotedLines(l.Words)
	w.Asked = whenInWords("mail.asked.", l, lang)
	if network := oneLine(l.Network, 60); network != "" {
		w.Asked += lang.Space() + lang.Say("account.network", "network", network)
	}
	w.Once = lang.Say("mail.approve.once", "duration", durationInWords(l.ValidFor, lang))
	w.NotYou = lang.Say("mail.approve.not-you")
	w.Why = lang.Say("mail.approve.why", "address", l.To, "host", l.Host)
	return w
}
