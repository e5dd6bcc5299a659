package web

import (
	"net/http"
	"net/url"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// mayAdminister reports whether an admin has typed a code from their mail in this
// session a moment ago. The app has our origin: its scripts can send our forms, but
// cannot read mail. If not, the request has been answered with a page that asks for
// the code and sends the same form with it.
func (d *Door) mayAdminister(c *call, s *session.Session, fields url.Values) bool {
	if d.Behind != nil { // no app has the origin of a portal
		return true
	}
	proven, err := d.Account.MayAdminister(c.r.Context(), d.member(c, s))
	switch {
	case err != nil:
		d.failed(c, gate.PeoplePath, err)
		return false
	case proven:
		return true
	case !fields.Has("code"):
		d.askForCode(c, s, fields)
		return false
	}
	return d.takeCode(c, s, fields)
}

// askForCode has a code sent, and asks for it.
func (d *Door) askForCode(c *call, s *session.Session, fields url.Values) {
	change, wait, err := d.Account.Propose(c.r.Context(), d.site(c), d.member(c, s), account.Administer, "")
	switch {
	case err != nil:
		d.failed(c, gate.PeoplePath, err)
	case wait > 0:
		d.throttled(c, view.Throttled{RetryAfter: wait, To: gate.PeoplePath})
	default:
		d.show(c, http.StatusOK, d.administerPage(c, change, fields))
	}
}

// administerPage asks for the code, and carries a form of the people page.
func (d *Door) administerPage(c *call, change account.Change, fields url.Values) view.ConfirmChange {
	p := d.confirmPage(c, change)
	for _, name := range []string{"request", "decision", "who", "action", "session", "confirm"} {
		if fields.Has(name) {
			p.Carried = append(p.Carried, view.CarriedField{Name: name, Value: fields.Get(name)})
		}
	}
	return p
}

// takeCode reports whether the code is right. If not, the request has been answered.
func (d *Door) takeCode(c *call, s *session.Session, fields url.Values) bool {
	change, found, err := d.Account.Pending(c.r.Context(), d.member(c, s))
	switch {
	case err != nil:
		d.failed(c, gate.PeoplePath, err)
		return false
	case !found || change.Kind != account.Administer: // too late, or something else was proposed meanwhile
		d.askForCode(c, s, fields)
		return false
	}
	_, made := d.tryCodes(c, d.member(c, s), d.administerPage(c, change, fields), fields.Get("code"), "")
	return made
}
