package txstore

import (
	"bytes"
	"context"
	"crypto/hmac"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// RedeemLink implements signin.Store.
func (s *Store) RedeemLink(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	return s.redeem(ctx, r, findByLink)
}

// RedeemCode implements signin.Store.
func (s *Store) RedeemCode(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	return s.redeem(ctx, r, findByCode)
}

// finding is a link that was looked for: either one that may be redeemed, or
// the outcome that stands without.
type finding struct {
	key      []byte
	link     storedLink
	person   record.Person // of the link, if it is live
	outcome  signin.Redeemed
	wrongTry bool // a wrong code, to be counted
}

// redeemable is what a finding's outcome is if the link may be redeemed.
const redeemable = signin.SignedIn

// redeem looks first and writes only if there is something to write, so that
// a link that is tried again and again costs no disk.
func (s *Store) redeem(ctx context.Context, r signin.Redemption, find func(Tx, *signin.Redemption) (finding, error)) (redeemed signin.Redeemed, err error) {
	var found finding
	err = s.view(ctx, func(tx Tx) error {
		found, err = find(tx, &r)
		return err
	})
	if err != nil || found.outcome.Outcome != redeemable && !found.wrongTry {
		return found.outcome, err
	}
	var ended []session.Key
	err = s.update(ctx, func(tx Tx) error {
		ended = nil
		if found, err = find(tx, &r); err != nil {
			return err
		}
		redeemed = found.outcome
		switch {
		case found.wrongTry:
			redeemed, err = countWrongCode(tx, &r)
		case redeemed.Outcome == redeemable:
			redeemed, ended, err = useUp(tx, &r, found)
		}
		return err
	})
	if err != nil {
		return signin.Redeemed{}, err
	}
	s.tellEnded(ended)
	return redeemed, nil
}

func findByLink(tx Tx, r *signin.Redemption) (finding, error) {
	link, found, err := loadLink(tx, r.Link[:])
	f := finding{key: r.Link[:], link: link}
	switch {
	case err != nil:
		return f, err
	case !found:
		f.outcome.Outcome = signin.TooOld // its signature is ours, so it was a link once
	case link.used:
		f.outcome.Outcome = signin.Used
	case link.Expires <= record.Millis(r.Now):
		f.outcome.Outcome = signin.TooOld
	case link.Site != r.Site || link.Purpose != signin.ToSignIn:
		f.outcome.Outcome = signin.Unknown
	case !bytes.Equal(link.Browser, r.Browser[:]) && !r.Elsewhere:
		f.outcome = signin.Redeemed{Outcome: signin.OtherBrowser, Request: link.Request()}
	default:
		err = f.judge(tx, r)
	}
	return f, err
}

func findByCode(tx Tx, r *signin.Redemption) (finding, error) {
	request, found, err := load[record.Request](tx, requests, r.Browser[:])
	var f finding
	switch {
	case err != nil:
		return f, err
	case !found || request.Site != r.Site || request.Expires <= record.Millis(r.Now):
		f.outcome.Outcome = signin.Unknown
		return f, nil
	case request.Tries >= signin.MaxCodeTries:
		f.outcome.Outcome = signin.RequestEnded
		return f, nil
	}
	for _, key := range request.Links {
		link, found, err := loadLink(tx, key)
		if err != nil {
			return f, err
		}
		if found && !link.used && link.Expires > record.Millis(r.Now) && link.Site == r.Site && link.Purpose == signin.ToSignIn && isOneOf(r.Codes, link.Code) {
			f.key, f.link = key, link
			err := f.judge(tx, r)
			return f, err
		}
	}
	f.wrongTry = true
	return f, nil
}

func isOneOf(codes []signin.CodeKey, code []byte) bool {
	return slices.ContainsFunc(codes, func(c signin.CodeKey) bool { return hmac.Equal(c[:], code) })
}

// judge is the outcome for a live link: redeemable if the rules in force are
// those under which it was made, and nothing of the person was changed since.
func (f *finding) judge(tx Tx, r *signin.Redemption) (err error) {
	if f.person, _, err = load[record.Person](tx, persons, []byte(f.link.Address)); err != nil {
		return err
	}
	f.outcome = signin.Redeemed{Outcome: redeemable, Request: f.link.Request()}
	lookedAt := f.link.Revision
	if r.Revision != nil {
		lookedAt = *r.Revision
	}
	switch {
	case f.person.Disabled:
		f.outcome.Outcome = signin.NotAdmitted
	case f.link.Policy != r.Policy || f.person.Revision() != lookedAt:
		f.outcome.Outcome, f.outcome.Policy, f.outcome.Person = signin.PolicyChanged, f.link.Policy, f.person.Unpack(f.link.Address)
	}
	return nil
}

// useUp marks the link and all other live ones of its address that sign in as
// used, and makes the session in place of the one that this browser had.
func useUp(tx Tx, r *signin.Redemption, f finding) (signin.Redeemed, []session.Key, error) {
	who := f.link.Address
	if err := mark(tx, f.key, f.link.Link); err != nil {
		return signin.Redeemed{}, nil, err
	}
	var others [][]byte
	tx.Scan(addressLinks, under(who, nil), nil, func(key, _ []byte) bool {
		others = append(others, bytes.Clone(key[len(who)+1:]))
		return true
	})
	for _, key := range others {
		link, found, err := loadLink(tx, key)
		if err == nil && found && !link.used && link.Purpose == signin.ToSignIn {
			err = mark(tx, key, link.Link)
		}
		if err != nil {
			return signin.Redeemed{}, nil, err
		}
	}
	redeemed, person := f.outcome, f.person
	redeemed.NewPerson = person.Prove(r.Now)
	if meet(&person, r) || redeemed.NewPerson {
		if err := save(tx, persons, []byte(who), person); err != nil {
			return signin.Redeemed{}, nil, err
		}
	}
	var ended []session.Key
	if r.Replace != (session.Key{}) {
		if err := removeSessionOfAnyone(tx, r.Replace); err != nil {
			return signin.Redeemed{}, nil, err
		}
		ended = append(ended, r.Replace)
	}
	made := r.Session.Record
	made.Address, made.Standing = who, person.Standing.Unpack()
	return redeemed, ended, addSession(tx, r.Session.Key, made)
}

// meet keeps with a person what a sign-in tells of them. It is false if that
// is nothing new.
func meet(person *record.Person, r *signin.Redemption) (changed bool) {
	if r.Language != "" && r.Language != person.Language {
		person.Language, changed = r.Language, true
	}
	if r.Mark != (signin.BrowserKey{}) && !isFamiliar(*person, r.Mark) {
		person.Browsers, changed = append(person.Browsers, r.Mark[:]), true
		if extra := len(person.Browsers) - signin.MaxFamiliar; extra > 0 {
			person.Browsers = person.Browsers[extra:]
		}
	}
	return changed
}

// countWrongCode counts a wrong code; the last one that is allowed ends the
// request, links and all.
func countWrongCode(tx Tx, r *signin.Redemption) (signin.Redeemed, error) {
	request, _, err := load[record.Request](tx, requests, r.Browser[:])
	if err != nil {
		return signin.Redeemed{}, err
	}
	request.Tries++
	redeemed := signin.Redeemed{Outcome: signin.WrongCode, TriesLeft: signin.MaxCodeTries - request.Tries}
	if redeemed.TriesLeft <= 0 {
		return signin.Redeemed{Outcome: signin.RequestEnded}, endRequest(tx, r.Browser[:], request)
	}
	return redeemed, save(tx, requests, r.Browser[:], request)
}

// endRequest ends a request with all its links.
func endRequest(tx Tx, browser []byte, request record.Request) error {
	for _, key := range request.Links {
		if err := markUsed(tx, key); err != nil {
			return err
		}
	}
	request.Links, request.Tries = nil, signin.MaxCodeTries
	return save(tx, requests, browser, request)
}
