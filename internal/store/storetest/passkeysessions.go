package storetest

import (
	"strings"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// removalsOfPasskeys removes one of two passkeys in each way there is, while both and the
// mailbox have made sessions, with one at a site behind each.
func removalsOfPasskeys(f *fixture) {
	bySession := func(c passkey.Change) error {
		return f.RemovePasskey(f.Context(), c, f.notice(session.Entry{Record: session.Record{Address: c.Person}}))
	}
	for name, way := range map[string]struct {
		remove func(passkey.Change) error
		keeps  func(own, behind session.Key) session.Key // of those it made, the one in which it is removed; nil for none
		all    bool
	}{
		"in a session of its own": {
			bySession,
			func(own, _ session.Key) session.Key { return own }, false,
		},
		"at a site behind its session": {
			bySession,
			func(_, behind session.Key) session.Key { return behind }, false,
		},
		"in a session of another": {
			bySession, nil, false,
		},
		"by an operator": {func(c passkey.Change) error {
			_, err := f.DropPasskeys(f.Context(), c.Person, c.ID)
			return err
		}, nil, false},
		"with all others by an operator": {func(c passkey.Change) error {
			_, err := f.DropPasskeys(f.Context(), c.Person, "")
			return err
		}, nil, true},
	} {
		mail := f.signIn(f.person(strings.ReplaceAll(name, " ", "-")))
		removed, stays := f.added(mail), f.added(mail)
		made := func(a passkey.Addition) (own, behind session.Key) {
			own = f.signedInBy(session.ByPasskey, a)
			return own, f.entered(session.Entry{Key: own, Record: mail.Record}).Made
		}
		first, atSite := made(removed)
		second, _ := made(removed)
		other, atOther := made(stays)
		c := passkey.Change{Now: f.now, Session: other, Person: mail.Address, ID: removed.Passkey.ID}
		kept := way.keeps != nil
		if kept {
			c.Session = way.keeps(first, atSite)
			f.proposed(session.Entry{Key: c.Session, Record: mail.Record}, account.Move, f.person("new-"+string(mail.Address[:3])))
		}
		ended := f.listen()
		if err := way.remove(c); err != nil {
			f.Fatalf("%s: %v", name, err)
		}
		for _, want := range []struct {
			key        session.Key
			ends, told bool
		}{{first, !kept, true}, {atSite, !kept, true}, {second, true, true}, {other, way.all, way.all}, {atOther, way.all, way.all}, {mail.Key, false, false}} {
			ended.want(f, want.key, want.told)
			f.wantFound(want.key, !want.ends)
		}
		if kept {
			f.wantUnproven(first, atSite, stays)
		}
	}
}

// wantUnproven holds a session and the one at a site behind it to be as by mail, and of some
// time ago, until an operator removes all passkeys.
func (f *fixture) wantUnproven(own, behind session.Key, stays passkey.Addition) {
	f.Helper()
	for _, key := range []session.Key{own, behind} {
		f.wantNothingPending(session.Entry{Key: key})
	}
	for _, key := range []session.Key{own, behind} {
		r, _, err := f.Session(f.Context(), key, f.now)
		f.must(err)
		if r.Method != session.ByMail {
			f.Errorf("a session whose passkey is removed was made by %s", r.Method.Word())
		}
		c := passkey.Change{Now: f.now, Session: key, Person: r.Address, RPID: stays.RPID}
		f.wantMayChange(c, passkey.ErrNeedsCode)
		c.ID = stays.Passkey.ID
		f.wantMayChange(c, passkey.ErrNeedsCode)
	}
	if _, err := f.DropPasskeys(f.Context(), stays.Person, ""); err != nil {
		f.Fatal(err)
	}
	f.wantFound(own, false)
	f.wantFound(behind, false)
}
