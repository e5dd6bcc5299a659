package steps

import (
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
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
	AccessRequests Table = "access_requests" // the id of an access request
	AskedBefore    Table = "asked_before"    // a hash of a mailbox and a site
	Lists          Table = "lists"           // a name
	Happened       Table = "happened"        // a name of what may happen once
	Limits         Table = "limits"          // the name of a limit.Use; nothing but Take reads and writes them
)

// Tables lists all tables, for stores that have to make them.
func Tables() []Table {
	return []Table{People, Recoveries, Addresses, Mailboxes, Trails, Links, Requests, Sessions, Changes, Messages, AccessRequests, AskedBefore, Lists, Happened, Limits}
}

// Listed reports whether the ids of a table can be listed in order.
func (t Table) Listed() bool { return t == People }

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

// LimitKey is where the uses of a limit are counted.
func LimitKey(use limit.Use) Key { return Key{Limits, use.Name} }

// load reads a record; found is false if there is none. One that cannot be read
// is an error and not a missing one: what was used up must not look as if it had
// never been.
func load[R any](tx Tx, k Key) (r R, found bool, err error) {
	raw, err := tx.Get(k)
	if err != nil || raw == nil {
		return r, false, err
	}
	if err := codec.Decode(raw, &r); err != nil {
		return r, false, fmt.Errorf("reading a record of %s: %w", k.Table, err)
	}
	return r, true, nil
}

// save writes a record. The zero time keeps it for good.
func save(tx Tx, k Key, r any, until time.Time, leads ...Key) error {
	raw, err := codec.Encode(r)
	if err != nil {
		return fmt.Errorf("writing a record of %s: %w", k.Table, err)
	}
	return tx.Put(k, Record{Value: raw, Until: until, Leads: leads})
}

// person is somebody as the store has them; the zero record for somebody who
// is not known.
func person(tx Tx, who address.Address) (codec.Person, error) {
	p, _, err := load[codec.Person](tx, personKey(who))
	return p, err
}

func savePerson(tx Tx, who address.Address, p codec.Person) error {
	if err := nameVariant(tx, who, true); err != nil {
		return err
	}
	return save(tx, personKey(who), p, time.Time{})
}

func deletePerson(tx Tx, who address.Address) error {
	if err := nameVariant(tx, who, false); err != nil {
		return err
	}
	return tx.Delete(personKey(who))
}

// nameVariant has a mailbox know, or not any more, that somebody is known under
// another spelling than its fold.
func nameVariant(tx Tx, who address.Address, known bool) error {
	if string(who) == who.Fold() {
		return nil
	}
	m, _, err := load[codec.Mailbox](tx, mailboxKey(who))
	if err != nil || slices.Contains(m.Variants, who) == known {
		return err
	}
	return changeMailbox(tx, who, func(m *codec.Mailbox) {
		if known {
			m.Variants = append(m.Variants, who)
		} else {
			m.Variants = slices.DeleteFunc(m.Variants, func(a address.Address) bool { return a == who })
		}
	})
}

// changeMailbox changes what holds for the mailbox of an address.
func changeMailbox(tx Tx, of address.Address, change func(*codec.Mailbox)) error {
	m, _, err := load[codec.Mailbox](tx, mailboxKey(of))
	if err != nil {
		return err
	}
	change(&m)
	end := max(m.Muted, m.Blocked)
	switch {
	case m.IsLasting():
		return save(tx, mailboxKey(of), m, time.Time{})
	case end > 0:
		return save(tx, mailboxKey(of), m, codec.Time(end))
	}
	return tx.Delete(mailboxKey(of))
}

// changeAddress changes what an address has open.
func changeAddress(tx Tx, who address.Address, now time.Time, change func(*codec.Address)) error {
	a, _, err := load[codec.Address](tx, addressKey(who))
	if err != nil {
		return err
	}
	change(&a)
	a.Prune(codec.Millis(now))
	if end := a.End(); end > codec.Millis(now) {
		return save(tx, addressKey(who), a, codec.Time(end))
	}
	return tx.Delete(addressKey(who))
}

// saveLink keeps a link and opens it.
func saveLink(tx Tx, key []byte, l codec.Link, now time.Time) error {
	if err := save(tx, linkKey(key), l, remembered(l.Expires), ofAddress(l.Address)...); err != nil {
		return err
	}
	return changeAddress(tx, l.Address, now, func(a *codec.Address) {
		a.Links = append(a.Links, codec.OpenLink{
			Key: key, Expires: l.Expires, Purpose: l.Purpose, Familiar: l.Familiar, Promised: len(l.Browser) == 0,
		})
	})
}

// findLink finds a link and how it stands. It was a link once if its signature
// is ours, so one that is not kept is too old.
func findLink(tx Tx, key []byte, now time.Time) (codec.Link, signin.LinkState, error) {
	l, found, err := load[codec.Link](tx, linkKey(key))
	if err != nil || !found {
		return l, signin.LinkTooOld, err
	}
	of, _, err := load[codec.Address](tx, addressKey(l.Address))
	switch {
	case err != nil:
		return l, signin.LinkUnknown, err
	case !of.HasOpen(key):
		return l, signin.LinkUsed, nil
	case l.Expires <= codec.Millis(now):
		return l, signin.LinkTooOld, nil
	}
	return l, signin.LinkGood, nil
}

// closeLinks closes links of an address, and returns how many.
func closeLinks(tx Tx, who address.Address, now time.Time, which func(codec.OpenLink) bool) (closed int, err error) {
	of, _, err := load[codec.Address](tx, addressKey(who))
	if err != nil || of.Close(which) == 0 {
		return 0, err
	}
	err = changeAddress(tx, who, now, func(a *codec.Address) { closed = a.Close(which) })
	return closed, err
}
