package steps

import (
	"cmp"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// letter is a message to an address that somebody typed. Every one of them
// passes maySend.
type letter struct {
	to             address.Address
	reader         codec.Person // whose language it has
	familiar       bool         // it was asked for in a browser in which its reader has signed in
	mailbox, total limit.Use
	message        outbox.Message
}

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
	reader, _, err := load[codec.Address](tx, addressKey(l.to))
	switch {
	case err != nil:
		return signin.NotSilent, err
	case reader.Blocked > codec.Millis(now):
		return signin.SilentBlocked, nil
	case reader.Muted > codec.Millis(now) && !l.familiar:
		return signin.SilentMuted, nil
	}
	if wait, err := tx.Take(l.counted(), now); err != nil || wait > 0 {
		return signin.SilentMailbox, err
	}
	if wait, err := tx.Take(limited(totalLimit, l.total), now); err != nil || wait > 0 {
		return signin.SilentTotal, err
	}
	return signin.NotSilent, nil
}

// send sends a message, unless it may not be sent.
func send(tx Tx, l letter, now time.Time) (signin.SilentReason, error) {
	silent, err := maySend(tx, l, now)
	if err == nil && silent == signin.NotSilent {
		err = sendTo(tx, l.reader, l.message)
	}
	return silent, err
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
