package post

import (
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// kind is all that differs between the kinds of messages.
type kind struct {
	words string // for operators, followed by the site
	page  string // to which its link leads, below gate.PathPrefix
	write func(*letter) (mail.Message, error)
}

// kinds has every kind of message that there is.
var kinds = map[outbox.Kind]kind{
	outbox.SignIn:   {"a link to sign in at", "/link", (*letter).signIn},
	outbox.Invite:   {"an invitation to", "/link", (*letter).signIn},
	outbox.Approved: {"a link for somebody whom an owner let in at", "/link", (*letter).signIn},
	outbox.Offer:    {"an offer to ask to be let in at", "/ask", (*letter).offer},
	outbox.Approve:  {"a request to be decided by an owner of", "/decide", (*letter).approve},
	outbox.Proof:    {"a link to prove an address at", "/account/prove", (*letter).proof},
	outbox.Moved:    {"a link to undo a change of address at", "/account/prove", (*letter).moved},
}

// Words says for operators what a message is, to be followed by its site: "a
// link to sign in at". A kind that is not known is said as it is spelt.
func Words(of outbox.Kind) string {
	if k, known := kinds[of]; known {
		return k.words
	}
	return string(of)
}

func (l *letter) signIn() (mail.Message, error) {
	n, kind := l.notice, l.message.Kind
	return l.Composer.SignIn(mail.SignInLetter{
		ID: n.ID, Site: n.Site, Host: n.Host, To: n.To, Accent: n.Accent, LogoURL: n.LogoURL, Support: n.Support,
		Link: l.link, StopLink: l.stop, Code: l.Code, ValidFor: l.lasts, AskedAt: l.Asked, Browser: l.Browser, System: l.System,
		Welcome: l.message.Welcome && kind == outbox.SignIn, Invited: kind == outbox.Invite, Approved: kind == outbox.Approved, Until: l.Until,
	}, l.lang)
}

func (l *letter) offer() (mail.Message, error) {
	return l.Composer.Offer(mail.OfferLetter{
		Notice: l.notice, Link: l.link, StopLink: l.stop, ValidFor: l.lasts, AskedAt: l.Asked, Browser: l.Browser, System: l.System,
	}, l.lang)
}

func (l *letter) approve() (mail.Message, error) {
	return l.Composer.Approve(mail.ApproveLetter{
		Notice: l.notice, Link: l.link, Asker: string(l.Person), Words: l.Words, ValidFor: l.lasts,
		AskedAt: l.Asked, Browser: l.Browser, System: l.System, Network: l.Network,
	}, l.lang)
}

func (l *letter) proof() (mail.Message, error) {
	return l.Composer.Proof(mail.ProofLetter{
		Notice: l.notice, Link: l.link, Person: string(l.Person), Recovery: l.Recover, ValidFor: l.lasts,
	}, l.lang)
}

func (l *letter) moved() (mail.Message, error) {
	return l.Composer.Moved(mail.MovedLetter{
		Notice: l.notice, Link: l.link, New: string(l.New), Recovery: l.Recover, ValidFor: l.lasts,
	}, l.lang)
}
