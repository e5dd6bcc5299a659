package steps

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// visitor is somebody whose network was counted.
type visitor struct{ counted bool }

// countVisitor counts a request of a network, or returns how long to wait.
func countVisitor(tx Tx, network limit.Use, now time.Time) (visitor, time.Duration, error) {
	wait, err := tx.Take(limited(clientLimit, network), now)
	return visitor{err == nil && wait == 0}, wait, err
}

// letter is a message to an address that somebody typed. Every one of them passes
// send: a message of such a kind is kept nowhere else.
type letter struct {
	from           visitor
	to             address.Address
	reader         codec.Person // whose language it has
	familiar       bool         // it was asked for in a browser in which its reader has signed in
	mailbox, total limit.Use
	reserve        int // of total, for familiar browsers
	message        outbox.Message
}

// typed are the kinds of messages that go to an address which a stranger may have
// typed.
var typed = []outbox.Kind{outbox.SignIn, outbox.Offer, outbox.Confirm, outbox.Proof}

// The kinds of limits.
const (
	clientLimit   = "client"
	mailboxLimit  = "mailbox"
	familiarLimit = "familiar" // as mailbox, asked for in a familiar browser
	totalLimit    = "total"
)

// limited is a use of a limit of a kind.
func limited(kind string, use limit.Use) limit.Use {
	use.Name = kind + ":" + use.Name
	return use
}

// counted is the limit of the mailbox.
func (l letter) counted() limit.Use {
	if l.familiar {
		return limited(familiarLimit, l.mailbox)
	}
	return limited(mailboxLimit, l.mailbox)
}

// maySend counts a message, and says why it may not be sent, if it may not.
func maySend(tx Tx, l letter, now time.Time) (signin.SilentReason, error) {
	if !l.from.counted {
		return signin.NotSilent, fmt.Errorf("a message of the kind %q is to be sent for somebody whose network was not counted", l.message.Kind)
	}
	switch blocked, muted, err := isClosed(tx, l.to, now); {
	case err != nil:
		return signin.NotSilent, err
	case blocked:
		return signin.SilentBlocked, nil
	case muted && !l.familiar:
		return signin.SilentMuted, nil
	}
	if wait, err := tx.Take(l.counted(), now); err != nil || wait > 0 {
		return signin.SilentMailbox, err
	}
	total := limited(totalLimit, l.total)
	if !l.familiar {
		total.Rule.Max -= l.reserve
	}
	if wait, err := tx.Take(total, now); err != nil || wait > 0 {
		return signin.SilentTotal, err
	}
	return signin.NotSilent, nil
}

// isClosed reports whether nobody writes to an address, since it bounced or since its
// reader wants no messages. Mail to a tag that a mailbox does not know bounces though
// the mailbox is there, and anybody can make up a tag: such a bounce is of that
// address alone.
func isClosed(tx Tx, to address.Address, now time.Time) (blocked, muted bool, err error) {
	m, _, err := load[codec.Mailbox](tx, mailboxKey(to))
	if err != nil {
		return false, false, err
	}
	a, _, err := load[codec.Address](tx, addressKey(to))
	return max(m.Blocked, a.Blocked) > codec.Millis(now), m.Muted > codec.Millis(now), err
}

// block has nobody write to an address until a time; the zero time lifts that.
func block(tx Tx, who address.Address, until, now time.Time) error {
	end := int64(0)
	if !until.IsZero() {
		end = codec.Millis(until)
	}
	if who.HasTag() {
		return changeAddress(tx, who, now, func(a *codec.Address) { a.Blocked = end })
	}
	return changeMailbox(tx, who, func(m *codec.Mailbox) { m.Blocked = end })
}

// send sends a message, unless it may not be sent.
func send(tx Tx, l letter, now time.Time) (signin.SilentReason, error) {
	silent, err := maySend(tx, l, now)
	if err == nil && silent == signin.NotSilent {
		err = sendTo(tx, l.reader, l.message)
	}
	return silent, err
}

// notify sends a message to somebody whose address no stranger has typed: it has no
// limits, but nobody writes to a mailbox that bounced.
func notify(tx Tx, to address.Address, reader codec.Person, m outbox.Message, now time.Time) (signin.SilentReason, error) {
	if slices.Contains(typed, m.Kind) {
		return signin.NotSilent, fmt.Errorf("a message of the kind %q is to be sent without limits", m.Kind)
	}
	if blocked, _, err := isClosed(tx, to, now); err != nil || blocked {
		return signin.SilentBlocked, err
	}
	return signin.NotSilent, sendTo(tx, reader, m)
}

// sendTo keeps a message to somebody, which waits from now on.
func sendTo(tx Tx, reader codec.Person, m outbox.Message) error {
	m.Welcome, m.Language = !reader.IsProven(), cmp.Or(m.Language, reader.Language)
	return enqueue(tx, m)
}

func enqueue(tx Tx, m outbox.Message) error {
	if err := saveMessage(tx, m); err != nil {
		return err
	}
	return tx.Queue(m.ID, m.Created, Enqueued)
}

func saveMessage(tx Tx, m outbox.Message) error {
	return save(tx, messageKey(m.ID), codec.PackMessage(m), m.Created.Add(outbox.Kept))
}
