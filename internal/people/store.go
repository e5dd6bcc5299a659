package people

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
)

// ErrUnknown says that a store does not have the person.
var ErrUnknown = fault.New(fault.Unknown, "nobody with that address is known: somebody is known after a first sign-in, or after they were added or invited; users list shows who is known")

// Store keeps people. All methods are safe for concurrent use and honour ctx;
// each happens wholly or not at all, on whatever instance. An error other than
// ErrUnknown, or one of the caller's function, means that the store cannot do
// its work.
type Store interface {
	// Person looks somebody up. Of somebody who is not found it tells whether they
	// are Barred.
	Person(ctx context.Context, who address.Address) (p Person, found bool, err error)

	// People lists people whose address contains the words searched for, in the
	// order of addresses.
	People(ctx context.Context, q Query) (Page, error)

	// ChangePerson changes what is known of somebody, unless change returns an
	// error, which is returned. change gets the person as the store has them, or
	// one who is not known and becomes known by it; it may set Disabled, Groups
	// and Grants, and may be run more than once. In the same step their sessions
	// get the new Standing, and their instances are told; those of somebody who
	// becomes disabled end, and so do their open links and requests.
	//
	// Somebody who is disabled keeps mailboxes out, under whatever tags, until they are
	// enabled: their own, that of their recovery address, and those that they have
	// given up or proposed within FormerFor. Sessions and links of others with such a
	// mailbox end, too. One that they have only proposed keeps out nobody who is known.
	ChangePerson(ctx context.Context, who address.Address, now time.Time, change func(*Person) error) (Person, error)

	// RemovePerson forgets somebody, with their sessions, open links, requests,
	// access requests and recovery address, in one step. It is ErrUnknown for
	// somebody who has none of these.
	RemovePerson(ctx context.Context, who address.Address, now time.Time) error
}

// Query says which people to list.
type Query struct {
	Search string          // part of an address, in lower case; empty: everybody
	After  address.Address // the last one that was listed before; empty: from the start
	Max    int             // at most so many, 1 to 1000
}

// Page is a part of a list of people.
type Page struct {
	People []Person
	Next   address.Address // After of the next page; empty: there is none
}
