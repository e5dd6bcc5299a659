package signin

import (
	"context"
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// Bounds of the life of links and codes.
const (
	MaxLiveLinks = 3 // of one address and purpose, of those that browsers asked for
	MaxCodeTries = 5 // of one browser; the last one wrong ends its codes, not its links
)

// MaxFamiliar is how many browsers are familiar to one address, the last ones.
const MaxFamiliar = 5

// Remembered is how long a request and the marks of its links are kept beyond
// their end, so that the browser that asked is offered a fresh link in one
// click instead of an empty form.
const Remembered = time.Hour

// BrowserKey is what the store knows of the request cookie: a hash of it.
type BrowserKey [16]byte

// ErrUncertain is wrapped by an error of a store that does not know whether the
// step was done: its answer was lost.
var ErrUncertain = errors.New("it is not known whether it was done")

// Store keeps requests and links. All methods are safe for concurrent use and
// honour ctx; each is one step that happens wholly or not at all, whatever
// else happens at the same time on whatever instance. An error means that the
// store cannot do its work.
type Store interface {
	// Ask counts a request against the limits and, unless its network is over
	// its limit, records it. A request that is admitted gets its link, and the
	// message that brings it, unless the address is over its limit, all
	// messages together are over theirs, MaxLiveLinks of the address and the same
	// purpose are alive that browsers asked for, its mailbox is blocked, or it is
	// muted. Earlier links stay alive. The counter of wrong tries of a browser whose
	// request is alive goes on.
	//
	// Who is admitted is decided here, by Admission and by what is known of the
	// person; nobody is who is disabled or barred. A recovery address that
	// is not itself that of somebody known stands for its person, whether the rules
	// admit it or not: the link is then the person's, its message goes to the
	// recovery address, and it is bound to no rules, so that those in force are
	// asked about the person when it is redeemed. Somebody who is not
	// admitted and may ask to be gets, under limits of the same size, a link of the
	// purpose ToAsk, with the message Offer.
	//
	// A browser in which somebody has proven the address is familiar to it: for
	// what signs in it has a limit of its own and may use the Reserve; it is not
	// muted, and its link takes the place of the oldest one where MaxLiveLinks are
	// alive: of one that a browser asked for which is not familiar, if there is any.
	Ask(ctx context.Context, a Asking) (Asked, error)

	// RedeemLink uses a link up, with all others of its address that sign in, and
	// signs in. Its message counts against the limit of the mailbox no more. Of any number of redemptions of one link, at the same time and
	// ever after, exactly one is SignedIn.
	RedeemLink(ctx context.Context, r Redemption) (Redeemed, error)

	// RedeemCode does the same with a code, which counts in the browser that
	// asked only. One that is Used is no wrong one. A wrong one is counted, once for
	// an attempt, and the fifth ends the codes of that browser; the links stay good for whoever reads the mailbox.
	RedeemCode(ctx context.Context, r Redemption) (Redeemed, error)

	// Promise keeps a link that no browser asked for, and its message, unless its
	// mailbox is blocked, or it would sign in somebody who is disabled or barred. It makes somebody who is not known known if
	// the link signs in. The message is filled in as in Ask.
	Promise(ctx context.Context, p Promised) (SilentReason, error)

	// Link looks up a link that does not sign in. It is LinkGood if it is of the
	// purpose and site given and nobody has used it. The link is returned with
	// LinkGood, and with LinkUsed if it was ToDecide.
	Link(ctx context.Context, u Use) (Link, LinkState, error)

	// Stop ends the request that a link belongs to, with all its links, and
	// mutes the address. It works as long as the link or its message is
	// remembered, and reports whether that is so.
	Stop(ctx context.Context, s Stopping) (stopped bool, err error)

	// Request returns what a browser last asked for, until Remembered after
	// its end.
	Request(ctx context.Context, browser BrowserKey, now time.Time) (Request, bool, error)
}

// Asking is one request for a link.
type Asking struct {
	Now     time.Time
	Browser BrowserKey
	Request Request

	// Client counts requests of the visitor's network, whoever is asked for; Mailbox
	// and Total count messages, Mailbox each outbox.Kind apart.
	Client, Mailbox, Total limit.Use
	Reserve                int // how many of Total are for signing in, in familiar browsers

	// Admission decides whether the address may come in here; Link, Code, Policy
	// and Message then belong to the link that is made.
	Admission people.Admission
	Link      LinkKey
	Code      CodeKey
	Policy    string // fingerprint of the rules that admitted it

	// Message brings the link. The store says in it whether it is a welcome,
	// and fills in an empty Language with the one kept with the person.
	Message outbox.Message

	// Offer takes the place of Message for somebody who may ask to be admitted;
	// the link is OfferLink then. Zero where nobody may ask.
	OfferLink LinkKey
	Offer     outbox.Message
}

// Purpose is what a link is good for. At another purpose it is garbage.
type Purpose string

// The purposes.
const (
	ToSignIn Purpose = ""
	ToAsk    Purpose = "ask"    // to ask the owners of a site to be admitted
	ToDecide Purpose = "decide" // as an owner, about an access request
	ToStop   Purpose = "stop"   // to get no such messages; no store keeps it
)

// Link is a link that no browser asked for, or does not sign in.
type Link struct {
	Key     LinkKey
	Purpose Purpose
	Address address.Address // that it was sent to
	Origin  string
	Subject string // what it is about: an access request
	To      string // where somebody wanted to go who asked for it; as in Request
	Expires time.Time
}

// Promised is a link with the message that brings it.
type Promised struct {
	Now     time.Time
	Link    Link
	Policy  string // as in Asking, for one that signs in
	To      string // as in Request, for one that signs in
	Message outbox.Message
}

// LinkState is how a link stands.
type LinkState int

// The states of a link.
const (
	LinkUnknown LinkState = iota // no such link at this site, or for another purpose
	LinkGood
	LinkUsed   // used before, or ended by another
	LinkTooOld // over, or forgotten
)

// Use is one use of a link that does not sign in.
type Use struct {
	Now     time.Time
	Link    LinkKey
	Purpose Purpose
	Origin  string
}

// Stopping is the wish of a reader to get no such messages.
type Stopping struct {
	Now     time.Time
	Origin  string
	Link    LinkKey
	Message string    // id of the message that brought the link
	Until   time.Time // the address is muted until then
}

// Request is what a browser asked for.
type Request struct {
	Address address.Address
	Typed   string // the address as it was typed, to be shown in that browser only
	Origin  string
	To      string // where the person wanted to go, a local path
	Asked   time.Time
	Expires time.Time // end of its link
	Device  session.Device
	Tries   int // wrong codes so far

	Invitation bool // no browser asked: the link came with an invitation
}

// Asked says what became of a request. Nothing of it may show in the answer
// but Wait.
type Asked struct {
	Wait time.Duration // over the limit of the network: wait this long, nothing was recorded
	Send bool          // a link was made, and its message kept
	// Silent says why an admitted request got no link, for logs.
	Silent SilentReason
}

// SilentReason says why nothing is sent.
type SilentReason string

// The reasons for which nothing is sent.
const (
	NotSilent        SilentReason = ""
	SilentNotAllowed SilentReason = "not admitted"
	SilentMailbox    SilentReason = "limit address"
	SilentTotal      SilentReason = "limit total"
	SilentThreeAlive SilentReason = "three links alive"
	SilentBlocked    SilentReason = "mailbox blocked"
	SilentMuted      SilentReason = "muted"
)
