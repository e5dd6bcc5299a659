package caddymodule

import (
	"fmt"

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
	lang := l.languages.Match(m.Language)
	link := origin.String() + gate.PathPrefix + pages[m.Kind] + "#" + promise.Token
	stop := origin.String() + gate.PathPrefix + "/stop#" + promise.Token
	lasts := promise.Expires.Sub(promise.Asked)
	notice := mail.Notice{
		ID: m.ID, Site: l.brand.Name, Host: origin.Host(), To: string(m.To),
		Accent: l.brand.Accent, LogoURL: l.brand.Logo, Support: l.brand.Support,
	}
	switch m.Kind {
	case outbox.Offer:
		return l.composer.Offer(mail.OfferLetter{
			Notice: notice, Link: link, StopLink: stop, ValidFor: lasts, AskedAt: promise.Asked, Browser: promise.Browser, System: promise.System,
		}, lang)
	case outbox.Approve:
		return l.composer.Approve(mail.ApproveLetter{
			Notice: notice, Link: link, Asker: string(promise.Person), Words: promise.Words, ValidFor: lasts,
			AskedAt: promise.Asked, Browser: promise.Browser, System: promise.System, Network: promise.Network,
		}, lang)
	case outbox.SignIn, outbox.Invite, outbox.Approved:
		return l.composer.SignIn(mail.SignInLetter{
			ID: m.ID, Site: l.brand.Name, Host: origin.Host(), To: string(m.To), Link: link, StopLink: stop, Code: promise.Code,
			ValidFor: lasts, AskedAt: promise.Asked, Browser: promise.Browser, System: promise.System,
			Welcome: m.Welcome && m.Kind == outbox.SignIn, Invited: m.Kind == outbox.Invite, Approved: m.Kind == outbox.Approved, Until: promise.Until,
			Accent: l.brand.Accent, LogoURL: l.brand.Logo, Support: l.brand.Support,
		}, lang)
	}
	return mail.Message{}, fmt.Errorf("writing a message: %q is no kind of message that this version knows", m.Kind)
}

// pages are where the links of messages lead, by the kind of message.
var pages = map[outbox.Kind]string{
	outbox.SignIn: "/link", outbox.Invite: "/link", outbox.Approved: "/link", outbox.Offer: "/ask", outbox.Approve: "/decide",
}
