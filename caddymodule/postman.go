package caddymodule

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// lateMargin is how much life a link must have left to be worth sending.
const lateMargin = 2 * time.Minute

// postman writes and sends what was promised. It implements signin.Postman.
type postman struct {
	composer  *mail.Composer
	sender    *mail.Sender
	languages *text.Catalogue
	brand     BrandConfig
	logger    *slog.Logger

	mu      sync.RWMutex // held for writing by whoever closes
	closed  bool
	writing sync.WaitGroup
}

func newPostman(a *App) *postman {
	return &postman{
		composer: mail.NewComposer(a.from), sender: mail.NewSender(a.mailer, a.logger, mail.SenderOptions{}),
		languages: a.languages, brand: a.Brand, logger: a.logger,
	}
}

// Deliver implements signin.Postman. Even the message is written outside the
// request, so that the time of an answer does not tell whether there is one.
func (p *postman) Deliver(promise signin.Promise) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		p.logger.Error("a message is not sent: the server is stopping", "to", promise.To.Mask())
		return
	}
	p.writing.Go(func() { p.deliver(promise) })
}

func (p *postman) deliver(promise signin.Promise) {
	origin, err := gate.ParseOrigin(promise.Site.Origin)
	if err != nil {
		p.logger.Error("writing a message", "error", err)
		return
	}
	life := promise.Expires.Sub(promise.Asked)
	letter := mail.SignInLetter{
		Site: p.brand.Name, Host: origin.Host(), To: string(promise.To),
		Link: origin.String() + gate.PathPrefix + "/link#" + promise.Token, Code: promise.Code,
		ValidFor: life, AskedAt: promise.Asked, Browser: promise.Device.Browser, System: promise.Device.System,
		Welcome: promise.Welcome, Accent: p.brand.Accent, LogoURL: p.brand.Logo, Support: p.brand.Support,
	}
	message, err := p.composer.SignIn(letter, p.languages.Match(promise.Accept))
	if err != nil {
		p.logger.Error("writing a message", "error", err)
		return
	}
	p.sender.Send(message, promise.Expires.Add(-min(lateMargin, life/2)))
}

// close sees to what is still to be sent. While another configuration takes
// over, requests of this one may go on and ask for links, so nothing is closed
// then: what is pending is sent and nothing else remains.
func (p *postman) close(wait time.Duration) {
	if !caddy.Exiting() {
		return
	}
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	p.writing.Wait()
	p.sender.Close(ctx)
}

var _ signin.Postman = (*postman)(nil)
