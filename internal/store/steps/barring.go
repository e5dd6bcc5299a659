package steps

import (
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// trails are which addresses people have had or named of late, by address.
var trails = newTable("trails")

func trailKey(who address.Address) Key { return Key{trails, string(who)} }

// barredBy is who is disabled and keeps an address out with their mailboxes, others
// than those given; empty for nobody.
func barredBy(t *tx, who address.Address, p codec.Person, but ...address.Address) address.Address {
	m, _ := load[codec.Mailbox](t, mailboxKey(who))
	return m.BarredBy(p.IsKnown(), append(but, who)...)
}

// mayNotSignIn reports whether somebody is disabled, or barred with somebody who is.
func mayNotSignIn(t *tx, who address.Address, p codec.Person) bool {
	return p.Disabled || barredBy(t, who, p) != ""
}

// bar keeps out the mailboxes that somebody disabled can read, or could of late.
func bar(t *tx, who address.Address, p codec.Person, now time.Time) codec.Person {
	trail, _ := load[codec.Trail](t, trailKey(who))
	trail = trail.Since(codec.Millis(now.Add(-people.FormerFor)))
	trail = append(trail, codec.Trace{Address: who, Proven: true})
	if p.Recovery != "" {
		trail = append(trail, codec.Trace{Address: p.Recovery, Proven: true})
	}
	proven := make(map[string]bool) // by mailbox
	for _, trace := range trail {
		proven[trace.Address.Fold()] = proven[trace.Address.Fold()] || trace.Proven
	}
	var mailboxes []Key
	for mailbox := range proven {
		mailboxes = append(mailboxes, Key{Mailboxes, mailbox})
	}
	t.fetch(mailboxes...)
	for mailbox, proven := range proven {
		p.Barred = append(p.Barred, mailbox)
		changeMailbox(t, address.Address(mailbox), func(m *codec.Mailbox) {
			m.Bars = append(m.Bars, codec.Bar{By: who, Proposed: !proven})
		})
		if proven {
			showOut(t, mailbox, now)
		}
	}
	slices.Sort(p.Barred)
	return p
}

// showOut ends sessions and links of everybody with a mailbox.
func showOut(t *tx, mailbox string, now time.Time) {
	m, _ := load[codec.Mailbox](t, mailboxKey(address.Address(mailbox)))
	for _, who := range append(slices.Clone(m.Variants), address.Address(mailbox)) {
		endSessions(t, who, session.Key{})
		endTokens(t, who)
		endLinks(t, who, now)
	}
}

// lift lets in again whom somebody keeps out who was disabled.
func lift(t *tx, who address.Address, p codec.Person) codec.Person {
	for _, mailbox := range p.Barred {
		changeMailbox(t, address.Address(mailbox), func(m *codec.Mailbox) { m.Lift(who) })
	}
	p.Barred = nil
	return p
}

// trace notes another address of somebody, for when they are disabled.
func trace(t *tx, who, other address.Address, proven bool, now time.Time) {
	trail, _ := load[codec.Trail](t, trailKey(who))
	saveTrail(t, who, trail.Add(codec.Trace{Address: other, At: codec.Millis(now), Proven: proven}), now)
}

func saveTrail(t *tx, who address.Address, trail codec.Trail, now time.Time) {
	trail = trail.Since(codec.Millis(now.Add(-people.FormerFor)))
	if len(trail) == 0 {
		t.delete(trailKey(who))
		return
	}
	save(t, trailKey(who), trail, codec.Time(trail[len(trail)-1].At).Add(people.FormerFor))
}
