package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// landing is where a link leads. Looking at it uses nothing up: the token is in
// the fragment, which no server and no scanner of addresses sees. In the
// browser that asked, the page goes on by itself; a scanner that runs scripts
// is another browser.
func (d *Door) landing(c *call) {
	asked := d.browser(c) != (signin.Browser{})
	d.show(c, http.StatusOK, view.Landing{Frame: frame(c), Here: asked, To: "/"})
}

// redeemLink takes the token from the landing page, or, confirmed, from the
// page that asks a person in another browser.
func (d *Door) redeemLink(c *call) {
	fields, ok := d.form(c)
	if !ok {
		return
	}
	attempt := d.attempt(c)
	attempt.Token = fields.Get("token")
	attempt.Elsewhere = d.isConfirmed(c, attempt.Token, fields.Get("confirm"))
	result, err := d.Service.RedeemLink(c.r.Context(), d.site(c), attempt)
	if err != nil {
		d.notRedeemed(c, attempt, result, err)
		return
	}
	if result.Outcome == signin.OtherBrowser {
		d.confirmElsewhere(c, attempt.Token, result.Request)
		return
	}
	d.answerRedemption(c, attempt, result)
}

// redeemCode takes a code, in the browser that asked.
func (d *Door) redeemCode(c *call) {
	fields, ok := d.form(c)
	if !ok {
		return
	}
	attempt := d.attempt(c)
	attempt.Code = fields.Get("code")
	result, err := d.Service.RedeemCode(c.r.Context(), d.site(c), attempt)
	if err != nil {
		d.notRedeemed(c, attempt, result, err)
		return
	}
	switch result.Outcome {
	case signin.WrongCode, signin.RequestEnded, signin.Unknown:
		d.wrongCode(c, attempt, result)
	default:
		d.answerRedemption(c, attempt, result)
	}
}

// notRedeemed answers that the store is down. If the store may have signed the
// person in before its answer got lost, the browser gets the cookie of that
// session: it is worth nothing unless the session exists, and if it does, the
// link is used up. Trying again goes on from there.
func (d *Door) notRedeemed(c *call, attempt signin.Attempt, result signin.Result, err error) {
	if result.SessionID != (session.ID{}) && attempt.Replace == (session.Key{}) {
		if cookie, err := c.visit.Cookie().Issue(result.SessionID); err == nil {
			http.SetCookie(c.w, cookie)
		}
	}
	d.unavailable(c, gate.PathPrefix+"/check-mail", err)
}

func (d *Door) attempt(c *call) signin.Attempt {
	a := signin.Attempt{Browser: d.browser(c), Scope: c.visit.Cookie().Scope(), Device: device(c)}
	if s, err := c.visit.Session(c.r); err == nil && s != nil {
		a.Replace = s.Key
	}
	return a
}

// wrongCode shows the page with the field again, or that only a new message
// helps.
func (d *Door) wrongCode(c *call, attempt signin.Attempt, result signin.Result) {
	request, err := d.remembered(c, attempt)
	if err != nil {
		d.unavailable(c, gate.PathPrefix+"/check-mail", err)
		return
	}
	p := checkMailPage(c, request)
	p.WrongCode, p.TriesLeft = result.Outcome == signin.WrongCode, result.TriesLeft
	p.Ended, p.ResendAfter = result.Outcome != signin.WrongCode, 0
	d.show(c, http.StatusUnprocessableEntity, p)
}

// remembered is what this browser asked for, zero if it did not.
func (d *Door) remembered(c *call, attempt signin.Attempt) (signin.Request, error) {
	request, _, err := d.Service.Request(c.r.Context(), d.site(c), attempt.Browser)
	return request, err
}

// answerRedemption answers every outcome that is the same for links and codes.
func (d *Door) answerRedemption(c *call, attempt signin.Attempt, result signin.Result) {
	switch result.Outcome {
	case signin.SignedIn:
		d.signedIn(c, result)
		return
	case signin.NotAdmitted:
		d.show(c, http.StatusForbidden, view.NotAdmitted{Frame: frame(c), Email: string(result.Request.Address), To: "/"})
		return
	}
	// What follows offers a fresh link in one click to the browser that asked.
	// If that cannot be told, the form does.
	request, err := d.remembered(c, attempt)
	if err != nil {
		d.Logger.Warn("looking up what this browser asked for", "error", err)
	}
	to := gate.ReturnTo(request.To)
	switch result.Outcome {
	case signin.Used:
		d.show(c, http.StatusGone, view.LinkUsed{
			Frame: frame(c), SignedIn: attempt.Replace != session.Key{}, Email: request.Typed, To: to,
		})
	case signin.TooOld:
		d.show(c, http.StatusGone, view.LinkTooOld{
			Frame: frame(c), ValidFor: view.Duration(c.lang, d.Service.LinkLife), Email: request.Typed, To: to,
		})
	default:
		d.show(c, http.StatusUnprocessableEntity, view.LinkUnknown{Frame: frame(c), Email: request.Typed, To: to})
	}
}

// signedIn sets the session cookie and sends the person where they wanted to
// go, as it was written down when they asked.
func (d *Door) signedIn(c *call, result signin.Result) {
	cookie, err := c.visit.Cookie().Issue(result.SessionID)
	if err != nil {
		d.Logger.Error("issuing the session cookie", "error", err)
		d.problem(c, http.StatusInternalServerError)
		return
	}
	http.SetCookie(c.w, cookie)
	c.seeOther(gate.ReturnTo(result.Request.To))
}

// confirmElsewhere asks a person in a browser that did not ask for the link.
func (d *Door) confirmElsewhere(c *call, token string, request signin.Request) {
	confirm, err := d.confirmation.Sign(confirmationSigned(c), tokenSum(token))
	if err != nil {
		d.Logger.Error("signing a confirmation", "error", err)
		d.problem(c, http.StatusInternalServerError)
		return
	}
	d.show(c, http.StatusOK, view.ConfirmElsewhere{
		Frame: frame(c), Email: string(request.Address), AskedMinutes: int(c.now.Sub(request.Asked) / time.Minute),
		Browser: request.Device.Browser, System: request.Device.System, Token: token, Confirm: confirm, SignedInAs: signedInAs(c),
	})
}

// isConfirmed tells whether a form comes from a confirm page that was shown for
// this very link: one bare POST is never enough in a browser that did not ask.
func (d *Door) isConfirmed(c *call, token, confirm string) bool {
	sum, ok := d.confirmation.Open(confirmationSigned(c), confirm)
	return ok && subtle.ConstantTimeCompare(sum, tokenSum(token)) == 1
}

func confirmationSigned(c *call) string { return "confirm|" + c.origin.String() }

func tokenSum(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
