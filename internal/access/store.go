// Package access lets people in who are not admitted by the rules of a site: they
// request access, the owners of the site decide, and a grant lets them in for as
// long as it says.
package access

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Bounds of access requests.
const (
	// Kept is how long a request can be decided, and how long somebody who was
	// refused cannot request access again.
	Kept = 7 * 24 * time.Hour

	// MaxOpen is how many requests of a site may be open at a time, and MaxShare how
	// many of them from one mail domain, or one network. Beyond that the oldest one of
	// those who have the most gives way, so that nobody else is kept from asking.
	MaxOpen  = 200
	MaxShare = MaxOpen / 10

	// MaxMessages is how many requests of a site are told to the owners by mail in
	// 24 hours. Others wait on the page of the admins.
	MaxMessages = 20

	// MaxWords is how many characters somebody may give as a reason.
	MaxWords = 500
)

// What a store refuses.
var ErrUnknown = fault.New(fault.Unknown, "there is no such access request, or not any more")

// Request is somebody's wish to be let in to a site.
type Request struct {
	ID          string // unguessable
	Address     address.Address
	Origin      string // the origin that it was made at
	GrantOrigin string // that a grant names, see people.Grant
	Words       string // why, as it was typed; may be empty
	Asked       time.Time
	Device      session.Device

	State   State
	Until   time.Time       // of a grant; zero: for good
	By      address.Address // who decided
	Decided time.Time
}

// State is what became of a request.
type State string

// The states.
const (
	Open    State = ""
	Granted State = "granted"
	Refused State = "refused"
)

// Store keeps access requests. All methods are safe for concurrent use and honour
// ctx; each happens wholly or not at all. An error other than those above means
// that the store cannot do its work.
type Store interface {
	// Submit keeps a request, and, unless MaxMessages are reached, the links and
	// messages to the owners. A request of the same mailbox for the same site that is
	// not older than Kept stays and is returned, and nobody is told again, unless it
	// was granted and the person has no grant (any more). That somebody who was removed
	// has asked is remembered for as long, by a hash; such a request is returned
	// without an ID. One more than MaxShare or MaxOpen takes the place of another,
	// which is forgotten. A link in Use is used up and says who asks;
	// its state is as signin.Store.Link says, and nothing is kept unless it is
	// signin.LinkGood.
	Submit(ctx context.Context, s Submission) (Request, signin.LinkState, error)

	// AccessRequest returns one by its id.
	AccessRequest(ctx context.Context, id string, now time.Time) (Request, error)

	// AccessRequests lists at most max that are open, the oldest first, after the
	// one named.
	AccessRequests(ctx context.Context, after string, max int, now time.Time) (list []Request, next string, err error)

	// Decide decides about a request that is open. The first decision counts: later
	// ones change nothing and return what was decided, with first false. In the same
	// step a person who is let in becomes known, gets the grant, and is sent the link
	// given; all links of the request to owners are used up. A link in Use must be
	// one of the request's, and good or used up by its decision. Where the place requires
	// a passkey, it is signin.ErrNeedsPasskey for a link unless such a passkey has made the
	// session, of the very address that the link went to, in the last account.FreshProof.
	Decide(ctx context.Context, d Decision) (decided Request, first bool, err error)
}

// Submission is one person requesting access.
type Submission struct {
	Now     time.Time
	Use     *signin.Use // of the purpose signin.ToAsk; nil for somebody whose session says who it is
	Request Request     // Address is taken from the link, with Use
	Owners  []signin.Promised
}

// Decision is one decision.
type Decision struct {
	Now     time.Time
	ID      string
	State   State           // Granted or Refused
	Until   time.Time       // of a grant; zero: for good
	By      address.Address // who decided
	Use     *signin.Use     // of the purpose signin.ToDecide; nil for an admin
	Session session.Key     // with Use: of the browser; zero for none
	Guard   signin.Guard    // with Use: Required are the sites of everybody
	Welcome signin.Promised // to the person, if Granted
}
