package steps

import (
	"cmp"
	"context"
	"crypto/hmac"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// RedeemLink implements signin.Store.
func (s Steps) RedeemLink(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	return s.redeem(ctx, r, linkKey(r.Link), findByLink)
}

// RedeemCode implements signin.Store.
func (s Steps) RedeemCode(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	return s.redeem(ctx, r, requestKey(r.Browser), findByCode)
}

// finding is a link that was looked for: one that may be redeemed, with its
// person, or the outcome that stands without.
type finding struct {
	key        signin.LinkKey
	link       codec.Link
	person     codec.Person
	redeemable bool
	outcome    signin.Redeemed // signin.SignedIn for one that is redeemable
}

type find func(*tx, *signin.Redemption) finding

func (s Steps) redeem(ctx context.Context, r signin.Redemption, first Key, find find) (signin.Redeemed, error) {
	reads := []Key{first, sessionKey(r.Session.Key)}
	if r.Replace != (session.Key{}) {
		reads = append(reads, sessionKey(r.Replace))
	}
	return result(ctx, s.change("redeem"), reads, func(t *tx) signin.Redeemed {
		found := find(t, &r)
		if !found.redeemable {
			return found.outcome
		}
		return useUp(t, &r, found)
	})
}

func findByLink(t *tx, r *signin.Redemption) finding {
	link, state := findLink(t, r.Link, r.Now)
	f := finding{key: r.Link, link: link}
	switch {
	case state == signin.LinkUsed:
		f.outcome = sameAttempt(t, r, link)
	case state == signin.LinkTooOld:
		f.outcome = signin.Redeemed{Outcome: signin.TooOld, Request: signin.Request{Invitation: link.Invitation}}
	case link.Origin != r.Origin || link.Purpose != signin.ToSignIn:
		f.outcome.Outcome = signin.Unknown
	case !asked(link, r.Browser) && !r.Elsewhere:
		f.outcome = signin.Redeemed{Outcome: signin.OtherBrowser, Request: link.Request()}
	default:
		f.admit(t, r)
	}
	return f
}

// sameAttempt is what becomes of a used link: Used, unless the attempt is the one
// that used it up, sent again because its answer was lost.
func sameAttempt(t *tx, r *signin.Redemption, link codec.Link) signin.Redeemed {
	made, found := load[codec.Session](t, sessionKey(r.Session.Key))
	if !found || made.Address != link.Address {
		return signin.Redeemed{Outcome: signin.Used, Request: signin.Request{Invitation: link.Invitation}}
	}
	p := person(t, link.Address)
	return signin.Redeemed{
		Outcome: signin.SignedIn, Request: link.Request(), NewPerson: p.Unpack(made.Address).Proven.Equal(codec.Time(made.SignedIn)),
	}
}

func findByCode(t *tx, r *signin.Redemption) (f finding) {
	request, found := load[codec.Request](t, requestKey(r.Browser))
	switch {
	case !found || request.Origin != r.Origin || request.Expires <= codec.Millis(r.Now):
		f.outcome.Outcome = signin.Unknown
		return f
	case request.Tries >= signin.MaxCodeTries:
		f.outcome.Outcome = signin.RequestEnded
		return f
	}
	for _, key := range request.Links {
		link, state := findLink(t, key, r.Now)
		if link.Origin != r.Origin || link.Purpose != signin.ToSignIn || !isOneOf(r.Codes, link.Code) {
			continue
		}
		f.key, f.link = key, link
		switch state {
		case signin.LinkGood:
			f.admit(t, r)
			return f
		case signin.LinkUsed:
			f.outcome = sameAttempt(t, r, link)
			return f
		}
	}
	f.outcome = countWrongCode(t, r, request)
	return f
}

// asked reports whether a browser asked for a link. Nobody asked for a promised one, and
// a browser without a mark asked for none.
func asked(l codec.Link, browser signin.BrowserKey) bool {
	return browser != (signin.BrowserKey{}) && l.Browser == browser
}

func isOneOf(codes []signin.CodeKey, code signin.CodeKey) bool {
	return slices.ContainsFunc(codes, func(c signin.CodeKey) bool { return hmac.Equal(c[:], code[:]) })
}

// admit is the outcome for a good link: redeemable if the rules in force are
// those under which it was made, and nothing of the person was changed since.
func (f *finding) admit(t *tx, r *signin.Redemption) {
	f.person = person(t, f.link.Address)
	f.outcome = signin.Redeemed{Outcome: signin.SignedIn, Request: f.link.Request()}
	lookedAt := f.link.Revision
	if r.Revision != nil {
		lookedAt = *r.Revision
	}
	switch {
	case mayNotSignIn(t, f.link.Address, f.person):
		f.outcome.Outcome = signin.NotAdmitted
	case f.link.Policy != r.Policy || f.person.Revision() != lookedAt:
		f.outcome.Outcome, f.outcome.Policy, f.outcome.Person = signin.PolicyChanged, f.link.Policy, f.person.Unpack(f.link.Address)
	default:
		f.redeemable = true
	}
}

// useUp closes the link and all others of its address that sign in, and signs in.
func useUp(t *tx, r *signin.Redemption, f finding) signin.Redeemed {
	who := f.link.Address
	redeemed, p := f.outcome, f.person
	redeemed.NewPerson = p.Prove(r.Now)
	if f.link.Recovery && r.Recovered != nil {
		notify(t, who, f.person, r.Recovered(who), r.Now)
	} else if !redeemed.NewPerson {
		tellOfBrowser(t, &r.Arrival, who, p)
	}
	if redeemed.NewPerson {
		savePerson(t, who, p)
	}
	uncount(t, f.link)
	closeLinks(t, who, r.Now, func(l codec.OpenLink) bool { return l.Purpose == signin.ToSignIn })
	arrival := r.Arrival
	if f.link.Recovery {
		arrival.Session.Method = session.ByRecovery
	}
	arrive(t, &arrival, who, p)
	return redeemed
}

// uncount has the message of a link not count any more: whoever reads the mailbox
// wanted it.
func uncount(t *tx, l codec.Link) {
	if l.Slot != 0 {
		mailbox := limit.Use{Name: cmp.Or(l.Mailbox, l.Address.Fold())}
		sent := letter{familiar: l.Familiar, mailbox: mailbox, message: outbox.Message{Kind: outbox.SignIn}}
		t.giveBack(sent.counted().Name, l.Slot)
	}
}

// countWrongCode counts a wrong code, once for one attempt. The last one that is
// allowed ends the code; the link stays good for whoever reads the mailbox.
func countWrongCode(t *tx, r *signin.Redemption, request codec.Request) signin.Redeemed {
	if request.Tried != r.Session.Key {
		request.Tries, request.Tried = request.Tries+1, r.Session.Key
		saveRequest(t, r.Browser, request)
	}
	left := signin.MaxCodeTries - request.Tries
	if left <= 0 {
		return signin.Redeemed{Outcome: signin.RequestEnded}
	}
	return signin.Redeemed{Outcome: signin.WrongCode, TriesLeft: left}
}
