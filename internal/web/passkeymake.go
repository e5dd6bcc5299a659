package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

const (
	// passkeysField is a field of forms that sign in: the device can make a passkey by itself.
	passkeysField = "passkeys"
	// offerField is a field of the query: the person did not ask for the page.
	offerField = "offer"
	// offerPause is how long a browser waits for the next offer.
	offerPause = 30 * 24 * time.Hour
)

// mayOffer reports whether a browser in which somebody has just signed in by mail is
// offered to make a passkey.
func (d *Door) mayOffer(c *call, before mark) bool {
	_, possible := d.party(c)
	return possible && c.canMakePasskey && !c.renews && c.now.Sub(before.offered) >= offerPause
}

// makeForm offers to make a passkey. Its options come with a page that was opened, and are
// not given to a fetch: a script of the app would make a passkey of its own with them. A
// browser that does not say which it is, or whose pages a service worker of the app fetches,
// gets none either, so it is offered nothing, and who asked for the page is told.
func (d *Door) makeForm(c *call) {
	query := c.r.URL.Query()
	to := d.wants(c, query.Get(toField))
	s, party := d.keeper(c, to)
	if s == nil {
		return
	}
	c.renews = false // the page is tied to no page that opened it
	p := view.MakePasskey{Frame: frame(c), To: to, Offer: query.Has(offerField)}
	opened := c.r.Header.Get("Sec-Fetch-Dest") == "document"
	if !opened && p.Offer {
		c.seeOther(to)
		return
	}
	if opened {
		m := d.member(c, s)
		options, err := d.Passkeys.CreationOptions(c.r.Context(), party, m)
		var ring passkey.Keyring
		if err == nil {
			ring, err = d.Passkeys.List(c.r.Context(), m)
		}
		switch {
		case err != nil && p.Offer: // which stands in nobody's way
			c.seeOther(to)
			return
		case errors.Is(err, passkey.ErrNeedsCode):
			c.seeOther(gate.AccountPath) // whose button sends a code, as no page does that is only opened
			return
		case err != nil:
			d.passkeyNotChanged(c, s, nil, err)
			return
		}
		p.Options, p.Accepted = string(options), signals(ring, party, s)
	}
	d.show(c, http.StatusOK, p)
}

// makePasskey keeps a passkey that a browser made.
func (d *Door) makePasskey(c *call, body []byte) {
	to := d.wants(c, c.r.URL.Query().Get(toField))
	s, party := d.keeper(c, to)
	if s == nil {
		return
	}
	_, err := d.Passkeys.Add(c.r.Context(), d.site(c), party, d.member(c, s), body)
	switch {
	case errors.Is(err, passkey.ErrMalformed):
		d.writeProblem(c, http.StatusBadRequest, "this is not what navigator.credentials.create() returns")
	case errors.Is(err, passkey.ErrRefused), errors.Is(err, passkey.ErrFull), errors.Is(err, passkey.ErrNeedsCode),
		errors.Is(err, signin.ErrNeedsPasskey):
		d.writeProblem(c, http.StatusForbidden, "this passkey is not added: "+err.Error())
	case errors.Is(err, session.ErrEnded), errors.Is(err, people.ErrUnknown):
		d.noSession(c, to)
	case err != nil:
		d.failed(c, to, err)
	default:
		if to == gate.AccountPath {
			to = accountWith(view.PasskeyAdded)
		}
		c.json(http.StatusOK, "application/json", wayOn{to})
	}
}
