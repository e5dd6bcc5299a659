package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/admin"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/token"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// whoIs tells a program who is signed in.
func (d *Door) whoIs(c *call) {
	s, err := c.visit.Session(c.r)
	switch {
	case err != nil:
		d.failed(c, "/", err)
		return
	case s == nil:
		d.signInRequired(c, "")
		return
	}
	groups := d.GroupsOf(s.Address, s.Standing())
	if groups == nil {
		groups = []string{} // a list in JSON, and not null
	}
	id := gate.IdentityOf(s.Address, groups)
	c.json(http.StatusOK, "application/json", struct {
		User     string   `json:"user"`
		Email    string   `json:"email"`
		Groups   []string `json:"groups"`
		Name     string   `json:"name"`
		SignedIn string   `json:"signed_in"`
		Expires  string   `json:"expires"`
	}{
		id.User, id.Email, groups, id.Name,
		signedInAt(s), s.Expires().UTC().Format(time.RFC3339),
	})
}

// signedInAt is when the address was proven, as programs and our script are told.
func signedInAt(s *session.Session) string { return s.SignedIn().UTC().Format(time.RFC3339Nano) }

// somebody is the session of the visitor. Where it is nil, the answer has been given,
// with back as the way on.
func (d *Door) somebody(c *call, back string) *session.Session {
	s, err := c.visit.Session(c.r)
	switch {
	case err != nil:
		d.failed(c, back, err)
	case s == nil:
		d.noSession(c, back)
	}
	return s
}

// account shows who is signed in, and where.
func (d *Door) account(c *call) {
	if s := d.somebody(c, gate.AccountPath); s != nil {
		d.showAccount(c, http.StatusOK, s, view.Account{Notice: view.AccountNotice(c.r.URL.Query().Get(changedField))})
	}
}

// showAccount shows the account of the person of a session.
func (d *Door) showAccount(c *call, status int, s *session.Session, p view.Account) {
	entries, err := d.Admin.SessionsOf(c.r.Context(), s.Address)
	if err == nil {
		var recovery address.Address
		recovery, err = d.Account.Recovery(c.r.Context(), s.Address)
		p.Recovery = string(recovery)
	}
	if err == nil {
		p.Passkeys, p.Accepted, err = d.passkeyRows(c, s)
	}
	if err == nil {
		var tokens []token.Record
		tokens, err = d.Admin.TokensOf(c.r.Context(), s.Address)
		p.Tokens = tokenRows(tokens)
	}
	if err != nil {
		d.failed(c, gate.AccountPath, err)
		return
	}
	_, p.MayHavePasskeys = d.party(c)
	for _, origin := range d.tokenSites(c, s, entries) {
		p.TokenSites = append(p.TokenSites, view.SiteLink{Host: origin.Host(), URL: origin.String()})
	}
	p.Frame, p.Email, p.SignedIn, p.Sessions = frame(c), string(s.Address), s.SignedIn(), sessionRows(entries, s.Key)
	p.AtPortal, p.Sites = d.Behind != nil, d.siteLinks(s)
	d.show(c, status, p)
}

// sessionRows are sessions as pages show them.
func sessionRows(entries []session.Entry, current session.Key) (rows []view.AccountSession) {
	for _, e := range entries {
		rows = append(rows, view.AccountSession{
			ID: e.Key.String(), Browser: e.Device.Browser, System: e.Device.System, Network: e.Device.Network,
			First: e.SignedIn, Last: e.Seen, Current: e.Key == current, Sites: hosts(e.Sites),
		})
	}
	return rows
}

// hosts are those of origins.
func hosts(origins []string) (hosts []string) {
	for _, origin := range origins {
		if host := host(origin); host != "" {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// host is the host of an origin, "" of what is not one.
func host(given string) string {
	origin, err := gate.ParseOrigin(given)
	if err != nil {
		return ""
	}
	return origin.Host()
}

// failedField is a field of the query of the page: signing out has failed in this browser, and
// the page is loaded again. It changes what the page says where nobody is signed in any more.
const failedField = "failed"

// signOutForm asks whether to sign out, since looking at a page must not do it.
func (d *Door) signOutForm(c *call) {
	s, err := c.visit.Session(c.r)
	switch {
	case err != nil: // the button takes the cookie from this browser, whoever it is
		d.show(c, http.StatusOK, view.SignOut{Frame: frame(c), To: "/"})
	case s == nil && d.leadsToPortal(): // somebody may be signed in there
		c.seeOther(d.Portal.String() + gate.SignOutPath)
	case s == nil:
		if c.visit.HadSessionCookie() { // it ended elsewhere; a page of it may wait behind the button that goes back
			d.forgetSession(c)
		}
		if c.r.URL.Query().Has(failedField) {
			d.show(c, http.StatusOK, d.signOutFailedPage(c, true))
			return
		}
		d.show(c, http.StatusOK, view.SignedOut{Frame: frame(c)})
	default:
		d.show(c, http.StatusOK, view.SignOut{Frame: frame(c), Email: string(s.Address), To: "/"})
	}
}

// signOut ends this session, or as the field scope says all (all) or all others
// (others), or the one that the field session names. It is over in the store
// before the answer is given. At a site with a portal it ends this one, with that at the
// portal and all that came of it, and no other: scripts of the app can send our forms.
func (d *Door) signOut(c *call, fields url.Values) {
	if d.leadsToPortal() {
		fields.Del("scope")
		fields.Del("session")
	}
	s, err := c.visit.Session(c.r)
	ended := fields.Get("session") == "" && fields.Get("scope") != "others"
	if err == nil {
		ended, err = d.end(c, s, fields.Get("scope"), fields.Get("session"))
	}
	if err != nil {
		d.signOutFailed(c, ended, err)
		return
	}
	if s != nil && !ended {
		c.seeOther(gate.AccountPath)
		return
	}
	d.forgetSession(c)
	if fields.Has(toField) {
		c.seeOther(gate.SignInFor(d.wants(c, fields.Get(toField))))
		return
	}
	c.seeOther(gate.SignOutPath)
}

// signOutFailed says that sessions could not be ended. A browser that is to be signed out
// itself loses its cookie all the same: somebody may be about to leave the machine. A site
// can take none but its own, so from there the way leads to the portal.
func (d *Door) signOutFailed(c *call, here bool, err error) {
	p := d.signOutFailedPage(c, here)
	detail := "no session could be ended just now; try again soon"
	if here {
		d.forgetSession(c)
		detail = "the cookie is deleted, and the session could not be ended just now: it may still be open elsewhere"
	}
	if d.leadsToPortal() {
		p.Portal = view.SiteLink{Host: d.Portal.Host(), URL: d.Portal.String() + gate.SignOutPath}
		detail += "; sign out at " + p.Portal.URL + ", too"
	}
	d.failedWith(c, p, detail, err)
}

func (d *Door) signOutFailedPage(c *call, here bool) view.SignOutFailed {
	return view.SignOutFailed{Frame: frame(c), Forgotten: here, AtPortal: d.Behind != nil}
}

// end ends sessions and reports whether that of this browser is among them.
func (d *Door) end(c *call, s *session.Session, scope, named string) (endedThis bool, err error) {
	if s == nil {
		return true, nil
	}
	ctx, m := c.r.Context(), admin.Member{Origin: c.origin.String(), Address: s.Address, Session: s.Key}
	if named != "" && named != s.Key.String() {
		other, ok := session.ParseKey(named)
		if !ok {
			return false, nil
		}
		return false, d.Admin.SignOutOne(ctx, m, other)
	}
	switch {
	case named == "" && scope == "others":
		return false, d.Admin.SignOutElsewhere(ctx, m)
	case named == "" && scope == "all":
		return true, d.Admin.SignOutEverywhere(ctx, m)
	}
	return true, d.Admin.SignOut(ctx, m)
}
