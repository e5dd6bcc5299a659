// Package entry lets people in whom the rules of a site do not: they ask, the
// owners of the site decide, and a grant lets them in for as long as it says.
package entry

import (
	"context"
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Bounds of applications.
const (
	// Kept is how long an application can be decided, and how long somebody who
	// was refused cannot ask again.
	Kept = 7 * 24 * time.Hour

	// MaxOpen is how many applications of a site may be open at a time: beyond
	// that nobody can ask.
	MaxOpen = 200

	// MaxMessages is how many applications of a site are told to the owners by
	// mail in 24 hours. Others wait on the page of the admins.
	MaxMessages = 20

	// MaxWords is how many characters somebody may give as a reason.
	MaxWords = 500
)

// What a store refuses.
var (
	ErrUnknown = errors.New("there is no such application, or not any more")
	ErrFull    = errors.New("too many applications of the site are open")
)

// Application is somebody who asks to be admitted to a site.
type Application struct {
	ID      string // unguessable
	Address address.Address
	Site    string // the origin that was asked at
	Granted string // the site that a grant names, see people.Grant
	Words   string // why, as it was typed; may be empty
	Asked   time.Time
	Device  session.Device

	Decision Decision
	Until    time.Time       // of a grant; zero: for good
	By       address.Address // who decided
	Decided  time.Time
}

// Decision is what became of an application.
type Decision string

// The decisions.
const (
	Open     Decision = ""
	Approved Decision = "approved"
	Refused  Decision = "refused"
)

// Store keeps applications. All methods are safe for concurrent use and honour
// ctx; each happens wholly or not at all. An error other than those above means
// that the store cannot do its work.
type Store interface {
	// Apply keeps an application, and, unless MaxMessages are reached, the links
	// and messages to the owners. Where the same person has one for the site that
	// is not older than Kept, that one stays and is returned, and nobody is told
	// again, unless it was approved and the grant is over. With Use, which is a link of the purpose signin.ToAsk, it is used up
	// and says who asks: its state is as signin.Store.Link says, and
	// nothing is kept unless it is signin.LinkGood.
	Apply(ctx context.Context, a Applying) (Application, signin.LinkState, error)

	// Application returns one by its id.
	Application(ctx context.Context, id string, now time.Time) (Application, error)

	// Applications lists at most max that are open, the oldest first, after the
	// one named.
	Applications(ctx context.Context, after string, max int, now time.Time) (list []Application, next string, err error)

	// Decide decides about an application that is open: the first decision
	// counts, and whoever comes later gets what was decided, with first false. In
	// the same step a person who is approved becomes known, gets the grant, and
	// gets the link and message given; all links of the application to owners are
	// used up. With Use, a link of the purpose signin.ToDecide about the
	// application, it must be good or used up by this application's decision.
	Decide(ctx context.Context, d Deciding) (decided Application, first bool, err error)
}

// Applying is one person asking.
type Applying struct {
	Now         time.Time
	Use         *signin.Use // nil for somebody whose session says who it is
	Application Application // Address is taken from the link, with Use
	Owners      []signin.Promised
}

// Deciding is one decision. Application has what is decided: Decision, Until,
// By and Decided.
type Deciding struct {
	Now         time.Time
	Application Application
	Use         *signin.Use     // nil for an admin
	Link        signin.Promised // to the person, if approved
}
