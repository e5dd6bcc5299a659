// Package outbox is what becomes of a message that was promised: it is kept
// with the link that it brings, sealed, until it is sent or of no use any
// more, and for some days after that its fate can be looked up.
package outbox

import (
	"errors"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
)

// Kept is how long the fate of a message can be looked up, from its making.
// A message itself is kept until it is sent or its time is over.
const Kept = 72 * time.Hour

// MaxCopies is how many copies of a message a mailbox may get in the worst
// case, when a service accepts it without saying so. All carry the same link.
const MaxCopies = 2

// BlockedFor is how long nobody writes to a mailbox that bounced, unless it is
// unblocked before. It bounds how many of them a store keeps, and what a service
// that errs can do.
const BlockedFor = 30 * 24 * time.Hour

// Kind says what a message is.
type Kind string

// The kinds of messages.
const (
	SignIn   Kind = "sign-in"  // a link and a code
	Invite   Kind = "invite"   // a link that lasts, without a code
	Offer    Kind = "offer"    // a link to ask the owners to be let in
	Approve  Kind = "approve"  // to an owner: somebody asks, a link to decide
	Approved Kind = "approved" // a link, since an owner let them in
	Confirm  Kind = "confirm"  // a code by which a person confirms a change of their account
	Proof    Kind = "proof"    // a code that proves another address of a person
	Changed  Kind = "changed"  // to the address that a person had: something was changed

	Recovered  Kind = "recovered"   // to a person: somebody signed in by the recovery address
	NewBrowser Kind = "new-browser" // to a person: somebody signed in, in a browser that is new to them
)

// Typed reports whether such messages go to an address that a stranger may have typed.
func (k Kind) Typed() bool {
	switch k {
	case SignIn, Offer, Confirm, Proof:
		return true
	}
	return false
}

// State is what became of a message so far.
type State string

// The states. Queued and Deferred messages are still to be sent, unless a
// service that has the message reports that it is deferred there.
const (
	Queued     State = "queued"     // waits for its first attempt, or is in it
	Deferred   State = "deferred"   // was tried, and will be again
	Sent       State = "sent"       // a service took it
	Bounced    State = "bounced"    // there is no such mailbox, or it refuses us for good
	Complained State = "complained" // its reader called it unwanted
	Failed     State = "failed"     // given up
	Expired    State = "expired"    // its time was over before it could be sent
)

// Message is one message on its way. What it says is sealed.
type Message struct {
	ID       string // of the message, unguessable: the local part of its Message-ID
	Kind     Kind
	To       address.Address
	Origin   string // that the message is about
	Language string // BCP 47; empty for the one that is kept with the person
	Welcome  bool   // the first message to somebody who has never signed in
	Sealed   []byte // see Sealer; gone once the message is sent or of no use
	Created  time.Time
	Deadline time.Time // not sent any more after it

	State      State
	Since      time.Time // of State
	Due        time.Time // when it may be tried next; zero for one that is not to be sent any more
	Attempts   int       // how often it was handed to a service
	Unsettled  bool      // an attempt is under way, or was when its process died
	Copies     int       // how many earlier attempts may have been accepted without an answer
	Mailer     string    // that took it or failed last
	ProviderID string    // the service's own id of it; may be empty
	Problem    string    // the last failure, fit for logs
	Delivered  time.Time // when the service says that the mailbox took it; zero if it does not say
	Retried    time.Time // when an operator had it tried again
}

// Waiting reports whether the message is still to be sent.
func (m *Message) Waiting() bool { return !m.Due.IsZero() }

// HandOver notes that a service may take the message from now on: if nothing
// more is heard of this attempt, there may be a copy. It returns ErrEnough if
// another attempt could be one copy too many.
func (m *Message) HandOver() error {
	if m.Unsettled {
		m.Copies++
	}
	if m.Copies >= MaxCopies {
		return ErrEnough
	}
	m.Unsettled = true
	m.Attempts++
	return nil
}

// Accept notes that a service took the message.
func (m *Message) Accept(now time.Time, mailer, providerID string) {
	m.Mailer, m.ProviderID, m.Unsettled = mailer, providerID, false
	if m.Waiting() { // otherwise the service has reported more than that already
		m.end(now, Sent)
		m.Problem = ""
	}
}

// Defer notes that an attempt failed and when the next may begin. copies is
// how many services may have taken the message although they did not say so,
// those of an attempt that died with its process included.
func (m *Message) Defer(now, due time.Time, mailer, problem string, copies int) {
	m.settle(mailer, problem, copies)
	if m.Waiting() {
		m.set(now, Deferred)
		m.Due = due
	}
}

// GiveUp notes that the message is not tried any more, and why.
func (m *Message) GiveUp(now time.Time, state State, mailer, problem string, copies int) {
	m.settle(mailer, problem, copies)
	if m.Waiting() {
		m.end(now, state)
	}
}

func (m *Message) settle(mailer, problem string, copies int) {
	if mailer != "" {
		m.Mailer = mailer
	}
	if m.Waiting() { // otherwise a service has reported more than that already
		m.Problem = problem
	}
	m.Unsettled = false
	m.Copies += copies
}

// Retry has a message that failed tried again, if its time is not over.
func (m *Message) Retry(now time.Time) error {
	switch {
	case m.Waiting():
		return fmt.Errorf("%w: it is %s and will be tried by itself", ErrNoRetry, m.State)
	case len(m.Sealed) == 0:
		return fmt.Errorf("%w: it is %s; the person can ask for another one", ErrNoRetry, m.State)
	case !now.Before(m.Deadline):
		return fmt.Errorf("%w: its link has ended; the person can ask for another one", ErrNoRetry)
	}
	m.set(now, Queued)
	m.Due, m.Retried, m.Copies, m.Unsettled = now, now, 0, false
	return nil
}

// Report is what a service says of a message that it took.
type Report struct {
	State     State // Sent for one that was delivered
	Delivered bool  // the mailbox took it
	At        time.Time
	Problem   string // fit for logs
}

// Apply takes a report in. One that is older than the last retry by an
// operator says nothing of what became of that.
func (m *Message) Apply(r Report) {
	if r.At.Before(m.Retried) {
		return
	}
	if r.Delivered && m.Delivered.IsZero() {
		m.Delivered = r.At
	}
	switch {
	case r.State == m.State || m.State == Complained: // a complaint is the last word
	case r.State == Sent && m.State == Bounced: // old news
	case r.State == Deferred && (m.Waiting() || m.State != Sent || !m.Delivered.IsZero()): // old news, or ours to do
	default:
		m.end(r.At, r.State)
		m.Problem = r.Problem
	}
}

// end ends the waiting. What the message says is kept only if it may be
// retried.
func (m *Message) end(now time.Time, state State) {
	m.set(now, state)
	m.Due = time.Time{}
	if state != Failed && state != Bounced {
		m.Sealed = nil
	}
}

func (m *Message) set(now time.Time, state State) { m.State, m.Since = state, now }

// What the methods of a message refuse.
var (
	ErrEnough  = errors.New("another attempt could be one copy too many")
	ErrNoRetry = fault.New(fault.Taken, "the message is not retried")
)
