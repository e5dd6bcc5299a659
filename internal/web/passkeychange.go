package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// Fields of the form that changes passkeys.
const (
	addField    = "add"
	idField     = "id"
	nameField   = "name"
	removeField = "remove"
)

// changePasskey renames or removes a passkey, or leads to the page that makes one.
func (d *Door) changePasskey(c *call, fields url.Values) {
	s, party := d.keeper(c, gate.AccountPath)
	if s == nil {
		return
	}
	if fields.Has("code") && !d.prove(c, s, passkeyChanges, fields) {
		return
	}
	ctx, m, id := c.r.Context(), d.member(c, s), passkey.ID(fields.Get(idField))
	notice := view.PasskeyRemoved
	var err error
	switch {
	case fields.Get(addField) == "yes":
		if err = d.Passkeys.MayAdd(ctx, party, m); err == nil {
			c.seeOther(gate.PasskeyPath + "?" + toField + "=" + url.QueryEscape(d.wants(c, fields.Get(toField))))
			return
		}
	case fields.Get(removeField) == "yes":
		err = d.Passkeys.Remove(ctx, d.site(c), m, id)
	case fields.Has(nameField):
		notice, err = view.PasskeyRenamed, d.Passkeys.Rename(ctx, d.site(c), m, id, fields.Get(nameField))
	default:
		d.problem(c, http.StatusBadRequest)
		return
	}
	if err != nil {
		d.passkeyNotChanged(c, s, fields, err)
		return
	}
	c.seeOther(accountWith(notice))
}

// passkeyNotChanged answers that a passkey was not changed, with what would change it.
func (d *Door) passkeyNotChanged(c *call, s *session.Session, fields url.Values, err error) {
	switch {
	case errors.Is(err, passkey.ErrNeedsCode):
		d.askForCode(c, s, passkeyChanges, fields)
	case errors.Is(err, passkey.ErrUnknown): // somebody was quicker, or it never was
		c.seeOther(accountWith(view.Gone))
	case errors.Is(err, passkey.ErrNoName):
		d.showAccount(c, http.StatusUnprocessableEntity, s, view.Account{UnnamedPasskey: fields.Get(idField)})
	case errors.Is(err, passkey.ErrFull):
		d.showAccount(c, http.StatusConflict, s, view.Account{TooManyPasskeys: true})
	case errors.Is(err, session.ErrEnded), errors.Is(err, people.ErrUnknown):
		d.noSession(c, gate.AccountPath)
	default:
		d.failed(c, gate.AccountPath, err)
	}
}
