package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// own reads a form about the account of whoever is signed in. Where the session
// is nil, the answer has been given.
func (d *Door) own(c *call) (url.Values, *session.Session) {
	fields, ok := d.form(c)
	if !ok {
		return nil, nil
	}
	return fields, d.somebody(c, gate.PathPrefix+"/account")
}

// deleteForm asks whether somebody wants to be forgotten.
func (d *Door) deleteForm(c *call) {
	if s := d.somebody(c, gate.PathPrefix+"/account/delete"); s != nil {
		d.show(c, http.StatusOK, view.DeleteMe{Frame: frame(c), Email: string(s.Address)})
	}
}

// deleteMe forgets whoever is signed in.
func (d *Door) deleteMe(c *call) {
	fields, s := d.own(c)
	if s == nil {
		return
	}
	if fields.Get("confirm") != "yes" {
		d.show(c, http.StatusOK, view.DeleteMe{Frame: frame(c), Email: string(s.Address)})
		return
	}
	if err := d.Roster.Remove(c.r.Context(), s.Address); err != nil && !errors.Is(err, people.ErrUnknown) {
		d.unavailable(c, gate.PathPrefix+"/account/delete", err)
		return
	}
	http.SetCookie(c.w, c.visit.Cookie().Clear())
	c.w.Header().Set("Clear-Site-Data", `"cache"`)
	d.show(c, http.StatusOK, view.DeletedMe{Frame: frame(c)})
}
