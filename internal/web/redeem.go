package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// landing is the page of a link. Opening it does not use the link up: the token is in
// the fragment, which neither servers nor link scanners see. The script posts it at once.
// In the browser that asked that signs in; in any other, which a scanner that runs
// scripts is too, it leads to the page that asks for confirmation.
func (d *Door) landing(c *call) {
	d.show(c, http.StatusOK, view.Landing{Frame: frame(c), Here: d.mark(c) != (mark{}), To: "/"})
}

// redeemLink redeems a token from the landing page in the browser that asked, and from
// the page that asks for confirmation in any other.
func (d *Door) redeemLink(c *call, fields url.Values) {
	attempt := d.attempt(c)
	c.canMakePasskey = fields.Get(passkeysField) != ""
	attempt.Token = fields.Get("token")
	attempt.Elsewhere = d.isConfirmed(c, attempt.Token, fields.Get("confirm"))
	result, err := d.Service.RedeemLink(c.r.Context(), d.site(c), attempt)
	d.answerRedemption(c, attempt, result, err)
}

// redeemCode redeems a code, in the browser that asked for it.
func (d *Door) redeemCode(c *call, fields url.Values) {
	attempt := d.attempt(c)
	c.canMakePasskey = fields.Get(passkeysField) != ""
	attempt.Code = fields.Get("code")
	result, err := d.Service.RedeemCode(c.r.Context(), d.site(c), attempt)
	if err == nil && codeProblems[result.Outcome] != "" {
		d.wrongCode(c, result)
		return
	}
	d.answerRedemption(c, attempt, result, err)
}

// attempt has what this browser sends. Its Mark, by which the browser is known after
// the sign-in, never decides whether the sign-in succeeds.
func (d *Door) attempt(c *call) signin.Attempt {
	here := d.mark(c).browser
	a := signin.Attempt{
		Browser: here, Mark: here, Scope: c.visit.Cookie().Scope(), Device: device(c), Language: c.chosenLanguage(),
	}
	if here == (signin.Browser{}) {
		a.Mark = signin.NewBrowser()
	}
	if s, err := c.visit.Session(c.r); err == nil && s != nil {
		a.Replace = s.Key
	}
	return a
}

// answerRedemption answers an attempt to sign in, whether it succeeded or not.
func (d *Door) answerRedemption(c *call, attempt signin.Attempt, result signin.Result, err error) {
	if err != nil {
		d.notRedeemed(c, attempt, result, err)
		return
	}
	switch result.Outcome {
	case signin.SignedIn:
		d.signedIn(c, attempt, result)
	case signin.OtherBrowser:
		d.confirmElsewhere(c, attempt.Token, result.Request)
	case signin.NotAdmitted:
		d.wants(c, result.Request.To)
		d.show(c, http.StatusForbidden, view.NotAdmitted{Frame: frame(c), Email: string(result.Request.Address), To: "/"})
	default:
		d.deadLink(c, attempt, result)
	}
}

// notRedeemed answers that the store is down. The store may have signed the person in
// before its answer got lost, and then the link is used up. So the browser gets the
// cookie of that session, which is worthless unless the session exists.
func (d *Door) notRedeemed(c *call, attempt signin.Attempt, result signin.Result, err error) {
	if result.SessionID != (session.ID{}) && attempt.Replace == (session.Key{}) {
		d.setSession(c, result.SessionID)
	}
	d.failed(c, gate.CheckMailPath, err)
}

// codeProblems are the outcomes that the page with the field for the code tells.
// Where a browser has not asked for anything, that page says so.
var codeProblems = map[signin.Outcome]view.CodeProblem{
	signin.Unknown: view.CodeTooOld, signin.WrongCode: view.CodeWrong, signin.NotACode: view.CodeMalformed,
	signin.Used: view.CodeUsed, signin.TooOld: view.CodeTooOld, signin.RequestEnded: view.CodesEnded,
}

// wrongCode shows the page with the field again, or says that only a new message helps.
func (d *Door) wrongCode(c *call, result signin.Result) {
	request, err := d.remembered(c)
	if err != nil {
		d.failed(c, gate.CheckMailPath, err)
		return
	}
	p := d.checkMailPage(c, request)
	if p.Problem == "" {
		p.Problem, p.TriesLeft = codeProblems[result.Outcome], result.TriesLeft
	}
	if p.Over() {
		p.ResendAfter = 0
	}
	d.show(c, http.StatusUnprocessableEntity, p)
}

// deadLink says why a link does not work. It offers a new one in one click to the
// browser that asked; if the store does not say which that is, it links to the form.
func (d *Door) deadLink(c *call, attempt signin.Attempt, result signin.Result) {
	request, err := d.remembered(c)
	if err != nil {
		d.Logger.Warn("looking up what this browser asked for", "error", err)
	}
	to := d.wants(c, request.To)
	switch result.Outcome {
	case signin.Used:
		d.show(c, http.StatusGone, view.LinkUsed{
			Frame: frame(c), SignedIn: attempt.Replace != session.Key{}, Invitation: result.Request.Invitation, Email: request.Typed, To: to,
		})
	case signin.TooOld:
		d.show(c, http.StatusGone, view.LinkTooOld{
			Frame: frame(c), ValidFor: d.Service.LinkLife, Invitation: result.Request.Invitation, Email: request.Typed, To: to,
		})
	default:
		d.show(c, http.StatusUnprocessableEntity, view.LinkUnknown{Frame: frame(c), Email: request.Typed, To: to})
	}
}

// signedIn sends the person where they wanted to go when they asked, now and then with an
// offer on the way.
func (d *Door) signedIn(c *call, attempt signin.Attempt, result signin.Result) {
	if !d.setSession(c, result.SessionID) {
		d.problem(c, http.StatusInternalServerError)
		return
	}
	to, here := d.wants(c, result.Request.To), d.mark(c)
	if offer := d.mayOffer(c, here); offer {
		here.offered = c.now
		to = gate.PasskeyPath + "?" + offerField + "=1&" + toField + "=" + url.QueryEscape(to)
	}
	here.browser, here.familiar = attempt.Mark, true
	d.setMark(c, here)
	c.seeOther(to)
}

// setSession sets the cookie of a new session.
func (d *Door) setSession(c *call, id session.ID) bool {
	cookie, err := c.visit.Cookie().Issue(id)
	if err != nil {
		d.Logger.Error("issuing the session cookie", "error", err)
		return false
	}
	c.clearStrays(c.r.URL.EscapedPath())
	http.SetCookie(c.w, cookie)
	return true
}

// clearStrays clears cookies that got under the name of the session cookie by
// another way than ours.
func (c *call) clearStrays(uri string) {
	path, _, _ := strings.Cut(uri, "?")
	for _, cookie := range c.visit.StrayCookies(path) {
		http.SetCookie(c.w, cookie)
	}
}

// confirmElsewhere asks for confirmation in a browser that did not ask for the link.
func (d *Door) confirmElsewhere(c *call, token string, request signin.Request) {
	d.wants(c, request.To)
	confirm, err := d.confirmation.Sign(confirmationSigned(c), tokenSum(token))
	if err != nil {
		d.Logger.Error("signing a confirmation", "error", err)
		d.problem(c, http.StatusInternalServerError)
		return
	}
	d.show(c, http.StatusOK, view.ConfirmElsewhere{
		Frame: frame(c), Email: string(request.Address), Unasked: request.Device == (session.Device{}), Invitation: request.Invitation, AskedMinutes: int(c.now.Sub(request.Asked) / time.Minute),
		Browser: request.Device.Browser, System: request.Device.System, Token: token, Confirm: confirm, SignedInAs: signedInAs(c),
	})
}

// isConfirmed reports whether a form comes from a confirm page for this very link: in
// a browser that did not ask, a POST without that page is never enough.
func (d *Door) isConfirmed(c *call, token, confirm string) bool {
	sum, ok := d.confirmation.Open(confirmationSigned(c), confirm)
	return ok && subtle.ConstantTimeCompare(sum, tokenSum(token)) == 1
}

func confirmationSigned(c *call) string { return "confirm|" + c.origin.String() }

func tokenSum(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
