package txstore

import (
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// guest is who asks, and what they may get.
type guest struct {
	person  record.Person // whom the link would be of
	key     []byte        // nil for nothing
	link    record.Link
	message outbox.Message
}

// receive decides what somebody who asks may get: a link that signs in, one to
// ask the owners, or nothing.
func receive(tx Tx, a *signin.Asking) (guest, error) {
	who, policy := a.Request.Address, a.Policy
	person, known, err := load[record.Person](tx, persons, []byte(who))
	if err != nil {
		return guest{}, err
	}
	stands := false // for another person
	if !known {
		if owner := tx.Get(recoveries, []byte(who)); owner != nil {
			who, policy = address.Address(owner), ""
			if person, stands, err = load[record.Person](tx, persons, owner); err != nil {
				return guest{}, err
			}
		}
	}
	g, standing := guest{person: person}, person.Standing.Unpack()
	switch {
	case person.Disabled:
		return g, nil
	case stands || who == a.Request.Address && a.Admission.Admits(standing, a.Now):
		g.key, g.link, g.message = a.Link[:], record.PackLink(a), a.Message
	case a.OfferLink != (signin.LinkKey{}) && who == a.Request.Address && a.Admission.MayAsk(standing):
		g.key, g.link, g.message = a.OfferLink[:], record.PackLink(a), a.Offer
		g.link.Purpose, g.link.Code = signin.ToAsk, nil
	}
	g.link.Address, g.link.Policy, g.link.Revision = who, policy, person.Revision()
	return g, nil
}
