package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// signInForm shows the form. Nothing is stored.
func (d *Door) signInForm(c *call) {
	to := gate.ReturnTo(c.r.URL.Query().Get("to"))
	d.show(c, http.StatusOK, view.SignIn{Frame: frame(c), To: to, SignedInAs: signedInAs(c)})
}

// ask takes the form. Whoever is asked for, the answer is the same.
func (d *Door) ask(c *call) {
	fields, ok := d.form(c)
	if !ok {
		return
	}
	typed, to := strings.TrimSpace(fields.Get("email")), gate.ReturnTo(fields.Get("to"))
	who, err := address.Parse(typed)
	if err != nil {
		d.show(c, http.StatusUnprocessableEntity, view.SignIn{
			Frame: frame(c), To: to, Malformed: true, Email: typed[:min(len(typed), 2*address.MaxLength)],
		})
		return
	}
	browser := d.browser(c)
	if browser == (signin.Browser{}) {
		browser = signin.NewBrowser()
	}
	wait, err := d.Service.Ask(c.r.Context(), d.site(c), signin.Ask{
		Browser: browser, Address: who, Typed: typed, To: to,
		Device: device(c), Network: network(c.client), Accept: c.r.Header.Get("Accept-Language"),
	})
	switch {
	case err != nil:
		d.unavailable(c, signInPath(to), err)
	case wait > 0:
		d.throttled(c, wait)
	default:
		d.markBrowser(c, browser)
		c.seeOther(gate.PathPrefix + "/check-mail")
	}
}

func (d *Door) throttled(c *call, wait time.Duration) {
	seconds := int((wait + time.Second - 1) / time.Second)
	c.w.Header().Set("Retry-After", strconv.Itoa(seconds))
	if gate.AcceptsPage(c.r.Header) {
		d.show(c, http.StatusTooManyRequests, view.Throttled{Frame: frame(c), RetryAfter: wait})
		return
	}
	d.writeProblem(c, http.StatusTooManyRequests, "too many attempts from this network")
}

// browser is the mark of the browser that asked, zero if it has none.
func (d *Door) browser(c *call) (mark signin.Browser) {
	name := gate.RequestCookieName(c.origin)
	raw, ok := d.request.Open(requestCookieSigned(name, c), c.visit.RequestCookie())
	if !ok || len(raw) != len(mark) {
		return signin.Browser{}
	}
	return signin.Browser(raw)
}

// markBrowser sets the request cookie. It says which browser asked, not who
// was asked for.
func (d *Door) markBrowser(c *call, mark signin.Browser) {
	name := gate.RequestCookieName(c.origin)
	value, err := d.request.Sign(requestCookieSigned(name, c), mark[:])
	if err != nil {
		// The code will not work here, the link will, after one more click.
		d.Logger.Error("signing the request cookie", "error", err)
		return
	}
	http.SetCookie(c.w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int((d.Service.LinkLife + signin.Remembered) / time.Second),
		Secure: c.origin.IsSecure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// requestCookieSigned is the name under which the request cookie is signed:
// that of one site is worth nothing at another.
func requestCookieSigned(name string, c *call) string { return name + "|" + c.origin.String() }
