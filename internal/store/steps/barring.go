package steps

import (
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// barredBy is who is disabled and keeps an address out with their mailboxes, others
// than those given; empty for nobody.
func barredBy(tx Tx, who address.Address, p codec.Person, but ...address.Address) (address.Address, error) {
	m, _, err := load[codec.Mailbox](tx, mailboxKey(who))
	return m.BarredBy(p.IsKnown(), append(but, who)...), err
}

// mayNotSignIn reports whether somebody is disabled, or barred with somebody who is.
func mayNotSignIn(tx Tx, who address.Address, p codec.Person) (bool, error) {
	if p.Disabled {
		return true, nil
	}
	by, err := barredBy(tx, who, p)
	return by != "", err
}

// bar keeps out the mailboxes that somebody disabled can read, or could of late.
func bar(tx Tx, who address.Address, p codec.Person, now time.Time) (codec.Person, error) {
	trail, _, err := load[codec.Trail](tx, trailKey(who))
	if err != nil {
		return p, err
	}
	trail = trail.Since(codec.Millis(now.Add(-people.FormerFor)))
	trail = append(trail, codec.Trace{Address: who, Proven: true})
	if p.Recovery != "" {
		trail = append(trail, codec.Trace{Address: p.Recovery, Proven: true})
	}
	proven := make(map[string]bool) // by mailbox
	for _, t := range trail {
		proven[t.Address.Fold()] = proven[t.Address.Fold()] || t.Proven
	}
	var mailboxes []Key
	for mailbox := range proven {
		mailboxes = append(mailboxes, Key{Mailboxes, mailbox})
	}
	if err := tx.Fetch(mailboxes...); err != nil {
		return p, err
	}
	for mailbox, proven := range proven {
		p.Barred = append(p.Barred, mailbox)
		err := changeMailbox(tx, address.Address(mailbox), func(m *codec.Mailbox) {
			m.Bars = append(m.Bars, codec.Bar{By: who, Proposed: !proven})
		})
		if err == nil && proven {
			err = showOut(tx, mailbox, now)
		}
		if err != nil {
			return p, err
		}
	}
	slices.Sort(p.Barred)
	return p, nil
}

// showOut ends sessions and links of everybody with a mailbox.
func showOut(tx Tx, mailbox string, now time.Time) error {
	m, _, err := load[codec.Mailbox](tx, mailboxKey(address.Address(mailbox)))
	if err != nil {
		return err
	}
	for _, who := range append(slices.Clone(m.Variants), address.Address(mailbox)) {
		if _, err := endSessions(tx, who, session.Key{}); err != nil {
			return err
		}
		if _, err := endLinks(tx, who, now); err != nil {
			return err
		}
	}
	return nil
}

// lift lets in again whom somebody keeps out who was disabled.
func lift(tx Tx, who address.Address, p codec.Person) (codec.Person, error) {
	for _, mailbox := range p.Barred {
		if err := changeMailbox(tx, address.Address(mailbox), func(m *codec.Mailbox) { m.Lift(who) }); err != nil {
			return p, err
		}
	}
	p.Barred = nil
	return p, nil
}

// trace notes another address of somebody, for when they are disabled.
func trace(tx Tx, who, other address.Address, proven bool, now time.Time) error {
	trail, _, err := load[codec.Trail](tx, trailKey(who))
	if err != nil {
		return err
	}
	return saveTrail(tx, who, trail.Add(codec.Trace{Address: other, At: codec.Millis(now), Proven: proven}), now)
}

func saveTrail(tx Tx, who address.Address, trail codec.Trail, now time.Time) error {
	trail = trail.Since(codec.Millis(now.Add(-people.FormerFor)))
	if len(trail) == 0 {
		return tx.Delete(trailKey(who))
	}
	return save(tx, trailKey(who), trail, codec.Time(trail[len(trail)-1].At).Add(people.FormerFor))
}
