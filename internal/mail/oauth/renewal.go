package oauth

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"golang.org/x/oauth2"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// kept is what a source knows of its last token.
type kept struct {
	token   string
	renew   time.Time // when to get another one
	expires time.Time
}

// renewal is the one request for another token, for all who wait for that.
type renewal struct {
	done    chan struct{} // closed when the rest is known
	token   string
	failure *mail.SendError // nil if there is a token
}

// Token returns a token that is good now, and waits only if there is none. Its errors are
// *mail.SendError, and have no secret in them.
func (s *Source) Token(ctx context.Context) (string, error) {
	token, next := s.last()
	if next == nil {
		return token, nil
	}
	select {
	case <-next.done:
	case <-ctx.Done():
		return "", s.failure(ctx, ctx.Err())
	}
	if next.failure != nil {
		failure := *next.failure // others have it too, and each is given the name of a mailer
		return "", &failure
	}
	return next.token, nil
}

// last is the token that is good now, or what brings the next one, which begins ahead of the
// end of the last one.
func (s *Source) last() (token string, next *renewal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.renewing == nil && !now.Before(s.kept.renew) {
		s.renewing = &renewal{done: make(chan struct{})}
		go s.renew(s.renewing)
	}
	if now.Before(s.kept.expires) {
		return s.kept.token, nil
	}
	return "", s.renewing
}

// renew gets another token. No message ends it: the next one waits for the same.
func (s *Source) renew(r *renewal) {
	ctx, cancel := context.WithTimeout(s.open, fetchTime)
	defer cancel()
	defer func() {
		if p := recover(); p != nil { // as those of a mailer: its text may contain anything
			r.failure = &mail.SendError{Temporary: true, Err: fmt.Errorf("getting an access token panicked with a %T", p)}
		}
		s.mu.Lock()
		s.renewing = nil
		s.mu.Unlock()
		close(r.done)
	}()
	r.token, r.failure = s.get(ctx)
}

// get asks for a token with the refresh token that is good now.
func (s *Source) get(ctx context.Context) (string, *mail.SendError) {
	if err := s.grant.take(ctx); err != nil {
		return "", s.failure(ctx, err)
	}
	defer s.grant.give()
	now := time.Now()
	if err := s.compare(ctx); err != nil {
		return "", &mail.SendError{Temporary: true, Err: err}
	}
	got, err := s.ask(ctx)
	if err == nil && (!bearer.MatchString(got.AccessToken) || len(got.AccessToken) > maxToken) {
		err = errNoBearer
	}
	if err != nil {
		return "", s.failure(ctx, err)
	}
	s.keep(ctx, got, now)
	return got.AccessToken, nil
}

// ask asks the service for a token. Where it does not take the refresh token, another instance
// may have been sent the next one meanwhile.
func (s *Source) ask(ctx context.Context) (*oauth2.Token, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, s.config.Client)
	used := s.grant.latest.token
	got, err := s.fetch(ctx, used)
	if refused, answered := errors.AsType[*oauth2.RetrieveError](err); answered {
		code, _ := s.codes(refused)
		if code == "invalid_grant" && s.compare(ctx) == nil && s.grant.latest.token != used {
			return s.fetch(ctx, s.grant.latest.token)
		}
	}
	return got, err
}

// bearer is what the token of a service looks like (RFC 6750, section 2.1). Anything else
// could change what is said to a mail server.
var bearer = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

var errNoBearer = errors.New("the answer has no access token in it")

// keep keeps a token for as long as the service says. One whose end it does not tell, or
// that is over by its own account, is for those who wait for it.
func (s *Source) keep(ctx context.Context, got *oauth2.Token, now time.Time) {
	life := min(got.Expiry.Sub(now), longest)
	expires := now.Add(life)
	s.mu.Lock()
	s.kept = kept{token: got.AccessToken, renew: expires.Add(-min(ahead, life/2)), expires: expires}
	s.mu.Unlock()
	if got.RefreshToken != "" && got.RefreshToken != s.grant.latest.token {
		s.renewed(ctx, got.RefreshToken)
	}
}

// Refused forgets a token that a mail server did not take, so that the next message gets
// another.
func (s *Source) Refused(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept.token == token {
		s.kept = kept{}
	}
}
