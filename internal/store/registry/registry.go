// Package registry keeps people, applications and accounts: it implements
// people.Store, entry.Store, account.Store and what of signin.Store concerns
// links that no browser asked for, over transactions of any store. All of that
// is rare, so it is written once, and a store offers no more than a transaction
// over its records.
package registry

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/entry"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Engine runs transactions over the records of a store. It is safe for
// concurrent use.
type Engine interface {
	// Look runs f on what is there. f changes nothing.
	Look(ctx context.Context, f func(Tx) error) error

	// Change runs f so that, if it returns no error, all of what it did stays,
	// and nothing otherwise. What f returns counts, errors included, only if nothing
	// of what it read has changed meanwhile; otherwise f is run again. When Change
	// returns, instances have been told of sessions that ended or changed, and a
	// message that waits is seen.
	Change(ctx context.Context, f func(Tx) error) error
}

// Tx is a transaction. Times are whole milliseconds. What is read is the
// caller's to change.
type Tx interface {
	// Person returns somebody, the zero Person with the address for one who is
	// not known.
	Person(who address.Address) (people.Person, error)
	// PutPerson keeps somebody; what a sign-in keeps with them (familiar
	// browsers) stays.
	PutPerson(p people.Person) error
	DeletePerson(who address.Address) error
	// RenamePerson gives all of the record of one to another address, familiar
	// browsers included; that of the first is gone.
	RenamePerson(from, to address.Address) error
	// People lists people whose address contains some words, in order of address,
	// after one, until f returns false.
	People(after address.Address, words string, f func(people.Person) bool) error

	// RecoveryOf returns whose recovery address that is, empty for nobody's.
	RecoveryOf(a address.Address) (owner address.Address, err error)
	// PutRecovery keeps that; an empty owner forgets it.
	PutRecovery(a, owner address.Address) error

	// Sessions lists the sessions of somebody, those that are over included.
	Sessions(who address.Address) ([]session.Entry, error)
	// ChangeSession keeps another standing or address of a session; was is the
	// address that it had.
	ChangeSession(was address.Address, e session.Entry) error
	EndSession(who address.Address, key session.Key) error

	// Link returns a link; found is false for one that is not kept (any more).
	Link(key signin.LinkKey) (l Link, found bool, err error)
	PutLink(l Link) error
	// UseLink leaves of a link the mark that it was used.
	UseLink(key signin.LinkKey) error
	// Links lists the links of an address that are neither used nor over.
	Links(who address.Address, now time.Time) ([]signin.LinkKey, error)
	// EndRequests ends the open requests of the links given, see signin.Stop.
	EndRequests(links []signin.LinkKey) error
	IsBlocked(who address.Address, now time.Time) (bool, error)

	PutMessage(m outbox.Message) error

	// Application returns one, entry.ErrUnknown if it is not kept.
	Application(id string) (Application, error)
	PutApplication(a Application) error
	DeleteApplication(id string) error
	// Applications lists all, the oldest first, after one, until f returns false.
	Applications(after string, f func(Application) bool) error
}

// Link is a link as it is kept.
type Link struct {
	signin.Link
	Used     bool
	Policy   string // of one that signs in
	To       string
	Asked    time.Time
	Revision uint64 // of its person when it was made
}

// Application is one with the links by which its owners decide.
type Application struct {
	entry.Application
	Owners []signin.LinkKey
}

// Registry implements people.Store, entry.Store, account.Store, and Promise and
// UseLink of signin.Store. It is safe for concurrent use.
type Registry struct{ engine Engine }

// New makes a registry over the records of a store.
func New(engine Engine) Registry { return Registry{engine} }
