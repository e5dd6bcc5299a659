package mail

import (
	"errors"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
)

// Kind is what one kind of letter is.
type Kind struct {
	Words   string // what operators call it, followed by the site: "a link to sign in at"
	Path    string // of the page to which its link leads, with a token or to whoever is signed in; empty: there is no link
	MayStop bool   // it has a link to stop such messages too

	kind     outbox.Kind
	template string   // its pair of templates, without the ending; several kinds may share one
	needs    part     // beside what every letter has
	keys     []string // what the keys of its words begin with; the first that there is counts
}

// part is something that a letter may have.
type part int

const (
	link part = 1 << iota // with a token
	page                  // a link without one
	code
	asked  // when it was asked for
	done   // when that was done which it tells of
	person // that the letter is about
	change // of an account
)

const (
	signInKeys = "mail.signin."
	codeKeys   = "mail.code."
	noticeKeys = "mail.changed."
	goneKeys   = "mail.gone." // where the reader cannot sign in and look any more
)

// kinds are all kinds of letter.
var kinds = []Kind{
	{"a link to sign in at", gate.LinkPath, true, outbox.SignIn, "sign-in", link | code | asked, []string{signInKeys}},
	{"an invitation to", gate.LinkPath, true, outbox.Invite, "sign-in", link, []string{"mail.invite.", signInKeys}},
	{"a link for somebody that an owner let in at", gate.LinkPath, true, outbox.Approved, "sign-in", link | asked, []string{"mail.approved.", signInKeys}},
	{"an offer to ask to be let in at", gate.RequestAccessPath, true, outbox.Offer, "offer", link | asked, []string{"mail.offer."}},
	{"a request to be decided by an owner of", gate.DecideAccessPath, false, outbox.Approve, "approve", link | asked | person, []string{"mail.approve."}},

	{"a code to confirm a change of an account at", "", true, outbox.Confirm, "code", code | asked | change, []string{"mail.confirm.", codeKeys, noticeKeys}},
	{"a code to confirm another address at", "", true, outbox.Proof, "code", code | asked | change | person, []string{"mail.proof.", codeKeys}},
	{"notice of a change of an account at", "", false, outbox.Changed, "notice", done | change, []string{noticeKeys}},
	{"notice of a sign-in by the recovery address at", "", false, outbox.Recovered, "notice", done, []string{"mail.recovered.", noticeKeys}},
	{"notice of a sign-in in a new browser at", gate.AccountPath, false, outbox.NewBrowser, "notice", page | done, []string{"mail.new-browser.", noticeKeys}},
}

// changes are those that a letter may be about.
var changes = []account.Kind{
	account.Move, account.Recovery, account.Drop, account.Leave, account.Administer, account.Passkeys, account.Token,
	passkey.Added, passkey.Removed, account.TokenMade,
}

// KindOf looks a kind up. One that this version does not know has only Words, as it is
// spelt.
func KindOf(named outbox.Kind) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.kind == named })
	if i < 0 {
		return Kind{Words: string(named)}, false
	}
	return kinds[i], true
}

// Link is where the link of a letter leads at an origin; empty without a link.
func (k Kind) Link(origin, token string) string {
	switch {
	case k.needs&link != 0:
		return origin + k.Path + "#" + token
	case k.needs&page != 0:
		return origin + k.Path
	}
	return ""
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

// prefixes are what the keys of the words of a letter begin with, in the order in
// which they are looked for.
func (k Kind) prefixes(l Letter) []string {
	prefixes := slices.Clone(k.keys)
	if l.Welcome {
		prefixes = slices.Insert(prefixes, len(prefixes)-1, "mail.welcome.")
	}
	if k.kind == outbox.Changed && (l.Change == account.Move || l.Change == account.Leave) {
		prefixes = slices.Insert(prefixes, 0, goneKeys)
	}
	return append(prefixes, "mail.letter.")
}

// check refuses a letter that lacks what its kind needs.
func (k Kind) check(l Letter) error {
	needs := func(p part) bool { return k.needs&p != 0 }
	moves := account.Change{Kind: l.Change}
	switch {
	case needs(link|page) && l.Link == "":
		return errors.New("its link is missing")
	case needs(code) && l.Code == "":
		return errors.New("its code is missing")
	case needs(asked|done) && l.AskedAt.IsZero():
		return errors.New("the time of the request is missing")
	case needs(person) && !bareAddress.MatchString(l.Person):
		return errors.New("the person it is about is not a mail address")
	case needs(change) && !slices.Contains(changes, l.Change):
		return errors.New("this version does not know the change that it is about")
	case needs(change) && moves.New() && !bareAddress.MatchString(l.New):
		return errors.New("the address that its change is about is not a mail address")
	}
	return nil
}
