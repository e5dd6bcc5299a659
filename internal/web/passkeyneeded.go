package web

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// showNeeded asks somebody who is signed in for their passkey.
func (d *Door) showNeeded(c *call, to string, s *session.Session) {
	party, _ := d.party(c)
	ring, err := d.Passkeys.List(c.r.Context(), d.member(c, s))
	if err != nil {
		d.failed(c, to, err)
		return
	}
	p := view.PasskeyNeeded{Frame: frame(c), To: to, Has: len(ring.Of(party.ID)) > 0, Accepted: signals(ring, party, s)}
	if p.Has {
		p.Options = d.useOptions(c)
	}
	d.show(c, http.StatusOK, p)
}

// askForPasskey asks somebody who has to show a passkey first. What they have may be good at
// another site only, and what they wanted is done there, then, if it can be.
func (d *Door) askForPasskey(c *call, back string, needs *signin.NeedsPasskey) {
	if party, possible := d.party(c); possible && needs.RPID == party.ID {
		c.seeOther(signInAgain(againByPasskey, back))
		return
	}
	if back != gate.PeoplePath {
		back = gate.AccountPath
	}
	there := needs.RPID
	if there == "" { // nowhere yet, and there can be none here
		there = d.rpID(d.Requiring("", nil)[0].Origin)
	}
	p := view.PasskeyElsewhere{Frame: frame(c), There: there}
	if s, err := c.visit.Session(c.r); err == nil && s != nil {
		for _, place := range d.Requiring(s.Address, s.Standing()) {
			if d.rpID(place.Origin) == needs.RPID && (back != gate.PeoplePath || place.People) {
				p.URL = place.String() + signInAgain(againByPasskey, back)
			}
		}
	}
	d.show(c, http.StatusForbidden, p)
}
