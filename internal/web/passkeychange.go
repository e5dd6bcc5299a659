package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
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
	if fields.Has("code") && !d.takeCode(c, s, passkeyChanges, fields) {
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
	c.seeOther(gate.AccountPath + "?" + changedField + "=" + string(notice))
}

// passkeyNotChanged answers that a passkey was not changed, with what would change it.
func (d *Door) passkeyNotChanged(c *call, s *session.Session, fields url.Values, err error) {
	switch {
	case errors.Is(err, passkey.ErrNeedsCode):
		d.askForCode(c, s, passkeyChanges, fields)
	case errors.Is(err, passkey.ErrUnknown), errors.Is(err, passkey.ErrNoName): // as the page shows
		c.seeOther(gate.AccountPath)
	case errors.Is(err, passkey.ErrFull):
		d.showAccount(c, http.StatusConflict, s, view.Account{TooManyPasskeys: true})
	case errors.Is(err, session.ErrEnded), errors.Is(err, people.ErrUnknown):
		d.noSession(c, gate.AccountPath)
	default:
		d.notGuarded(c, s, gate.AccountPath, err)
	}
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

// passkeyRows are a person's passkeys as pages show them, and what their browser is told
// of those that are good here.
func (d *Door) passkeyRows(c *call, s *session.Session) (rows []view.Passkey, accepted string, err error) {
	party, possible := d.party(c)
	if !possible {
		return nil, "", nil
	}
	ring, err := d.Passkeys.List(c.r.Context(), d.member(c, s))
	if err != nil {
		return nil, "", err
	}
	for _, p := range ring.Passkeys {
		row := view.Passkey{ID: string(p.ID), Name: p.Name, Made: p.Made, Used: p.Used, Synced: p.BackedUp}
		if p.RPID != party.ID {
			row.Host = p.RPID
		}
		rows = append(rows, row)
	}
	return rows, signals(ring, party, s), nil
}

// signals is what a browser is told of the passkeys of somebody, so that it offers no others
// and shows the present address (WebAuthn Level 3, section 5.1.10); empty for nothing.
func signals(ring passkey.Keyring, party passkey.Party, s *session.Session) string {
	if ring.Handle == nil {
		return ""
	}
	said := struct {
		RPID     string   `json:"rpId"`
		Handle   string   `json:"userId"`
		Accepted []string `json:"allAcceptedCredentialIds"`
		Name     string   `json:"name"`
		Shown    string   `json:"displayName"`
	}{party.ID, base64.RawURLEncoding.EncodeToString(ring.Handle), []string{}, string(s.Address), string(s.Address)}
	for _, p := range ring.Of(party.ID) {
		said.Accepted = append(said.Accepted, base64.RawURLEncoding.EncodeToString(p.Credential))
	}
	encoded, err := json.Marshal(said)
	if err != nil {
		return ""
	}
	return string(encoded)
}

// showNeeded asks somebody who is signed in for their passkey.
func (d *Door) showNeeded(c *call, to string, s *session.Session) {
	party, _ := d.party(c)
	ring, err := d.Passkeys.List(c.r.Context(), d.member(c, s))
	if err != nil {
		d.failed(c, to, err)
		return
	}
	p := view.PasskeyNeeded{Frame: frame(c), To: to, Has: len(ring.Of(party.ID)) > 0}
	if p.Has {
		p.Options = d.useOptions(c)
	}
	d.show(c, http.StatusOK, p)
}

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
