// Package post is what the gate does with the messages in its outbox: it writes
// what each says, has one sent again for an operator, and takes in what a mail
// service reports.
package post

import (
	"cmp"
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// Brand is how messages present a site. All of it may be empty.
type Brand struct {
	Name    string // of the site
	Logo    string // a path of the site, or an https address
	Accent  string // #rgb or #rrggbb
	Support string // a mail address or an https address
}

// Writer writes what messages say, from what is kept of them and from how the
// configuration in force presents the sites. It is safe for concurrent use.
type Writer struct {
	Composer  *mail.Composer
	Sealer    outbox.Sealer
	Languages *text.Catalogue
	Brand     func(gate.Origin) Brand // of the site that a message is about
}

// Write writes a message that is about to be sent.
func (w Writer) Write(m outbox.Message) (mail.Message, error) {
	written, err := w.write(m)
	if err != nil {
		return mail.Message{}, fmt.Errorf("writing a message: %w", err)
	}
	return written, nil
}

func (w Writer) write(m outbox.Message) (mail.Message, error) {
	kind, known := mail.KindOf(m.Kind)
	if !known {
		return mail.Message{}, fmt.Errorf("this version does not know the kind %q; let the version that made the message send it, or wait until it has expired", m.Kind)
	}
	origin, err := gate.ParseOrigin(m.Origin)
	if err != nil {
		return mail.Message{}, err
	}
	promise, err := signin.OpenPromise(w.Sealer, m)
	if err != nil {
		return mail.Message{}, err
	}
	about, err := gate.ParseOrigin(cmp.Or(promise.Site, m.Origin))
	if err != nil {
		return mail.Message{}, err
	}
	brand := w.Brand(about)
	letter := mail.Letter{
		Kind: m.Kind, ID: m.ID, To: string(m.To),
		SiteName: brand.Name, Host: about.Host(), Accent: brand.Accent, Support: brand.Support, LogoURL: brand.Logo,
		ValidFor: promise.Expires.Sub(promise.Asked),
		AskedAt:  promise.Asked, Browser: promise.Browser, System: promise.System, Network: promise.Network,
		Code: promise.Code, TypedAt: origin.Host(), Welcome: m.Welcome && m.Kind == outbox.SignIn, Until: promise.Until,
		Person: string(promise.Person), Words: promise.Words,
		Change: account.Kind(promise.Change), New: string(promise.New),
	}
	letter.Link = kind.Link(origin.String(), promise.Token)
	if kind.MayStop {
		letter.StopLink = origin.String() + gate.StopPath + "#" + promise.Token
	}
	return w.Composer.Write(letter, w.Languages.Match(m.Language))
}
