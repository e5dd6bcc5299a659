package oauth

import "context"

// Grant is what the owner of a mailbox granted, with the refresh token that is good now: a
// service may send a new one each time, and take the one before no more. Sources that share a
// grant use it one after the other, so that none of them has one that is over.
type Grant struct {
	turn    chan struct{} // holds one value while somebody uses it
	granted string
	latest  refreshToken
	unkept  bool // the store may not have the latest one
}

// refreshToken is the one with which a grant began, number 0, or one that the service sent
// after so many others.
type refreshToken struct {
	token  string
	number uint64
}

// NewGrant makes a grant of the refresh token with which it began.
func NewGrant(begin string) *Grant {
	return &Grant{turn: make(chan struct{}, 1), granted: begin, latest: refreshToken{token: begin}}
}

// take waits for the turn until ctx ends. Whoever has it calls give.
func (g *Grant) take(ctx context.Context) error {
	select {
	case g.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *Grant) give() { <-g.turn }
