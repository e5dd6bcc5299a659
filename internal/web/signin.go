package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// againField is a field of the form's query: the person is signed in, but by a proof that
// is too old, or not by a passkey. In the form of the page that waits it is how often the message
// was asked for again. It changes the page, and nothing else.
const againField = "again"

// changeField is a field of the form's query: the form has the address that this browser
// asked for, to correct it.
const changeField = "change"

// signInForm shows the form. Nothing is stored.
func (d *Door) signInForm(c *call) {
	query := c.r.URL.Query()
	to := d.wants(c, query.Get(toField))
	if !query.Has(changeField) {
		d.showSignIn(c, to, readAgain(query))
		return
	}
	request, err := d.remembered(c)
	if err != nil {
		d.failed(c, gate.SignInFor(to), err)
		return
	}
	p := d.signInPage(c, to)
	p.Field.Typed = request.Typed
	d.show(c, http.StatusOK, p)
}

// signInPage is the form for somebody who wants to go somewhere.
func (d *Door) signInPage(c *call, to string) view.SignIn {
	_, possible := d.party(c)
	return view.SignIn{Frame: frame(c), To: to, Passkeys: possible, Options: d.useOptions(c)}
}

// showSignIn shows the form to somebody who wants to go somewhere. again is what is asked
// for of somebody who is signed in, see againAnyhow; "" for nothing.
func (d *Door) showSignIn(c *call, to string, again string) {
	s, err := c.visit.Session(c.r)
	if _, possible := d.party(c); again == againByPasskey && possible && err == nil && s != nil {
		d.showNeeded(c, to, s)
		return
	}
	p := d.signInPage(c, to)
	p.SignedInAs = signedInAs(c)
	p.Again = p.SignedInAs != "" && again != ""
	d.show(c, http.StatusOK, p)
}

// ask asks for a link. The answer is the same for every address.
func (d *Door) ask(c *call, fields url.Values) {
	to := d.wants(c, fields.Get(toField))
	who, field := readAddress(fields.Get("email"))
	if field.Problem != "" {
		p := d.signInPage(c, to)
		p.Field = field
		d.show(c, http.StatusUnprocessableEntity, p)
		return
	}
	here := d.mark(c)
	if here.browser == (signin.Browser{}) {
		here.browser = signin.NewBrowser()
	}
	wait, err := d.Service.Ask(c.r.Context(), d.site(c), signin.Ask{
		Browser: here.browser, Address: who, Typed: field.Typed, To: to,
		Device: device(c), Network: network(c.client), Language: c.chosenLanguage(),
	})
	switch {
	case err != nil:
		d.failed(c, gate.SignInFor(to), err)
	case wait > 0:
		d.throttled(c, view.Throttled{RetryAfter: wait, Email: field.Typed, To: to})
	default:
		d.setMark(c, here)
		c.seeOther(gate.CheckMailPath + timesAgain(fields))
	}
}

// timesAgain is the query by which the page says that the message was asked for again,
// and how often.
func timesAgain(fields url.Values) string {
	before, err := strconv.Atoi(fields.Get(againField))
	if err != nil {
		return ""
	}
	return "?" + againField + "=" + strconv.Itoa(min(max(before, 0), signin.MaxLiveLinks)+1)
}

func (d *Door) throttled(c *call, p view.Throttled) {
	p.Frame = frame(c)
	seconds := int((p.RetryAfter + time.Second - 1) / time.Second)
	c.w.Header().Set("Retry-After", strconv.Itoa(seconds))
	if c.wantsPage() {
		d.show(c, http.StatusTooManyRequests, p)
		return
	}
	d.writeProblem(c, http.StatusTooManyRequests, "too many attempts from this network")
}
