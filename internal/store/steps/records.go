package steps

import (
	"encoding/base64"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Table is a set of records by id. Each stands beside the steps that it is for.
type Table string

var tables []Table

func newTable(name Table) Table {
	tables = append(tables, name)
	return name
}

// Tables lists all tables, for stores that have to make them.
func Tables() []Table { return tables }

// Listed reports whether the ids of a table can be listed in order.
func (t Table) Listed() bool { return t == People || t == Places || t == Tokens || t == tokenNames }

// Key names a record. An id is text that can be shown.
type Key struct {
	Table Table
	ID    string
}

// hashed is the key of a record whose id is a hash.
func hashed(table Table, id []byte) Key { return Key{table, base64.RawURLEncoding.EncodeToString(id)} }

// What is known of people and addresses, and what limits have counted.
var (
	People    = newTable("people")    // by address
	Addresses = newTable("addresses") // by address
	Mailboxes = newTable("mailboxes") // by the fold of an address
	Limits    = newTable("limits")    // by the name of a limit.Use; no step but Take and GiveBack reads and writes them
)

func personKey(who address.Address) Key  { return Key{People, string(who)} }
func addressKey(who address.Address) Key { return Key{Addresses, string(who)} }
func mailboxKey(of address.Address) Key  { return Key{Mailboxes, of.Fold()} }

// LimitKey is where the uses of a limit are counted.
func LimitKey(use limit.Use) Key { return Key{Limits, use.Name} }

// ofAddress are the records that say what somebody may do.
func ofAddress(who address.Address) []Key {
	return []Key{personKey(who), addressKey(who), mailboxKey(who)}
}

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
