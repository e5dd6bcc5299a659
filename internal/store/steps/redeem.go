package steps

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// RedeemLink implements signin.Store.
func (s Steps) RedeemLink(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	return s.redeem(ctx, r, linkKey(r.Link[:]), findByLink)
}

// RedeemCode implements signin.Store.
func (s Steps) RedeemCode(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	return s.redeem(ctx, r, requestKey(r.Browser[:]), findByCode)
}

// finding is a link that was looked for: one that may be redeemed, with its
// person, or the outcome that stands without.
type finding struct {
	key        []byte
	link       codec.Link
	person     codec.Person
	redeemable bool
	outcome    signin.Redeemed // signin.SignedIn for one that is redeemable
}

type find func(Tx, *signin.Redemption) (finding, error)

func (s Steps) redeem(ctx context.Context, r signin.Redemption, first Key, find find) (signin.Redeemed, error) {
	reads := []Key{first, sessionKey(r.Session.Key)}
	if r.Replace != (session.Key{}) {
		reads = append(reads, sessionKey(r.Replace))
	}
	return change(ctx, s, reads, func(tx Tx) (signin.Redeemed, error) {
		found, err := find(tx, &r)
		if err != nil || !found.redeemable {
			return found.outcome, err
		}
		return useUp(tx, &r, found)
	})
}

func findByLink(tx Tx, r *signin.Redemption) (finding, error) {
	link, state, err := findLink(tx, r.Link[:], r.Now)
	f := finding{key: r.Link[:], link: link}
	switch {
	case err != nil:
		return f, err
	case state == signin.LinkUsed:
		return sameAttempt(tx, r, f)
	case state == signin.LinkTooOld:
		f.outcome.Outcome = signin.TooOld
	case link.Site != r.Site || link.Purpose != signin.ToSignIn:
		f.outcome.Outcome = signin.Unknown
	case !bytes.Equal(link.Browser, r.Browser[:]) && !r.Elsewhere:
		f.outcome = signin.Redeemed{Outcome: signin.OtherBrowser, Request: link.Request()}
	default:
		err = f.admit(tx, r)
	}
	return f, err
}

// sameAttempt is what becomes of a used link: Used, unless the attempt is the one
// that used it up, sent again because its answer was lost.
func sameAttempt(tx Tx, r *signin.Redemption, f finding) (finding, error) {
	made, found, err := load[codec.Session](tx, sessionKey(r.Session.Key))
	if err != nil || !found || made.Address != f.link.Address {
		f.outcome.Outcome = signin.Used
		return f, err
	}
	p, err := person(tx, f.link.Address)
	f.outcome = signin.Redeemed{
		Outcome: signin.SignedIn, Request: f.link.Request(), NewPerson: p.Unpack(made.Address).Proven.Equal(codec.Time(made.SignedIn)),
	}
	return f, err
}

func findByCode(tx Tx, r *signin.Redemption) (f finding, err error) {
	request, found, err := load[codec.Request](tx, requestKey(r.Browser[:]))
	switch {
	case err != nil:
		return f, err
	case !found || request.Site != r.Site || request.Expires <= codec.Millis(r.Now):
		f.outcome.Outcome = signin.Unknown
		return f, nil
	case request.Tries >= signin.MaxCodeTries:
		f.outcome.Outcome = signin.RequestEnded
		return f, nil
	}
	for _, key := range request.Links {
		link, state, err := findLink(tx, key, r.Now)
		if err != nil {
			return f, err
		}
		if link.Site != r.Site || link.Purpose != signin.ToSignIn || !isOneOf(r.Codes, link.Code) {
			continue
		}
		f.key, f.link = key, link
		switch state {
		case signin.LinkGood:
			return f, f.admit(tx, r)
		case signin.LinkUsed:
			if f, err = sameAttempt(tx, r, f); err != nil || f.outcome.Outcome == signin.SignedIn {
				return f, err
			}
		}
	}
	f.outcome, err = countWrongCode(tx, r, request)
	return f, err
}

func isOneOf(codes []signin.CodeKey, code []byte) bool {
	return slices.ContainsFunc(codes, func(c signin.CodeKey) bool { return hmac.Equal(c[:], code) })
}

// admit is the outcome for a good link: redeemable if the rules in force are
// those under which it was made, and nothing of the person was changed since.
func (f *finding) admit(tx Tx, r *signin.Redemption) (err error) {
	if f.person, err = person(tx, f.link.Address); err != nil {
		return err
	}
	f.outcome = signin.Redeemed{Outcome: signin.SignedIn, Request: f.link.Request()}
	lookedAt := f.link.Revision
	if r.Revision != nil {
		lookedAt = *r.Revision
	}
	barred, err := mayNotSignIn(tx, f.link.Address, f.person)
	switch {
	case err != nil:
		return err
	case barred:
		f.outcome.Outcome = signin.NotAdmitted
	case f.link.Policy != r.Policy || f.person.Revision() != lookedAt:
		f.outcome.Outcome, f.outcome.Policy, f.outcome.Person = signin.PolicyChanged, f.link.Policy, f.person.Unpack(f.link.Address)
		f.outcome.Recovery = f.link.Recovery
	default:
		f.redeemable = true
	}
	return nil
}

// useUp closes the link and all others of its address that sign in, and makes
// the session in place of the one that this browser had.
func useUp(tx Tx, r *signin.Redemption, f finding) (signin.Redeemed, error) {
	who := f.link.Address
	redeemed, p := f.outcome, f.person
	redeemed.NewPerson = p.Prove(r.Now)
	if learn(&p, r) || redeemed.NewPerson {
		if err := savePerson(tx, who, p); err != nil {
			return signin.Redeemed{}, err
		}
	}
	if r.Replace != (session.Key{}) {
		if err := endSession(tx, r.Replace, r.Now); err != nil {
			return signin.Redeemed{}, err
		}
	}
	made := r.Session.Record
	made.Address, made.Standing = who, p.Standing.Unpack()
	if f.link.Recovery {
		made.Method = session.ByRecovery
		if r.Notice.ID != "" {
			if _, err := notify(tx, who, p, r.Notice, r.Now); err != nil {
				return signin.Redeemed{}, err
			}
		}
	}
	if err := uncount(tx, f.link); err != nil {
		return signin.Redeemed{}, err
	}
	if _, err := closeLinks(tx, who, r.Now, func(l codec.OpenLink) bool { return l.Purpose == signin.ToSignIn }); err != nil {
		return signin.Redeemed{}, err
	}
	return redeemed, addSession(tx, r.Session.Key, codec.PackSession(made), r.Now)
}

// uncount has the message of a link not count any more: whoever reads the mailbox
// wanted it.
func uncount(tx Tx, l codec.Link) error {
	if l.Slot == 0 {
		return nil
	}
	mailbox := limit.Use{Name: cmp.Or(l.Mailbox, l.Address.Fold())}
	return tx.GiveBack(letter{familiar: l.Familiar, mailbox: mailbox}.counted().Name, l.Slot)
}

// learn keeps with a person what a sign-in tells of them, and reports whether
// that is anything new.
func learn(p *codec.Person, r *signin.Redemption) (changed bool) {
	if r.Language != "" && r.Language != p.Language {
		p.Language, changed = r.Language, true
	}
	if r.Mark != (signin.BrowserKey{}) && !isFamiliar(*p, r.Mark) {
		p.Browsers, changed = append(p.Browsers, r.Mark[:]), true
		p.Browsers = p.Browsers[max(len(p.Browsers)-signin.MaxFamiliar, 0):]
	}
	return changed
}

// countWrongCode counts a wrong code, once for one attempt. The last one that is
// allowed ends the code; the link stays good for whoever reads the mailbox.
func countWrongCode(tx Tx, r *signin.Redemption, request codec.Request) (signin.Redeemed, error) {
	if !bytes.Equal(request.Tried, r.Session.Key[:]) {
		request.Tries, request.Tried = request.Tries+1, r.Session.Key[:]
		if err := saveRequest(tx, r.Browser[:], request); err != nil {
			return signin.Redeemed{}, err
		}
	}
	left := signin.MaxCodeTries - request.Tries
	if left <= 0 {
		return signin.Redeemed{Outcome: signin.RequestEnded}, nil
	}
	return signin.Redeemed{Outcome: signin.WrongCode, TriesLeft: left}, nil
}
