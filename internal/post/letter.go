// Package post is what the gate does with the messages in its outbox: it writes
// what each says, has one sent again for an operator, and takes in what a mail
// service reports.
package post

import (
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// Brand is how messages present the sites. All of it may be empty.
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
	Brand     Brand
}

// Write writes a message that is about to be sent.
func (w Writer) Write(m outbox.Message) (mail.Message, error) {
	l, err := w.open(m)
	if err != nil {
		return mail.Message{}, fmt.Errorf("writing a message: %w", err)
	}
	return kinds[m.Kind].write(l)
}

// letter is a message that is being written.
type letter struct {
	Writer
	signin.Promise
	message outbox.Message
	notice  mail.Notice
	link    string
	stop    string // link to stop messages that the reader did not ask for
	lasts   time.Duration
	lang    *text.Language
}

func (w Writer) open(m outbox.Message) (*letter, error) {
	kind, known := kinds[m.Kind]
	if !known {
		return nil, fmt.Errorf("this version does not know the kind %q; let the version that made the message send it, or wait until it has expired", m.Kind)
	}
	origin, err := gate.ParseOrigin(m.Site)
	if err != nil {
		return nil, err
	}
	promise, err := signin.OpenPromise(w.Sealer, m)
	if err != nil {
		return nil, err
	}
	below := origin.String() + gate.PathPrefix
	return &letter{
		Writer: w, Promise: promise, message: m,
		notice: mail.Notice{
			ID: m.ID, Site: w.Brand.Name, Host: origin.Host(), To: string(m.To),
			Accent: w.Brand.Accent, LogoURL: w.Brand.Logo, Support: w.Brand.Support,
		},
		link: below + kind.page + "#" + promise.Token, stop: below + "/stop#" + promise.Token,
		lasts: promise.Expires.Sub(promise.Asked), lang: w.Languages.Match(m.Language),
	}, nil
}
