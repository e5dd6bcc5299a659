package web

import (
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/doorpost-auth/doorpost/internal/entry"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// accessRequestForm is where the message leads that offers to ask the owners.
func (d *Door) accessRequestForm(c *call) {
	d.show(c, http.StatusOK, view.RequestAccess{Frame: frame(c)})
}

// requestAccess asks the owners on behalf of somebody who has the token of such a
// message, or who is signed in and not admitted here.
func (d *Door) requestAccess(c *call) {
	fields, ok := d.form(c)
	if !ok {
		return
	}
	asker := entry.Asker{Token: pastedToken(fields.Get("token")), Words: strings.TrimSpace(fields.Get("words")), Device: device(c)}
	if !fields.Has("token") {
		s := d.somebody(c, "/")
		if s == nil {
			return
		}
		asker.Who = s.Address
	}
	if utf8.RuneCountInString(asker.Words) > entry.MaxWords || !utf8.ValidString(asker.Words) {
		words := firstRunes(asker.Words, entry.MaxWords)
		if asker.Who != "" {
			d.show(c, http.StatusUnprocessableEntity, view.NotAdmitted{
				Frame: frame(c), Email: string(asker.Who), To: "/", MayAsk: true, Words: words, TooLong: true,
			})
			return
		}
		d.show(c, http.StatusUnprocessableEntity, view.RequestAccess{Frame: frame(c), Token: asker.Token, Words: words, TooLong: true})
		return
	}
	who, state, err := d.Entry.Apply(c.r.Context(), d.site(c), asker)
	switch {
	case errors.Is(err, entry.ErrFull):
		d.show(c, http.StatusServiceUnavailable, view.AccessRequested{Frame: frame(c), Email: string(who), Full: true})
	case err != nil:
		d.unavailable(c, gate.RequestAccessPath, err)
	case state == signin.LinkGood:
		d.show(c, http.StatusOK, view.AccessRequested{Frame: frame(c), Email: string(who)})
	case asker.Who != "":
		c.seeOther("/") // admitted by now, or the site has no owners: the gate will show which
	default:
		d.show(c, http.StatusUnprocessableEntity, view.RequestAccess{Frame: frame(c), Words: asker.Words, Unknown: true})
	}
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
func (d *Door) decideAccess(c *call) {
	fields, ok := d.form(c)
	if !ok {
		return
	}
	token := pastedToken(fields.Get("token"))
	application, owner, state, err := d.Entry.ByToken(c.r.Context(), d.site(c), token)
	switch {
	case err != nil:
		d.unavailable(c, gate.DecideAccessPath, err)
		return
	case state != signin.LinkGood && state != signin.LinkUsed:
		d.show(c, http.StatusUnprocessableEntity, view.DecideAccess{Frame: frame(c), Unknown: true})
		return
	case application.Decision != entry.Open:
		d.show(c, http.StatusOK, decided(c, application, application.By != owner))
		return
	}
	choice, chosen := readChoice(fields.Get("decision"))
	if !chosen {
		d.show(c, http.StatusOK, view.DecideAccess{Frame: frame(c), Token: token, Request: accessRequest(application)})
		return
	}
	choice.Token = token
	result, first, err := d.Entry.Decide(c.r.Context(), d.site(c), application.ID, choice)
	switch {
	case errors.Is(err, entry.ErrUnknown):
		d.show(c, http.StatusUnprocessableEntity, view.DecideAccess{Frame: frame(c), Unknown: true})
	case err != nil:
		d.unavailable(c, gate.DecideAccessPath, err)
	default:
		d.show(c, http.StatusOK, decided(c, result, !first && result.By != owner))
	}
}

// choices are the values of the field decision.
var choices = map[string]entry.Choice{
	"hour": {Approve: true, For: time.Hour}, "day": {Approve: true, For: 24 * time.Hour}, "always": {Approve: true}, "refuse": {},
}

func readChoice(given string) (entry.Choice, bool) {
	choice, ok := choices[given]
	return choice, ok
}

// accessRequest is a request as pages show it.
func accessRequest(a entry.Application) view.AccessRequest {
	return view.AccessRequest{
		ID: a.ID, Email: string(a.Address), Words: a.Words, Origin: a.Site, Asked: a.Asked,
		Browser: a.Device.Browser, System: a.Device.System, Network: a.Device.Network,
	}
}

func decided(c *call, a entry.Application, before bool) view.AccessDecided {
	return view.AccessDecided{
		Frame: frame(c), Email: string(a.Address), Approved: a.Decision == entry.Approved, Until: a.Until, By: string(a.By), Before: before,
	}
}
