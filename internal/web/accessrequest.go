package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// accessRequestForm is where the message leads that offers to ask the owners.
func (d *Door) accessRequestForm(c *call) {
	d.show(c, http.StatusOK, view.RequestAccess{Frame: frame(c)})
}

// requestAccess asks the owners on behalf of somebody who has the token of such a
// message, or who is signed in and not admitted here.
func (d *Door) requestAccess(c *call, fields url.Values) {
	to := d.wants(c, fields.Get(toField))
	asker := access.Asker{Token: pastedToken(fields.Get("token")), Words: strings.TrimSpace(fields.Get("words")), Device: device(c)}
	if !fields.Has("token") {
		s := d.somebody(c, "/")
		if s == nil {
			return
		}
		asker.Who = s.Address
	}
	if utf8.RuneCountInString(asker.Words) > access.MaxWords || !utf8.ValidString(asker.Words) {
		words := firstRunes(asker.Words, access.MaxWords)
		if asker.Who != "" {
			d.show(c, http.StatusUnprocessableEntity, view.NotAdmitted{
				Frame: frame(c), Email: string(asker.Who), To: to, MayAsk: true, Words: words, TooLong: true,
			})
			return
		}
		d.show(c, http.StatusUnprocessableEntity, view.RequestAccess{Frame: frame(c), Token: asker.Token, Words: words, TooLong: true})
		return
	}
	site, err := d.siteToAsk(c, asker.Token)
	if err != nil {
		d.failed(c, gate.RequestAccessPath, err)
		return
	}
	who, state, err := d.Access.Submit(c.r.Context(), site, asker)
	switch {
	case err != nil:
		d.failed(c, gate.RequestAccessPath, err)
	case state == signin.LinkGood:
		d.show(c, http.StatusOK, view.AccessRequested{Frame: frame(c), Email: string(who)})
	case asker.Who != "":
		c.seeOther(to) // admitted by now, or the site has no owners: the gate will show which
	default:
		d.show(c, http.StatusUnprocessableEntity, view.RequestAccess{Frame: frame(c), Words: asker.Words, Unknown: true})
	}
}

// siteToAsk is the site whose owners are asked. At a portal it is the one that somebody
// wanted to enter who has the token of a message, or that the page is about.
func (d *Door) siteToAsk(c *call, token string) (signin.Site, error) {
	if d.Behind == nil {
		return d.site(c), nil
	}
	if token != "" {
		to, err := d.Service.Wanted(c.r.Context(), d.site(c), signin.ToAsk, token)
		if err != nil {
			return signin.Site{}, err
		}
		d.wants(c, to)
	}
	if site, found := d.Behind.Find(c.wanted); found {
		return site, nil
	}
	return d.site(c), nil
}

func firstRunes(s string, n int) string {
	s = strings.ToValidUTF8(s, "")
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// accessDecisionForm is where the message to an owner leads. It shows nothing of the
// request yet: the token is in the fragment.
func (d *Door) accessDecisionForm(c *call) {
	d.show(c, http.StatusOK, view.DecideAccess{Frame: frame(c)})
}

// decideAccess shows a request to an owner, and with the field decision decides it.
func (d *Door) decideAccess(c *call, fields url.Values) {
	token := pastedToken(fields.Get("token"))
	held, err := d.Access.ByToken(c.r.Context(), d.site(c), token)
	d.wants(c, held.Origin+"/") // at a portal the pages are about that site
	switch {
	case errors.Is(err, access.ErrUnknown):
		d.show(c, http.StatusUnprocessableEntity, view.DecideAccess{Frame: frame(c), Unknown: true})
		return
	case err != nil:
		d.failed(c, gate.DecideAccessPath, err)
		return
	case held.State != access.Open:
		d.show(c, http.StatusOK, d.decided(c, held.Request, held.By != held.Owner))
		return
	}
	choice, chosen := readChoice(fields.Get("decision"))
	if !chosen {
		d.show(c, http.StatusOK, view.DecideAccess{Frame: frame(c), Token: token, Request: accessRequest(held.Request)})
		return
	}
	var in session.Key
	if s, err := c.visit.Session(c.r); err == nil && s != nil {
		in = s.Key
	}
	result, first, err := d.Access.DecideHeld(c.r.Context(), held, in, d.guard(c, "", nil), choice)
	switch {
	case errors.Is(err, signin.ErrNeedsPasskey): // the page keeps the token, which no URL and no log may have
		d.showUnauthorized(c, view.FormKept{
			Frame: frame(c), Action: gate.DecideAccessPath, Fields: []view.FormField{{Name: "token", Value: token}, {Name: "decision", Value: fields.Get("decision")}},
			SignIn: signInAgain(againByPasskey, gate.RenewPath), PasskeyOf: string(held.Owner),
		})
	case errors.Is(err, access.ErrUnknown):
		d.show(c, http.StatusUnprocessableEntity, view.DecideAccess{Frame: frame(c), Unknown: true})
	case err != nil:
		d.failed(c, gate.DecideAccessPath, err)
	default:
		d.show(c, http.StatusOK, d.decided(c, result, !first && result.By != held.Owner))
	}
}

// choices are the values of the field decision.
var choices = map[string]access.Choice{
	"hour": {Grant: true, For: time.Hour}, "day": {Grant: true, For: 24 * time.Hour}, "always": {Grant: true}, "refuse": {},
}

func readChoice(given string) (access.Choice, bool) {
	choice, ok := choices[given]
	return choice, ok
}

// accessRequest is a request as pages show it.
func accessRequest(a access.Request) view.AccessRequest {
	return view.AccessRequest{
		ID: a.ID, Email: string(a.Address), Words: a.Words, Host: host(a.Origin), Asked: a.Asked,
		Browser: a.Device.Browser, System: a.Device.System, Network: a.Device.Network,
	}
}

func (d *Door) decided(c *call, a access.Request, before bool) view.AccessDecided {
	s, err := c.visit.Session(c.r)
	return view.AccessDecided{
		Frame: frame(c), Email: string(a.Address), Approved: a.State == access.Granted, Until: a.Until, By: string(a.By), Before: before,
		AtPeople: err == nil && s != nil && d.IsAdmin != nil && d.IsAdmin(s),
	}
}
