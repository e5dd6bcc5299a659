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
	page := origin.String() + gate.PathPrefix
	return l.composer.SignIn(mail.SignInLetter{
		ID: m.ID, Site: l.brand.Name, Host: origin.Host(), To: string(m.To),
		Link: page + "/link#" + promise.Token, StopLink: page + "/stop#" + promise.Token, Code: promise.Code,
		ValidFor: promise.Expires.Sub(promise.Asked), AskedAt: promise.Asked, Browser: promise.Browser, System: promise.System,
		Welcome: m.Welcome, Accent: l.brand.Accent, LogoURL: l.brand.Logo, Support: l.brand.Support,
	}, l.languages.Match(m.Language))
}
