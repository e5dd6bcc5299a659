package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/token"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// tokenMaking is the form that makes a token of a person. Scripts of an app can send it, and
// cannot read mail.
var tokenMaking = guarded{account.Token, []string{nameField, "site", "days"}}

// changeToken makes or ends a token of a person.
func (d *Door) changeToken(c *call, fields url.Values) {
	s := d.somebody(c, gate.AccountPath)
	switch {
	case s == nil:
	case fields.Has("end"):
		d.endToken(c, s, token.ID(fields.Get("end")))
	default:
		d.makeToken(c, s, fields)
	}
}

func (d *Door) endToken(c *call, s *session.Session, id token.ID) {
	switch _, err := d.Admin.EndToken(c.r.Context(), id, s.Address); {
	case errors.Is(err, token.ErrUnknown): // somebody was quicker, or it never was
		c.seeOther(accountWith(view.Gone))
	case err != nil:
		d.failed(c, gate.AccountPath, err)
	default:
		c.seeOther(accountWith(view.TokenEnded))
	}
}

func (d *Door) makeToken(c *call, s *session.Session, fields url.Values) {
	site, name := fields.Get("site"), strings.TrimSpace(fields.Get(nameField))
	entries, err := d.Admin.SessionsOf(c.r.Context(), s.Address)
	if err != nil {
		d.failed(c, gate.AccountPath, err)
		return
	}
	life, ok := readLife(fields)
	if !ok || !slices.ContainsFunc(d.tokenSites(c, s, entries), func(o gate.Origin) bool { return o.String() == site }) {
		d.problem(c, http.StatusBadRequest)
		return
	}
	m := d.member(c, s)
	t, err := d.Account.CheckToken(m, name, site, life)
	if err != nil {
		d.showAccount(c, http.StatusUnprocessableEntity, s, view.Account{NewToken: view.TokenField{Typed: name, Problem: view.TokenUnnamed}})
		return
	}
	if !fields.Has("code") {
		d.askForCode(c, s, tokenMaking, fields)
		return
	}
	var text string
	made := d.takeCode(c, s, tokenMaking, fields, func(code, _ string) (result account.Result, err error) {
		result, text, err = d.Account.MakeToken(c.r.Context(), d.site(c), m, t, code)
		return result, err
	})
	if made {
		d.show(c, http.StatusOK, view.MadeToken{Frame: frame(c), Name: t.Name, Host: host(site), Text: text, Back: gate.AccountPath})
	}
}

// readLife reads how long a new token lasts; false for what the form does not offer.
func readLife(fields url.Values) (time.Duration, bool) {
	days, err := strconv.Atoi(fields.Get("days"))
	return time.Duration(days) * 24 * time.Hour, err == nil && slices.Contains(view.TokenDays[:], days)
}

// tokenRows are the tokens of a person as pages show them.
func tokenRows(list []token.Record) (rows []view.Token) {
	for _, r := range list {
		rows = append(rows, view.Token{
			ID: string(r.ID), Name: r.Name, Host: strings.Join(hosts(r.Sites), ", "), Service: !r.IsPersonal(), Made: r.Made, Used: r.Used, Expires: r.Expires,
		})
	}
	return rows
}

// tokenSites are the sites for which somebody may make tokens. Of a wildcard these are the hosts
// where they have been: this one, and at a portal those that have sessions of theirs.
func (d *Door) tokenSites(c *call, s *session.Session, entries []session.Entry) []gate.Origin {
	been := []gate.Origin{c.origin}
	for _, e := range entries {
		for _, scope := range e.Sites {
			if origin, err := gate.ParseOrigin(scope); err == nil {
				been = append(been, origin)
			}
		}
	}
	return d.TokenSites(s, been)
}
