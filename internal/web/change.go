package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
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

// changeAddress sends a link to the address that somebody wants to have.
func (d *Door) changeAddress(c *call) { d.propose(c, false) }

// changeRecovery sends a link to an address for recovery, or takes it away.
func (d *Door) changeRecovery(c *call) { d.propose(c, true) }

func (d *Door) propose(c *call, recovery bool) {
	fields, s := d.own(c)
	if s == nil {
		return
	}
	ctx := c.r.Context()
	if recovery && fields.Get("remove") == "yes" {
		if err := d.Account.DropRecovery(ctx, s.Address); err != nil && !errors.Is(err, people.ErrUnknown) {
			d.unavailable(c, gate.PathPrefix+"/account", err)
			return
		}
		d.showAccount(c, http.StatusOK, s, view.Account{Notice: "removed"})
		return
	}
	typed := strings.TrimSpace(fields.Get("email"))
	other, err := address.Parse(typed)
	if err != nil {
		d.showAccount(c, http.StatusUnprocessableEntity, s, view.Account{Notice: "malformed", NoticeAddress: firstRunes(typed, address.MaxLength)})
		return
	}
	if other != s.Address { // which there is nothing to prove of
		if err := d.Account.Propose(ctx, d.site(c), s.Address, other, recovery); err != nil {
			d.unavailable(c, gate.PathPrefix+"/account", err)
			return
		}
	}
	d.showAccount(c, http.StatusOK, s, view.Account{Notice: "sent", NoticeAddress: string(other)})
}

// proveForm is where messages lead that change an account.
func (d *Door) proveForm(c *call) { d.show(c, http.StatusOK, view.Prove{Frame: frame(c)}) }

// proveKinds are the purposes of links that change an account, as pages know
// them.
var proveKinds = map[signin.Purpose]view.ProveKind{signin.ToMove: "move", signin.ToRecover: "recover", signin.ToUndo: "undo", signin.ToForget: "forget"}

// prove shows what a link changes, and changes it once that is confirmed.
// Whoever holds the token reads the mailbox; it needs no session.
func (d *Door) prove(c *call) {
	fields, ok := d.form(c)
	if !ok {
		return
	}
	token, here := pastedToken(fields.Get("token")), gate.PathPrefix+"/account/prove"
	act := d.Account.ByToken
	confirmed := fields.Get("confirm") == "yes"
	if confirmed {
		act = d.Account.Confirm
	}
	change, outcome, err := act(c.r.Context(), d.site(c), token)
	kind := proveKinds[change.Purpose]
	switch {
	case errors.Is(err, account.ErrNotAdmitted):
		d.show(c, http.StatusForbidden, view.NotAdmitted{Frame: frame(c), Email: string(change.Address), To: "/"})
	case errors.Is(err, people.ErrUnknown), errors.Is(err, account.ErrTaken), err == nil && outcome != signin.SignedIn:
		d.show(c, http.StatusUnprocessableEntity, view.Prove{Frame: frame(c), Unknown: true})
	case err != nil:
		d.unavailable(c, here, err)
	case confirmed:
		d.show(c, http.StatusOK, view.Proved{Frame: frame(c), Kind: kind, Email: string(change.Address)})
	default:
		d.show(c, http.StatusOK, view.Prove{
			Frame: frame(c), Token: token, Kind: kind, Email: string(change.Address), Person: string(change.Person),
		})
	}
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
	if err := d.Account.Delete(c.r.Context(), s.Address); err != nil && !errors.Is(err, people.ErrUnknown) {
		d.unavailable(c, gate.PathPrefix+"/account/delete", err)
		return
	}
	http.SetCookie(c.w, c.visit.Cookie().Clear())
	c.w.Header().Set("Clear-Site-Data", `"cache"`)
	d.show(c, http.StatusOK, view.DeletedMe{Frame: frame(c)})
}
