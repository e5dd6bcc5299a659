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

// askForm is where the message leads that offers to ask the owners.
func (d *Door) askForm(c *call) {
	d.show(c, http.StatusOK, view.Ask{Frame: frame(c)})
}

// askOwners takes the wish to be let in, of somebody who has the token of an
// offer, or who is signed in and not admitted here.
func (d *Door) askOwners(c *call) {
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
		d.show(c, http.StatusUnprocessableEntity, view.Ask{Frame: frame(c), Token: asker.Token, Words: words, TooLong: true})
		return
	}
	who, outcome, err := d.Entry.Apply(c.r.Context(), d.site(c), asker)
	switch {
	case errors.Is(err, entry.ErrFull):
		d.show(c, http.StatusServiceUnavailable, view.Asked{Frame: frame(c), Email: string(who), Full: true})
	case err != nil:
		d.unavailable(c, gate.RequestAccessPath, err)
	case outcome == signin.SignedIn:
		d.show(c, http.StatusOK, view.Asked{Frame: frame(c), Email: string(who)})
	case asker.Who != "":
		c.seeOther("/") // admitted meanwhile, or nobody may ask: the gate tells which
	default:
		d.show(c, http.StatusUnprocessableEntity, view.Ask{Frame: frame(c), Words: asker.Words, Unknown: true})
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

// decideForm is where the message to an owner leads. It tells nothing yet: what
// the link carries is in the fragment.
func (d *Door) decideForm(c *call) {
	d.show(c, http.StatusOK, view.Decide{Frame: frame(c)})
}

// decide shows an owner who asks, and with a decision takes it.
func (d *Door) decide(c *call) {
	fields, ok := d.form(c)
	if !ok {
		return
	}
	token := pastedToken(fields.Get("token"))
	application, owner, outcome, err := d.Entry.ByToken(c.r.Context(), d.site(c), token)
	switch {
	case err != nil:
		d.unavailable(c, gate.DecideAccessPath, err)
		return
	case outcome != signin.SignedIn && outcome != signin.Used:
		d.show(c, http.StatusUnprocessableEntity, view.Decide{Frame: frame(c), Unknown: true})
		return
	case application.Decision != entry.Open:
		d.show(c, http.StatusOK, decided(c, application, application.By != owner))
		return
	}
	choice, chosen := readChoice(fields.Get("decision"))
	if !chosen {
		d.show(c, http.StatusOK, view.Decide{
			Frame: frame(c), Token: token, Email: string(application.Address), Words: application.Words, Asked: application.Asked,
			Browser: application.Device.Browser, System: application.Device.System, Network: application.Device.Network,
		})
		return
	}
	choice.Token = token
	result, first, err := d.Entry.Decide(c.r.Context(), d.site(c), application.ID, choice)
	switch {
	case errors.Is(err, entry.ErrUnknown):
		d.show(c, http.StatusUnprocessableEntity, view.Decide{Frame: frame(c), Unknown: true})
	case err != nil:
		d.unavailable(c, gate.DecideAccessPath, err)
	default:
		d.show(c, http.StatusOK, decided(c, result, !first && result.By != owner))
	}
}

// choices are what a decision may be.
var choices = map[string]entry.Choice{
	"hour": {Approve: true, For: time.Hour}, "day": {Approve: true, For: 24 * time.Hour}, "always": {Approve: true}, "refuse": {},
}

func readChoice(given string) (entry.Choice, bool) {
	choice, ok := choices[given]
	return choice, ok
}

func decided(c *call, a entry.Application, before bool) view.Decided {
	return view.Decided{
		Frame: frame(c), Email: string(a.Address), Approved: a.Decision == entry.Approved, Until: a.Until, By: string(a.By), Before: before,
	}
}
