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
func (d *Door) notGuarded(c *call, back string, err error) {
	needs, guarded := errors.AsType[*signin.NeedsPasskey](err)
	party, _ := d.party(c)
	switch {
	case !guarded:
		d.failed(c, back, err)
	case needs.RPID == party.ID:
		c.seeOther(signInAgain(againByPasskey, back))
	default:
		d.show(c, http.StatusForbidden, view.PasskeyElsewhere{Frame: frame(c), There: needs.RPID})
	}
}
