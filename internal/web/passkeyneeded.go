package web

import (
	"errors"
	"net/http"

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

// notGuarded answers somebody who has to show a passkey first, and whatever else went wrong.
// What they have may be good at another site only.
func (d *Door) notGuarded(c *call, s *session.Session, back string, err error) {
	if !errors.Is(err, signin.ErrNeedsPasskey) {
		d.failed(c, back, err)
		return
	}
	m := d.member(c, s)
	ring, err := d.Passkeys.List(c.r.Context(), m)
	if err != nil {
		d.failed(c, back, err)
		return
	}
	elsewhere := ""
	for _, p := range ring.Passkeys {
		switch {
		case !m.Guard.Requires(p.RPID):
		case p.RPID == m.Guard.RPID:
			c.seeOther(signInAgain(againByPasskey, back))
			return
		default:
			elsewhere = p.RPID
		}
	}
	d.show(c, http.StatusForbidden, view.PasskeyElsewhere{Frame: frame(c), There: elsewhere})
}
