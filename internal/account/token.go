package account

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/audit"
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

// MakeToken makes a token of a member, who has proposed a Token in this session, if the code
// is right, and tells them of it by mail. text is told now and never again. The errors are those
// of Confirm, and token.ErrFull.
func (s *Service) MakeToken(ctx context.Context, site signin.Site, m signin.Member, t token.Token, code string) (result Result, text string, err error) {
	text = token.NewText(t.ID, true)
	result, err = s.confirm(ctx, site, m, Confirmation{
		Codes: s.SignIn.CodeKeys(signin.BrowserKey(m.Session), code), Token: token.Record{Token: t, Sum: token.SumOf(text)},
		Notice: s.notice(site, m, TokenMade, ""),
	})
	if err != nil || result.Outcome != Made {
		return result, "", err
	}
	s.Audit.Record(ctx, audit.TokenMade, m.Address, "site", site.Origin, "token", string(t.ID), "name", t.Name)
	return result, text, nil
}
