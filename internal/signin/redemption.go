package signin

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// Arrival is a sign-in as it is to be made once it is clear who it is.
type Arrival struct {
	Now time.Time

	// NewBrowser tells the person of it, unless they have signed in before in the browser
	// with this mark.
	NewBrowser Notice
	// Mailbox, Total and Reserve bound messages about new browsers, as those of Asking.
	Mailbox limit.Rule
	Total   limit.Use
	Reserve int

	Mark     BrowserKey // to be familiar to the person from now on; may be zero
	Language string     // BCP 47, to be kept with the person; may be empty

	// Session is to be made; its Address and its Standing are those of the person.
	Session session.Entry
	Replace session.Key // the session of this browser so far, ended in the same step; may be zero
}

// Redemption is one attempt to sign in with a link or a code.
type Redemption struct {
	Arrival
	Origin  string     // that the attempt is made at
	Browser BrowserKey // zero if the browser has no request cookie

	Link      LinkKey   // for RedeemLink
	Elsewhere bool      // the person confirmed that another browser asked
	Codes     []CodeKey // for RedeemCode: what the typed code may be known as

	// Policy is the fingerprint of the rules in force. A link that was made
	// under others, or before its person was changed, is PolicyChanged, and stays
	// as it is, unless Revision says that what is known of the person now was
	// looked at.
	Policy   string
	Revision *uint64 // of the person, as a PolicyChanged told; nil before that

	Recovered Notice // tells the person instead that it was by their recovery address
}

// Notice makes a message to a person; nil: they are not told.
type Notice func(to address.Address) outbox.Message

// Outcome says how an attempt to sign in ended.
type Outcome int

// The outcomes.
const (
	Unknown       Outcome = iota // no such link, or no request for the code
	SignedIn                     // the session was made
	OtherBrowser                 // another browser asked; nothing was used up
	Used                         // used before, or ended by a sibling or wrong codes
	TooOld                       // over, or forgotten
	PolicyChanged                // the rules are not those that admitted the request
	NotAdmitted                  // the rules in force do not admit the address, or it is disabled
	WrongCode                    // not the code; Redeemed.TriesLeft says how many tries are left
	RequestEnded                 // too many wrong codes
	NotACode                     // what was typed cannot be a code; it costs no try
)

// Redeemed says what became of an attempt to sign in.
type Redeemed struct {
	Outcome Outcome
	Request Request // with SignedIn, OtherBrowser, PolicyChanged and NotAdmitted: what the link is for; with Used and TooOld: whether it was an Invitation
	// With PolicyChanged: the fingerprint that the link was made under, and what is
	// known of the person.
	Policy    string
	Person    people.Person
	NewPerson bool // with SignedIn: the address was proven for the first time
	TriesLeft int
}
