package mail

import (
	"errors"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// Notice is what all letters but the one to sign in share. SignInLetter says
// what its fields are.
type Notice struct {
	ID, Site, Host, To, Accent, LogoURL, Support string
}

// OfferLetter is what somebody gets who wants to sign in to a site that does not
// let them in, but can be asked to.
type OfferLetter struct {
	Notice
	Link     string // to ask; as that of SignInLetter, like all that follow
	StopLink string
	ValidFor time.Duration
	AskedAt  time.Time
	Browser  string
	System   string
}

// ApproveLetter is what somebody gets who can let others in.
type ApproveLetter struct {
	Notice
	Link    string // to decide
	Asker   string // canonical address of who wants to be let in
	Words   string // why, as they typed it: quoted, at most 500 characters of it; may be empty
	AskedAt time.Time
	Browser string
	System  string
	Network string // may be empty

	ValidFor time.Duration
}

// ProofLetter asks for proof of a further address of a person, and goes there.
type ProofLetter struct {
	Notice
	Link     string // to prove it
	Person   string // canonical address of the person for now
	Recovery bool   // the address is to lead to the account, too; else in place of Person
	ValidFor time.Duration
}

// MovedLetter says that a person has another address, and goes to the one that
// they had; or that another address leads to their account, and goes to theirs.
type MovedLetter struct {
	Notice
	Link     string // to undo it
	New      string // the other address, whole or masked
	Recovery bool   // it is one for recovery
	ValidFor time.Duration
}

// Offer writes the message with a link to ask to be let in. It fails as SignIn
// does, and so do all that follow.
func (c *Composer) Offer(l OfferLetter, lang *text.Language) (Message, error) {
	w := newOfferWords(l, lang)
	return c.notify(offerKind, l.Notice, w, checkLinks(l.Host, l.Link, l.StopLink, l.ValidFor), checkTime(l.AskedAt))
}

// Approve writes the message with a link to decide about somebody.
func (c *Composer) Approve(l ApproveLetter, lang *text.Language) (Message, error) {
	w := newApproveWords(l, lang)
	return c.notify(approveKind, l.Notice, w, checkLinks(l.Host, l.Link, "", l.ValidFor), checkTime(l.AskedAt), checkPerson(l.Asker))
}

// Proof writes the message with a link that proves another address.
func (c *Composer) Proof(l ProofLetter, lang *text.Language) (Message, error) {
	w := newProofWords(l, lang)
	return c.notify(proofKind, l.Notice, w, checkLinks(l.Host, l.Link, "", l.ValidFor), checkPerson(l.Person))
}

// Moved writes the message with a link that undoes a change of addresses.
func (c *Composer) Moved(l MovedLetter, lang *text.Language) (Message, error) {
	w := newMovedWords(l, lang)
	return c.notify(movedKind, l.Notice, w, checkLinks(l.Host, l.Link, "", l.ValidFor))
}

// notify writes a letter that has passed its checks.
func (c *Composer) notify(kind string, n Notice, w words, checks ...error) (Message, error) {
	if err := errors.Join(checks...); err != nil {
		return Message{}, fmt.Errorf("writing a message of the kind %s: %w", kind, err)
	}
	m, err := c.write(kind, n, w)
	if err != nil {
		return Message{}, fmt.Errorf("writing a message of the kind %s: %w", kind, err)
	}
	return m, nil
}

func checkTime(asked time.Time) error {
	if asked.IsZero() {
		return errNoTime
	}
	return nil
}

func checkPerson(address string) error {
	if !bareAddress.MatchString(address) {
		return errors.New("the person it is about is not a mail address")
	}
	return nil
}
