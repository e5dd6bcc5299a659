package account

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// TokenMade is what a notice tells of: the person has another token.
const TokenMade Kind = "token-made"

// CheckToken reports what is wrong with a token that a member wants to make.
func (s *Service) CheckToken(m signin.Member, name, site string, life time.Duration) (token.Token, error) {
	now := time.Now().Truncate(time.Millisecond) // as records have it
	t := token.Token{ID: token.NewID(), Name: name, Owner: m.Address, Sites: []string{site}, Made: now, Expires: now.Add(life)}
	return t, t.Check()
}

// MakeToken makes a token of a member, who has confirmed a Token in this session, and tells
// them of it by mail. text is told now and never again. The error is ErrNeedsCode,
// session.ErrEnded, token.ErrFull, people.ErrUnknown or fault.Unavailable.
func (s *Service) MakeToken(ctx context.Context, site signin.Site, m signin.Member, t token.Token) (text string, err error) {
	text = token.NewText(t.ID, true)
	now := time.Now()
	err = s.Store.MakeOwnToken(ctx, NewToken{
		Now: now, Session: m.Session, Token: token.Record{Token: t, Sum: token.SumOf(text)},
		Notice: s.SignIn.Letter(outbox.Changed, site, m.Address, m.Language, signin.Promise{
			Change: string(TokenMade), Person: m.Address, Asked: now, Expires: now.Add(NoticeLife), Browser: m.Device.Browser, System: m.Device.System,
		}),
	})
	if err == nil {
		s.Audit.Record(ctx, audit.TokenMade, m.Address, "site", site.Origin, "token", string(t.ID), "name", t.Name)
	}
	return text, fault.Store("making a token", err)
}
