package token

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
)

// Query says which services to list.
type Query struct {
	Search string // part of a name, in lower case; empty: all
	After  string // the last name that was read before, in lower case; empty: from the start
	Max    int    // at most so many, 1 to 1000
}

// Page is a part of a list of services.
type Page struct {
	Tokens []Record
	Next   string // After of the next page; empty: there is none
}

// Store keeps tokens. All methods are safe for concurrent use and honour ctx; each happens
// wholly or not at all. Whatever ends a token or changes its owner's standing has all
// instances told as of a session, see session.Store.
type Store interface {
	// Token looks a token up. One that has expired is found for as long as it is kept;
	// one whose owner may not sign in is not.
	Token(ctx context.Context, id ID, now time.Time) (r Record, found bool, err error)

	// Tokens lists tokens in the order of their ids, starting behind the one given: at
	// most max. next is the last that was read, empty at the end.
	Tokens(ctx context.Context, after ID, max int, now time.Time) (list []Record, next ID, err error)

	// Services lists the tokens of services in the order of their names.
	Services(ctx context.Context, q Query, now time.Time) (Page, error)

	// TokensOf lists those of a person, the last one made first.
	TokensOf(ctx context.Context, who address.Address, now time.Time) ([]Record, error)

	// MakeToken keeps a new token. It is ErrNameTaken for a service whose name one that is in
	// lists has, in any case of letters; ErrFull for a person who has MaxPersonal, and
	// people.ErrUnknown for somebody whom the store does not know or who may not sign in.
	MakeToken(ctx context.Context, r Record, now time.Time) error

	// RotateToken gives a token another text, by its sum, and a new end. The text before
	// is good until the time given, and no longer than it would have been. It is ErrUnknown
	// for a token that is not there.
	RotateToken(ctx context.Context, id ID, sum Sum, expires, formerUntil, now time.Time) (Record, error)

	// EndToken ends a token; of anybody, or of the person given alone. When it returns,
	// the token is gone. It is ErrUnknown for one that is not there.
	EndToken(ctx context.Context, id ID, of address.Address, now time.Time) (Record, error)

	// UseToken notes a use from a network, to the hour; first says that the token was not
	// used from there before, as far as that is remembered.
	UseToken(ctx context.Context, id ID, network string, now time.Time) (first bool, err error)

	// CountRefusal counts a request of a client with a token that is not good, or tells how
	// long to wait before the next one.
	CountRefusal(ctx context.Context, client limit.Use, now time.Time) (wait time.Duration, err error)
}
