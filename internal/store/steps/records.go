package steps

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Table is a set of records by id.
type Table string

// The tables, and what their ids are.
const (
	People         Table = "people"          // an address
	Recoveries     Table = "recoveries"      // a recovery address; the record is whose it is
	Addresses      Table = "addresses"       // an address
	Mailboxes      Table = "mailboxes"       // the fold of an address
	Trails         Table = "trails"          // an address
	Links          Table = "links"           // a signin.LinkKey
	Requests       Table = "requests"        // a signin.BrowserKey
	Sessions       Table = "sessions"        // a session.Key
	Changes        Table = "changes"         // a session.Key
	Messages       Table = "messages"        // the id of a message
	Places         Table = "places"          // when a message was made and its id, so that the newest is the first
	AccessRequests Table = "access_requests" // the id of an access request
	AskedBefore    Table = "asked_before"    // a hash of a mailbox and a site
	Lists          Table = "lists"           // a name
	Happened       Table = "happened"        // a name of what may happen once
	Limits         Table = "limits"          // the name of a limit.Use; nothing but Take reads and writes them
)

// Tables lists all tables, for stores that have to make them.
func Tables() []Table {
	return []Table{People, Recoveries, Addresses, Mailboxes, Trails, Links, Requests, Sessions, Changes, Messages, Places, AccessRequests, AskedBefore, Lists, Happened, Limits}
}

// Listed reports whether the ids of a table can be listed in order.
func (t Table) Listed() bool { return t == People || t == Places }

// Key names a record. An id is text that can be shown.
type Key struct {
	Table Table
	ID    string
}

func personKey(who address.Address) Key  { return Key{People, string(who)} }
func recoveryKey(a address.Address) Key  { return Key{Recoveries, string(a)} }
func addressKey(who address.Address) Key { return Key{Addresses, string(who)} }
func mailboxKey(of address.Address) Key  { return Key{Mailboxes, of.Fold()} }
func trailKey(who address.Address) Key   { return Key{Trails, string(who)} }
func linkKey(key []byte) Key             { return Key{Links, base64.RawURLEncoding.EncodeToString(key)} }
func requestKey(browser []byte) Key {
	return Key{Requests, base64.RawURLEncoding.EncodeToString(browser)}
}
func sessionKey(key session.Key) Key {
	return Key{Sessions, base64.RawURLEncoding.EncodeToString(key[:])}
}
func changeKey(of session.Key) Key             { return Key{Changes, sessionKey(of).ID} }
func messageKey(id string) Key                 { return Key{Messages, id} }
func accessKey(id string) Key                  { return Key{AccessRequests, id} }
func happenedKey(name string) Key              { return Key{Happened, name} }
func remembered(expires int64) (end time.Time) { return codec.Time(expires).Add(signin.Remembered) }

// ofAddress are the records that say what somebody may do.
func ofAddress(who address.Address) []Key {
	return []Key{personKey(who), addressKey(who), mailboxKey(who)}
}

// placeTime is the length of the time in the id of a place.
const placeTime = 16

// placeKey is where a message stands in the list of all.
func placeKey(m outbox.Message) Key { return Key{Places, PlaceAt(m.Created) + m.ID} }

// PlaceAt is what the id of a place begins with. Those of older messages are greater.
func PlaceAt(made time.Time) string {
	return fmt.Sprintf("%0*x", placeTime, math.MaxInt64-made.UnixMilli())
}

// LimitKey is where the uses of a limit are counted.
func LimitKey(use limit.Use) Key { return Key{Limits, use.Name} }

// person is somebody as the store has them; the zero record for somebody who
// is not known.
func person(t *tx, who address.Address) codec.Person {
	p, _ := load[codec.Person](t, personKey(who))
	return p
}

func savePerson(t *tx, who address.Address, p codec.Person) {
	nameVariant(t, who, true)
	save(t, personKey(who), p, time.Time{})
}

func deletePerson(t *tx, who address.Address) {
	nameVariant(t, who, false)
	t.delete(personKey(who))
}

// nameVariant has a mailbox know, or not any more, that somebody is known under
// another spelling than its fold.
func nameVariant(t *tx, who address.Address, known bool) {
	if string(who) == who.Fold() {
		return
	}
	if m, _ := load[codec.Mailbox](t, mailboxKey(who)); slices.Contains(m.Variants, who) == known {
		return
	}
	changeMailbox(t, who, func(m *codec.Mailbox) {
		if known {
			m.Variants = append(m.Variants, who)
		} else {
			m.Variants = slices.DeleteFunc(m.Variants, func(a address.Address) bool { return a == who })
		}
	})
}

// changeMailbox changes what holds for the mailbox of an address.
func changeMailbox(t *tx, of address.Address, change func(*codec.Mailbox)) {
	m, _ := load[codec.Mailbox](t, mailboxKey(of))
	change(&m)
	end := max(m.Muted, m.Blocked)
	switch {
	case m.IsLasting():
		save(t, mailboxKey(of), m, time.Time{})
	case end > 0:
		save(t, mailboxKey(of), m, codec.Time(end))
	default:
		t.delete(mailboxKey(of))
	}
}

// changeAddress changes what an address has open.
func changeAddress(t *tx, who address.Address, now time.Time, change func(*codec.Address)) {
	a, _ := load[codec.Address](t, addressKey(who))
	change(&a)
	a.Prune(codec.Millis(now))
	if end := a.End(); end > codec.Millis(now) {
		save(t, addressKey(who), a, codec.Time(end))
	} else {
		t.delete(addressKey(who))
	}
}

// saveLink keeps a link and opens it.
func saveLink(t *tx, key []byte, l codec.Link, now time.Time) {
	save(t, linkKey(key), l, remembered(l.Expires), ofAddress(l.Address)...)
	changeAddress(t, l.Address, now, func(a *codec.Address) {
		a.Links = append(a.Links, codec.OpenLink{
			Key: key, Expires: l.Expires, Purpose: l.Purpose, Familiar: l.Familiar, Promised: len(l.Browser) == 0,
		})
	})
}

// findLink finds a link and how it stands. It was a link once if its signature
// is ours, so one that is not kept is too old.
func findLink(t *tx, key []byte, now time.Time) (codec.Link, signin.LinkState) {
	l, found := load[codec.Link](t, linkKey(key))
	if !found {
		return l, signin.LinkTooOld
	}
	switch of, _ := load[codec.Address](t, addressKey(l.Address)); {
	case !of.HasOpen(key):
		return l, signin.LinkUsed
	case l.Expires <= codec.Millis(now):
		return l, signin.LinkTooOld
	}
	return l, signin.LinkGood
}

// closeLinks closes links of an address, and returns how many.
func closeLinks(t *tx, who address.Address, now time.Time, which func(codec.OpenLink) bool) (closed int) {
	if of, _ := load[codec.Address](t, addressKey(who)); of.Close(which) == 0 {
		return 0
	}
	changeAddress(t, who, now, func(a *codec.Address) { closed = a.Close(which) })
	return closed
}
