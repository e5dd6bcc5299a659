package steps

import (
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// arrive makes the session of somebody in place of the one that this browser had, and
// keeps what it tells of them.
func arrive(t *tx, a *signin.Arrival, who address.Address, p codec.Person) {
	if learn(&p, a) {
		savePerson(t, who, p)
	}
	if a.Replace != (session.Key{}) {
		endSession(t, a.Replace, a.Now)
	}
	made := a.Session.Record
	made.Address, made.Subject, made.Standing = who, p.Subject, p.Standing.Unpack()
	addSession(t, a.Session.Key, codec.PackSession(made), a.Now)
}

// tellOfBrowser tells somebody of a sign-in in a browser that is new to them, in the
// language that they had before it. Whether they can be told decides nothing.
func tellOfBrowser(t *tx, a *signin.Arrival, who address.Address, p codec.Person) {
	if a.NewBrowser == nil || a.Mark == (signin.BrowserKey{}) || isFamiliar(p, a.Mark) {
		return
	}
	send(t, letter{
		to: who, reader: p, mailbox: limit.Use{Name: who.Fold(), Rule: a.Mailbox}, total: a.Total,
		reserve: a.Reserve, message: a.NewBrowser(who),
	}, a.Now)
}

// learn keeps with a person what a sign-in tells of them, and who they are from the first
// one on. It reports whether that is anything new.
func learn(p *codec.Person, a *signin.Arrival) (changed bool) {
	if p.Subject.IsZero() {
		p.Subject, changed = people.NewSubject(), true
	}
	if a.Language != "" && a.Language != p.Language {
		p.Language, changed = a.Language, true
	}
	if a.Mark != (signin.BrowserKey{}) && !isFamiliar(*p, a.Mark) {
		p.Browsers, changed = append(p.Browsers, a.Mark), true
		p.Browsers = p.Browsers[max(len(p.Browsers)-signin.MaxFamiliar, 0):]
	}
	return changed
}
