package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// Refuse answers a request for the app that does not pass. uri is the one that the
// visitor sent.
func (d *Door) Refuse(w http.ResponseWriter, r *http.Request, uri string, verdict gate.Verdict, v *gate.Visit, client netip.Addr) {
	begun := newCall(w, r, v)
	c := &begun
	c.client, c.forProgram = client, v.HasToken()
	if c.forProgram && verdict != gate.WrongHost && verdict != gate.Forbidden {
		d.refuseProgram(c, verdict)
		return
	}
	switch verdict {
	case gate.WrongHost:
		d.problem(c, http.StatusMisdirectedRequest)
	case gate.Forbidden:
		d.problem(c, http.StatusMethodNotAllowed)
	case gate.Unavailable:
		_, err := v.Session(r)
		d.failed(c, gate.ReturnTo(uri), err)
	case gate.NotAdmitted:
		d.notAdmitted(c, uri)
	case gate.NotRecent, gate.NoPasskey:
		d.proveAgain(c, uri, verdict)
	default:
		d.noSession(c, uri)
	}
}

func (d *Door) noSession(c *call, uri string) {
	switch gate.Classify(c.r) {
	case gate.Navigation:
		if c.visit.HadSessionCookie() {
			http.SetCookie(c.w, c.visit.Cookie().Clear())
			c.clearStrays(uri)
		}
		if d.leadsToPortal() {
			d.leave(c, errand{to: gate.ReturnTo(uri)})
			return
		}
		c.seeOther(gate.SignInFor(gate.ReturnTo(uri)))
	case gate.PageFetch:
		d.showUnauthorized(c, view.SignInNeeded{Frame: frame(c), To: gate.ReturnTo(uri)})
	case gate.FormSubmit:
		d.formNotSent(c, uri, "")
	default:
		d.signInRequired(c, "")
	}
}

// formNotSent answers a form of somebody who has to sign in first. again is as in showSignIn.
func (d *Door) formNotSent(c *call, uri, again string) {
	if fields, kept := d.keepForm(c, uri); kept {
		d.showUnauthorized(c, view.FormKept{Frame: frame(c), Action: uri, Fields: fields, SignIn: gate.RenewPath})
		return
	}
	d.showUnauthorized(c, view.FormNotSent{Frame: frame(c), Back: formPage(c), Again: again, FromElsewhere: fromElsewhere(c)})
}

func (d *Door) showUnauthorized(c *call, page view.Page) {
	c.w.Header().Set("WWW-Authenticate", d.challenge(c, "").authenticate)
	d.show(c, http.StatusUnauthorized, page)
}

// fromElsewhere reports whether a form that came without our cookie is of another
// site: browsers send none along then, so nobody knows whether somebody is signed in.
func fromElsewhere(c *call) bool {
	if c.visit.HadSessionCookie() {
		return false
	}
	if site := c.r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "cross-site"
	}
	origin := c.r.Header.Get("Origin")
	return origin != "" && origin != "null" && origin != c.origin.String()
}

// formPage is the page of this site that has the submitted form.
func formPage(c *call) string {
	referer, err := url.Parse(c.r.Header.Get("Referer"))
	if err != nil || !strings.EqualFold(referer.Scheme+"://"+referer.Host, c.origin.String()) {
		return "/"
	}
	return gate.ReturnTo(referer.RequestURI())
}

// What the field again asks for: another proof of the address, or one by a passkey.
const (
	againAnyhow    = "1"
	againByPasskey = "passkey"
)

// readAgain reads the field, of which nothing but these words goes on.
func readAgain(query url.Values) string {
	switch {
	case !query.Has(againField):
		return ""
	case query.Get(againField) == againByPasskey:
		return againByPasskey
	}
	return againAnyhow
}

// proveAgain asks for a new proof of who is signed in. The session stays: other paths may
// take the one that it has.
func (d *Door) proveAgain(c *call, uri string, verdict gate.Verdict) {
	to, again := gate.ReturnTo(uri), againAnyhow
	if verdict == gate.NoPasskey {
		again = againByPasskey
	}
	switch gate.Classify(c.r) {
	case gate.Navigation:
		switch {
		case !d.leadsToPortal():
			c.seeOther(signInAgain(again, to))
		case c.visit.HasEnded(c.r.Context()): // who has just given the proof at the portal is not asked again
			d.noSession(c, uri)
		default:
			d.leave(c, errand{to: to, again: again})
		}
	case gate.PageFetch:
		d.showUnauthorized(c, view.SignInNeeded{Frame: frame(c), To: to, Again: again})
	case gate.FormSubmit:
		d.formNotSent(c, uri, again)
	default:
		d.signInRequired(c, again)
	}
}

// signInAgain is the path where somebody who is signed in gives another proof.
func signInAgain(again, to string) string {
	return gate.SignInPath + "?" + againField + "=" + again + "&to=" + url.QueryEscape(to)
}

func (d *Door) notAdmitted(c *call, uri string) {
	if gate.Classify(c.r) == gate.Program {
		d.writeProblem(c, http.StatusForbidden, "the person who is signed in has no access here")
		return
	}
	s, _ := c.visit.Session(c.r)
	d.showNotAdmitted(c, gate.ReturnTo(uri), s, d.Rules)
}

// showNotAdmitted says that the rules of a site do not admit somebody. At a site with a
// portal the owners are asked there.
func (d *Door) showNotAdmitted(c *call, to string, s *session.Session, rules signin.Rules) {
	p := view.NotAdmitted{Frame: frame(c), To: to, AtPortal: d.leadsToPortal()}
	if s != nil {
		p.Email, p.MayAsk = string(s.Address), rules.Admission(s.Address).MayAsk(s.Standing())
	}
	d.show(c, http.StatusForbidden, p)
}
