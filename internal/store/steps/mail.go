package steps

import (
	"cmp"
	"fmt"
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
func countVisitor(t *tx, network limit.Use, now time.Time) (visitor, time.Duration) {
	wait := t.take(limited(clientLimit, network), now)
	return visitor{wait == 0}, wait
}

// letter is a message that has limits. Every one to an address that somebody typed
// passes send: a message of such a kind is kept nowhere else.
type letter struct {
	from           visitor
	to             address.Address
	reader         codec.Person // whose language it has
	familiar       bool         // it was asked for in a browser in which its reader has signed in
	mailbox, total limit.Use
	reserve        int // of total, for who comes back
	message        outbox.Message
}

// The kinds of limits, beside those of a mailbox: each kind of message has one.
const (
	clientLimit   = "client"
	familiarLimit = "familiar" // of a mailbox, for who comes back
	totalLimit    = "total"
)

// limited is a use of a limit of a kind.
func limited(kind string, use limit.Use) limit.Use {
	use.Name = kind + ":" + use.Name
	return use
}

// comesBack reports whether it is to sign somebody in where they have signed in before.
func (l letter) comesBack() bool { return l.familiar && l.message.Kind == outbox.SignIn }

// counted is the limit of the mailbox. What signs nobody in is counted apart, so that it
// does not stand in the way of what does, nor one kind of it in the way of another.
func (l letter) counted() limit.Use {
	if l.comesBack() {
		return limited(familiarLimit, l.mailbox)
	}
	return limited(string(l.message.Kind), l.mailbox)
}

// maySend counts a message, and says why it may not be sent, if it may not.
func maySend(t *tx, l letter, now time.Time) signin.SilentReason {
	if l.message.Kind.Typed() && !l.from.counted {
		t.fail(fmt.Errorf("a message of the kind %q is to be sent for somebody whose network was not counted", l.message.Kind))
	}
	switch blocked, muted := isClosed(t, l.to, now); {
	case blocked:
		return signin.SilentBlocked
	case muted && !l.familiar:
		return signin.SilentMuted
	}
	if t.take(l.counted(), now) > 0 {
		return signin.SilentMailbox
	}
	total := limited(totalLimit, l.total)
	if !l.comesBack() {
		total.Rule.Max -= l.reserve
	}
	if t.take(total, now) > 0 {
		return signin.SilentTotal
	}
	return signin.NotSilent
}

// isClosed reports whether nobody writes to an address, since it bounced or since its
// reader wants no messages. Mail to a tag that a mailbox does not know bounces though
// the mailbox is there, and anybody can make up a tag: such a bounce is of that
// address alone.
func isClosed(t *tx, to address.Address, now time.Time) (blocked, muted bool) {
	m, _ := load[codec.Mailbox](t, mailboxKey(to))
	a, _ := load[codec.Address](t, addressKey(to))
	return max(m.Blocked, a.Blocked) > codec.Millis(now), m.Muted > codec.Millis(now)
}

// block has nobody write to an address until a time; the zero time lifts that.
func block(t *tx, who address.Address, until, now time.Time) {
	end := int64(0)
	if !until.IsZero() {
		end = codec.Millis(until)
	}
	if who.HasTag() {
		changeAddress(t, who, now, func(a *codec.Address) { a.Blocked = end })
	} else {
		changeMailbox(t, who, func(m *codec.Mailbox) { m.Blocked = end })
	}
}

// send sends a message, unless it may not be sent.
func send(t *tx, l letter, now time.Time) signin.SilentReason {
	silent := maySend(t, l, now)
	if silent == signin.NotSilent {
		sendTo(t, l.reader, l.message)
	}
	return silent
}

// notify sends a message to somebody whose address no stranger has typed: it has no
// limits, but nobody writes to a mailbox that bounced.
func notify(t *tx, to address.Address, reader codec.Person, m outbox.Message, now time.Time) signin.SilentReason {
	if m.Kind.Typed() {
		t.fail(fmt.Errorf("a message of the kind %q is to be sent without limits", m.Kind))
	}
	if blocked, _ := isClosed(t, to, now); blocked {
		return signin.SilentBlocked
	}
	sendTo(t, reader, m)
	return signin.NotSilent
}

// sendTo keeps a message to somebody, which waits from now on.
func sendTo(t *tx, reader codec.Person, m outbox.Message) {
	m.Welcome, m.Language = !reader.IsProven(), cmp.Or(m.Language, reader.Language)
	saveMessage(t, m)
	save(t, placeKey(m), true, m.Created.Add(outbox.Kept))
	t.queue(m, true)
}

func saveMessage(t *tx, m outbox.Message) {
	save(t, messageKey(m.ID), codec.PackMessage(m), m.Created.Add(outbox.Kept))
}
