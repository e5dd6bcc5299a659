package web

import (
	"net/http"
	"net/url"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// guarded is a form that wants a code from the mail of who sends it.
type guarded struct {
	kind   account.Kind
	fields []string // that are sent again with the code
}

// back is the page that has the form.
func (g guarded) back() string { return view.ConfirmChange{Kind: g.kind}.Back() }

var (
	administering  = guarded{account.Administer, []string{"request", "decision", "who", "action", "session", "confirm", "token", nameField, "site", "days", "paths", "methods", "networks", "groups"}}
	passkeyChanges = guarded{account.Passkeys, []string{addField, idField, nameField, removeField, toField}}
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
		d.askForCode(c, s, administering, fields)
		return false
	}
	return d.prove(c, s, administering, fields)
}

// askForCode has a code sent, and asks for it.
func (d *Door) askForCode(c *call, s *session.Session, form guarded, fields url.Values) {
	change, wait, err := d.Account.Propose(c.r.Context(), d.site(c), d.member(c, s), form.kind, "")
	switch {
	case err != nil:
		d.failed(c, form.back(), err)
	case wait > 0:
		d.throttled(c, view.Throttled{RetryAfter: wait, To: form.back()})
	default:
		d.show(c, http.StatusOK, d.codePage(c, change, form, fields))
	}
}

// codePage asks for the code, and carries the form.
func (d *Door) codePage(c *call, change account.Change, form guarded, fields url.Values) view.ConfirmChange {
	p := d.confirmPage(c, change)
	for _, name := range form.fields {
		if fields.Has(name) {
			p.Carried = append(p.Carried, view.CarriedField{Name: name, Value: fields.Get(name)})
		}
	}
	return p
}

// prove reports whether the code is right, which holds for a while in this session then. If
// not, the request has been answered.
func (d *Door) prove(c *call, s *session.Session, form guarded, fields url.Values) bool {
	return d.takeCode(c, s, form, fields, func(code, newCode string) (account.Result, error) {
		return d.Account.Confirm(c.r.Context(), d.site(c), d.member(c, s), code, newCode)
	})
}

// takeCode reports whether the code of a form was right, and what it confirms done. If not,
// the request has been answered.
func (d *Door) takeCode(c *call, s *session.Session, form guarded, fields url.Values, confirm func(code, newCode string) (account.Result, error)) bool {
	change, found, err := d.Account.Pending(c.r.Context(), d.member(c, s))
	switch {
	case err != nil:
		d.failed(c, form.back(), err)
		return false
	case !found || change.Kind != form.kind: // too late, or something else was proposed meanwhile
		d.askForCode(c, s, form, fields)
		return false
	}
	_, made := d.tryCodes(c, d.codePage(c, change, form, fields), fields, confirm)
	return made
}
