package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// ListTokens lists tokens of services and people in the order of their ids, see token.Store.
func (s *Service) ListTokens(ctx context.Context, after token.ID, max int) ([]token.Record, token.ID, error) {
	list, next, err := s.Tokens.Tokens(ctx, after, max, time.Now())
	return list, next, fault.Store("listing tokens", err)
}

// Services lists the tokens of services in the order of their names, see token.Store.
func (s *Service) Services(ctx context.Context, q token.Query) (token.Page, error) {
	page, err := s.Tokens.Services(ctx, q, time.Now())
	return page, fault.Store("listing tokens", err)
}

// TokensOf lists the tokens of somebody, the last one made first.
func (s *Service) TokensOf(ctx context.Context, who address.Address) ([]token.Record, error) {
	list, err := s.Tokens.TokensOf(ctx, who, time.Now())
	return list, fault.Store("listing tokens", err)
}

// Token looks a token up, of anybody.
func (s *Service) Token(ctx context.Context, id token.ID) (token.Record, error) {
	r, found, err := s.Tokens.Token(ctx, id, time.Now())
	if err == nil && !found {
		err = token.ErrUnknown
	}
	return r, fault.Store("looking up a token", err)
}

// MakeToken makes a token of a service. life is how long it lasts, 0 for ever. text is told
// now and never again.
func (s *Service) MakeToken(ctx context.Context, t token.Token, life time.Duration) (r token.Record, text string, err error) {
	if t, err = NewToken(t, life); err != nil {
		return r, "", err
	}
	known := s.TokenSites()
	for _, site := range t.Sites {
		if origin, err := gate.ParseSiteOrigin(site); err != nil || !known.Have(origin) {
			return r, "", fmt.Errorf("%w: no site at %s takes tokens; sites that do: %s; one more does with the option tokens in its block", token.ErrInvalid, site, listed(known))
		}
	}
	text = token.NewText(t.ID, t.IsPersonal())
	r = token.Record{Token: t, Sum: token.SumOf(text)}
	if err := s.Tokens.MakeToken(ctx, r, t.Made); err != nil {
		return r, "", fault.Store("making a token", err)
	}
	s.noteToken(ctx, audit.TokenMade, r)
	return r, text, nil
}

// NewToken is a token of a service as it is made, with each part of what it is good for once, or
// what is wrong with it whatever sites there are. life is how long it lasts, 0 for ever.
func NewToken(t token.Token, life time.Duration) (token.Token, error) {
	t.ID, t.Made, t.Sites = token.NewID(), time.Now().Truncate(time.Millisecond), slices.Clone(t.Sites) // as records have it
	if life != 0 {
		t.Expires = t.Made.Add(life)
	}
	if err := t.Check(); err != nil {
		return t, err
	}
	for i, site := range t.Sites {
		origin, err := gate.ParseSiteOrigin(site)
		switch {
		case err != nil:
			return t, fmt.Errorf("%w: site: %w", token.ErrInvalid, err)
		case origin.IsWildcard():
			return t, fmt.Errorf("%w: a token is for single sites; %s stands for many", token.ErrInvalid, site)
		}
		t.Sites[i] = origin.String()
	}
	for _, path := range t.Paths {
		if _, err := gate.ParsePublicPaths([]string{path}); err != nil || strings.HasPrefix(path, ":") {
			return t, fmt.Errorf("%w: %q is neither a plain path such as /health nor all paths below one such as /api/*", token.ErrInvalid, path)
		}
	}
	t.Sites, t.Paths, t.Methods, t.Networks, t.Groups = once(t.Sites), once(t.Paths), once(t.Methods), once(t.Networks), once(t.Groups)
	return t, nil
}

// once is a list without what comes again.
func once[T comparable](list []T) (kept []T) {
	for _, entry := range list {
		if !slices.Contains(kept, entry) {
			kept = append(kept, entry)
		}
	}
	return kept
}

// listed names the sites of a list.
func listed(origins gate.Origins) string {
	var names []string
	for _, o := range origins.All() {
		names = append(names, o.String())
	}
	slices.Sort(names)
	return cmp.Or(strings.Join(names, ", "), "none")
}

// RotateToken gives the token of a service another text, and its whole life anew. The text before stays
// good for the overlap, which may be 0. text is told now and never again.
func (s *Service) RotateToken(ctx context.Context, id token.ID, overlap time.Duration) (r token.Record, text string, err error) {
	if err := token.CheckOverlap(overlap); err != nil {
		return r, "", err
	}
	if r, err = s.Token(ctx, id); err != nil {
		return r, "", err
	}
	if r.IsPersonal() { // who knows the text is the person
		return r, "", fmt.Errorf("%w: only the person whose token this is makes another one, at their account; to end it: tokens end %s", token.ErrInvalid, id)
	}
	now := time.Now().Truncate(time.Millisecond)
	expires := time.Time{}
	if life := r.Life(); life != 0 {
		expires = now.Add(life)
	}
	text = token.NewText(id, r.IsPersonal())
	r, err = s.Tokens.RotateToken(ctx, id, token.SumOf(text), expires, now.Add(overlap), now)
	if err != nil {
		return r, "", fault.Store("rotating a token", err)
	}
	s.noteToken(ctx, audit.TokenRotated, r)
	return r, text, nil
}

// EndToken ends a token: of anybody, or of the person given alone.
func (s *Service) EndToken(ctx context.Context, id token.ID, of address.Address) (token.Record, error) {
	r, err := s.Tokens.EndToken(ctx, id, of, time.Now())
	if err == nil {
		s.noteToken(ctx, audit.TokenEnded, r)
	}
	return r, fault.Store("ending a token", err)
}

// endingTokens does what ends all tokens of somebody, too, and writes both down.
func (s *Service) endingTokens(ctx context.Context, who address.Address, event audit.Event, do func() error) error {
	list, err := s.TokensOf(ctx, who)
	if err == nil {
		err = do()
	}
	if err != nil {
		return err
	}
	s.Audit.Record(ctx, event, who)
	for _, r := range list {
		s.noteToken(ctx, audit.TokenEnded, r)
	}
	return nil
}

func (s *Service) noteToken(ctx context.Context, event audit.Event, r token.Record) {
	s.Audit.Record(ctx, event, r.Owner, "token", string(r.ID), "name", r.Name)
}
