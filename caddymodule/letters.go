package caddymodule

import (
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// letters writes what messages say, from what is kept of them and from how the
// configuration in force presents the sites.
type letters struct {
	composer  *mail.Composer
	sealer    outbox.Sealer
	languages *text.Catalogue
	brand     BrandConfig
}

// write writes a message that is about to be sent.
func (l letters) write(m outbox.Message) (mail.Message, error) {
	origin, err := gate.ParseOrigin(m.Site)
	if err != nil {
		return mail.Message{}, fmt.Errorf("writing a message: %w", err)
	}
	promise, err := signin.OpenPromise(l.sealer, m)
	if err != nil {
		return mail.Message{}, fmt.Errorf("writing a message: %w", err)
	}
	page, known := pages[m.Kind]
	if !known {
		return mail.Message{}, fmt.Errorf("writing a message: this version does not know the kind %q", m.Kind)
	}
	letter := mail.Letter{
		Kind: m.Kind, ID: m.ID, To: string(m.To),
		SiteName: l.brand.Name, Host: origin.Host(), Accent: l.brand.Accent, Support: l.brand.Support, LogoURL: l.brand.Logo,
		ValidFor: promise.Expires.Sub(promise.Asked),
		AskedAt:  promise.Asked, Browser: promise.Browser, System: promise.System, Network: promise.Network,
		Code: promise.Code, Welcome: m.Welcome && m.Kind == outbox.SignIn, Until: promise.Until,
		Person: string(promise.Person), Words: promise.Words, Change: account.Kind(promise.Change), New: string(promise.New),
	}
	if page.path != "" {
		letter.Link = origin.String() + page.path + "#" + promise.Token
	}
	if page.mayStop {
		letter.StopLink = origin.String() + gate.StopPath + "#" + promise.Token
	}
	return l.composer.Write(letter, l.languages.Match(m.Language))
}

// page is where the link of a message leads.
type page struct {
	path    string // empty: the message has no link
	mayStop bool   // the message has a link to stop such messages, too
}

// pages are the pages of messages, by kind.
var pages = map[outbox.Kind]page{
	outbox.SignIn: {gate.LinkPath, true}, outbox.Invite: {gate.LinkPath, true}, outbox.Approved: {gate.LinkPath, true},
	outbox.Offer: {gate.RequestAccessPath, true}, outbox.Approve: {gate.DecideAccessPath, false},
	outbox.Confirm: {"", true}, outbox.Proof: {"", true}, outbox.Changed: {}, outbox.Recovered: {},
}
