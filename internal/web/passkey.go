package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// rpID is what passkeys are for at an origin.
func (d *Door) rpID(origin gate.Origin) string {
	id, _ := passkey.Domain(origin.Host(), d.PasskeyDomain)
	return id
}

// party is the site towards browsers and their passkeys; false where there are none.
func (d *Door) party(c *call) (p passkey.Party, possible bool) {
	p.Origin, p.Name = c.origin.String(), c.origin.Host()
	p.ID, possible = passkey.Domain(c.origin.Host(), d.PasskeyDomain)
	return p, possible && d.Passkeys != nil
}

// keeper is the session of somebody who may keep passkeys here. Where it is nil, the answer
// has been given, with back as the way on.
func (d *Door) keeper(c *call, back string) (*session.Session, passkey.Party) {
	s := d.somebody(c, back)
	party, possible := d.party(c)
	if s != nil && !possible {
		d.problem(c, http.StatusNotFound)
		return nil, party
	}
	return s, party
}

// useOptions are what a browser is asked for a passkey with. They are bound to its mark;
// empty for one without, which asks for them once somebody does something, and where there
// are no passkeys.
func (d *Door) useOptions(c *call) string { return d.optionsFor(c, d.mark(c).browser) }

func (d *Door) optionsFor(c *call, browser signin.Browser) string {
	party, possible := d.party(c)
	if !possible || browser == (signin.Browser{}) {
		return ""
	}
	options, err := d.Passkeys.Options(party, browser)
	if err != nil {
		d.Logger.Error("making options for a passkey", "error", err)
		return ""
	}
	return string(options)
}

// passkeyOptions are options for a page that came with none, or has used them up.
func (d *Door) passkeyOptions(c *call, _ []byte) {
	here := d.mark(c)
	if here.browser == (signin.Browser{}) {
		here.browser = signin.NewBrowser()
		d.setMark(c, here)
	}
	options := d.optionsFor(c, here.browser)
	if options == "" {
		d.problem(c, http.StatusNotFound)
		return
	}
	c.json(http.StatusOK, "application/json", json.RawMessage(options))
}

// wayOn tells our script where to go.
type wayOn struct {
	To string `json:"to"`
}

// usePasskey signs in by passkey. Whatever is wrong with it, the answer is the same.
func (d *Door) usePasskey(c *call, body []byte) {
	to := d.wants(c, c.r.URL.Query().Get(toField))
	party, possible := d.party(c)
	if !possible {
		d.problem(c, http.StatusNotFound)
		return
	}
	attempt := d.attempt(c)
	result, err := d.Passkeys.SignIn(c.r.Context(), d.site(c), party, attempt, body)
	switch {
	case errors.Is(err, passkey.ErrMalformed):
		d.writeProblem(c, http.StatusBadRequest, "this is not what navigator.credentials.get() returns")
	case errors.Is(err, passkey.ErrRefused):
		d.writeProblem(c, http.StatusForbidden, "this passkey does not sign in here")
	case err != nil:
		d.notRedeemed(c, attempt, result, err)
	case !d.setSession(c, result.SessionID):
		d.problem(c, http.StatusInternalServerError)
	default:
		here := d.mark(c)
		here.browser, here.familiar = attempt.Mark, true
		d.setMark(c, here)
		c.json(http.StatusOK, "application/json", wayOn{to})
	}
}
