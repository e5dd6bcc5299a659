// Package web serves the pages and forms under /_doorpost, and answers requests that
// may not pass.
package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/admin"
	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail/console"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/portal"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// Door serves the pages of one site. It is safe for concurrent use.
type Door struct {
	Parts
	request      session.Signer // of the request cookie
	confirmation session.Signer // proves that a confirm page was shown
	pages        map[string]page
	challenges   map[gate.Origin]*challenge
}

// Parts is what a Door needs.
type Parts struct {
	Service       *signin.Service
	Access        *access.Service
	Account       *account.Service
	Admin         *admin.Service
	IsAdmin       func(*session.Session) bool // who may open /_doorpost/people; nil where it is not served
	GroupsOf      func(address.Address, *people.Standing) []string
	Origins       gate.Origins                                    // of the site
	Rules         signin.Rules                                    // of all blocks: an address that one of them admits may ask for a link
	Requiring     func(address.Address, *people.Standing) []Place // sites that require a passkey, and that somebody may enter if an address is given
	PasskeyDomain string                                          // that passkeys are for, with all hosts below it; empty: for each host of the site its own
	Proof         gate.Proof                                      // what all blocks of the site ask for beyond a session
	Views         *view.Views
	Languages     *text.Catalogue
	Passkeys      *passkey.Service // nil: there are none
	Portal        gate.Origin      // where people sign in to all sites; zero: at this one
	Tickets       *portal.Service  // with Portal
	Tokens        Tokens
	TokenSites    func(of *session.Session, been []gate.Origin) []gate.Origin // for which somebody may make tokens for themselves, from here; been tells hosts of wildcards
	Audit         *audit.Log
	Behind        Sites            // the sites that share a portal; nil for a door that is none
	Assertions    *assertion.Keys  // nil: apps get none
	Mailbox       *console.Console // has the demo's messages; nil without demo
	Hooks         map[string]Hook  // by path below /_doorpost; may be empty
	Logger        *slog.Logger
}

// Place is a site that requires a passkey.
type Place struct {
	gate.Origin      // one of its own
	People      bool // it has the page of the admins
}

// page has the handlers of one path: for GET (and HEAD), for a form, for what our script
// sends as JSON, and for a report of another program. Answers to the last two are for
// programs, whatever the request accepts. They are nil for what the path does not allow.
type page struct {
	get    func(*call)
	post   func(*call, url.Values)
	script func(*call, []byte)
	report func(*call)
}

// NewDoor makes the door of a site.
func NewDoor(ring keys.Ring, parts Parts) *Door {
	d := &Door{Parts: parts}
	d.request = session.NewSigner(ring, keys.RequestCookie, familiarLife) // requests themselves end earlier, in the store
	d.confirmation = session.NewSigner(ring, keys.Confirmation, parts.Service.LinkLife)
	d.challenges = make(map[gate.Origin]*challenge)
	for _, origin := range parts.Origins.All() {
		d.challenges[origin] = newChallenge(origin, "")
	}
	script, _ := view.Script()
	if d.leadsToPortal() {
		d.pages = map[string]page{
			gate.SignInPath:  {get: d.signInAtPortal},
			gate.EnterPath:   {get: d.enter},
			gate.SessionPath: {get: d.whoIs},
			gate.RenewPath:   {get: d.renew},
			gate.ScriptPath:  {get: d.sessionScript},
			gate.KeysPath:    {get: d.keys},
			gate.SignOutPath: {get: d.signOutForm, post: d.signOut},
			script:           {get: d.script},
		}
		return d
	}
	d.pages = map[string]page{
		gate.SignInPath:        {get: d.signInForm, post: d.ask},
		gate.CheckMailPath:     {get: d.checkMail},
		gate.CodePath:          {post: d.redeemCode},
		gate.LinkPath:          {get: d.landing, post: d.redeemLink},
		gate.StopPath:          {get: d.stopForm, post: d.stop},
		gate.RequestAccessPath: {get: d.accessRequestForm, post: d.requestAccess},
		gate.DecideAccessPath:  {get: d.accessDecisionForm, post: d.decideAccess},
		gate.SessionPath:       {get: d.whoIs},
		gate.RenewPath:         {get: d.renew},
		gate.ScriptPath:        {get: d.sessionScript},
		gate.KeysPath:          {get: d.keys},
		gate.AccountPath:       {get: d.account},
		gate.SignOutPath:       {get: d.signOutForm, post: d.signOut},
		gate.PeoplePath:        {get: d.people, post: d.changePeople},

		gate.ChangeAddressPath:  {post: d.proposeAddress},
		gate.ChangeRecoveryPath: {post: d.proposeRecovery},
		gate.DeleteAccountPath:  {get: d.deleteForm, post: d.proposeLeaving},
		gate.ConfirmChangePath:  {get: d.confirmForm, post: d.confirmChange},

		gate.ChangeTokenPath: {post: d.changeToken},

		gate.PasskeyPath:        {get: d.makeForm, script: d.usePasskey},
		gate.PasskeyOptionsPath: {script: d.passkeyOptions},
		gate.NewPasskeyPath:     {script: d.makePasskey},
		gate.ChangePasskeyPath:  {post: d.changePasskey},

		script: {get: d.script},
	}
	if parts.Passkeys == nil {
		for _, path := range []string{gate.PasskeyPath, gate.PasskeyOptionsPath, gate.NewPasskeyPath, gate.ChangePasskeyPath} {
			delete(d.pages, path)
		}
	}
	if parts.IsAdmin == nil {
		delete(d.pages, gate.PeoplePath)
	}
	if d.Behind != nil {
		d.pages[gate.EnterPath] = page{get: d.letThrough}
		d.pages["/"] = page{get: func(c *call) { c.seeOther(gate.AccountPath) }}
	}
	if parts.Mailbox != nil {
		d.pages[gate.MailboxPath] = page{get: d.mailbox}
	}
	for path, hook := range parts.Hooks {
		d.pages[gate.PathPrefix+path] = page{report: d.receiveReport(hook)}
	}
	return d
}

// call is one request for a page of ours, or one for the app that is refused.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	visit  *gate.Visit
	origin gate.Origin
	wanted gate.Origin // of the site that the person wants to enter, at a portal; zero if that is not known

	// For a request for a page of ours only.
	client netip.Addr // of the visitor; invalid if unknown
	now    time.Time

	lang *text.Language // of the visitor; nil for a request for the app, until a page is shown

	canMakePasskey bool // the device can by itself, as the form of a sign-in says

	renews bool // the sign-in is for the window that renew opens: it keeps its opener

	forProgram bool // the answer is for a program, whatever the request accepts
}

// newCall returns a value, so that the many refused requests need no allocation for it.
func newCall(w http.ResponseWriter, r *http.Request, v *gate.Visit) call {
	c := call{w: w, r: r, visit: v}
	c.origin, _ = v.Origin()
	return c
}

func (d *Door) language(r *http.Request) *text.Language {
	return d.Languages.Match(r.Header.Get("Accept-Language"))
}

// Serve answers a request for a path under /_doorpost. path is the one that the visitor
// sent. The caller has begun the visit.
func (d *Door) Serve(w http.ResponseWriter, r *http.Request, path string, v *gate.Visit, client netip.Addr) {
	begun := newCall(w, r, v)
	c := &begun
	c.client, c.lang, c.now, c.forProgram = client, d.language(r), time.Now(), v.HasToken()
	if _, ok := v.Origin(); !ok {
		d.problem(c, http.StatusMisdirectedRequest)
		return
	}
	if c.forProgram && path != gate.KeysPath {
		d.writeProblem(c, http.StatusForbidden, "a token is for the app behind the gate; these pages are for people, who sign in")
		return
	}
	p, known := d.pages[path]
	isScript := r.Method == http.MethodPost && p.script != nil
	c.forProgram = p.report != nil || isScript
	isGet, isPost := r.Method == http.MethodGet || r.Method == http.MethodHead, r.Method == http.MethodPost
	if isPost {
		// Audit events come from POST requests only, but for refusals.
		c.r = r.WithContext(audit.WithRequest(r.Context(), client))
	}
	switch {
	case !known && isGet && d.leadsToPortal():
		c.seeOther(d.Portal.String() + r.URL.RequestURI())
	case !known, isPost && p.post == nil && p.report == nil && !isScript && d.leadsToPortal():
		d.problem(c, http.StatusNotFound)
	case isGet && p.get != nil:
		p.get(c)
	case isPost && p.report != nil:
		p.report(c)
	case isScript:
		if body, status := readScript(c); status != 0 {
			d.problem(c, status)
		} else {
			p.script(c, body)
		}
	case isPost && p.post != nil:
		if fields, status := readForm(c); status != 0 {
			d.problem(c, status)
		} else {
			p.post(c, fields)
		}
	default:
		c.w.Header().Set("Allow", p.allowed())
		d.problem(c, http.StatusMethodNotAllowed)
	}
}

// allowed is the value of the header Allow.
func (p page) allowed() string {
	switch {
	case p.get == nil:
		return "POST"
	case p.post == nil && p.script == nil:
		return "GET, HEAD"
	}
	return "GET, HEAD, POST"
}

// wantsPage reports whether the answer is for a person.
func (c *call) wantsPage() bool { return !c.forProgram && gate.AcceptsPage(c.r.Header) }

// chosenLanguage is the language of the pages that the browser asks for, as a
// BCP 47 tag, empty if it names none.
func (c *call) chosenLanguage() string {
	if c.r.Header.Get("Accept-Language") == "" {
		return ""
	}
	return c.lang.Tag()
}

// site is the site that the visitor signs in to. Its name is its first origin.
func (d *Door) site(c *call) signin.Site {
	if c.wanted != (gate.Origin{}) {
		return d.Behind.Toward(c.wanted)
	}
	return signin.Site{Origin: c.origin.String(), Name: d.Origins.All()[0].String(), Rules: d.Rules}
}

// frame is what each page shows of the request.
func frame(c *call) view.Frame {
	if c.wanted != (gate.Origin{}) {
		return view.Frame{Host: c.wanted.Host()}
	}
	return view.Frame{Host: c.origin.Host()}
}

// signedInAs is the address of the person who is signed in. It is empty if nobody is,
// or if the store does not answer.
func signedInAs(c *call) string {
	if s, err := c.visit.Session(c.r); err == nil && s != nil {
		return string(s.Address)
	}
	return ""
}
