package steps

import (
	"bytes"
	"cmp"
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// guardingPlace is the RP ID of the passkeys that guard the whole account of somebody: of those
// that are required, the one of which they have had passkeys the longest. Empty for none.
func guardingPlace(ring codec.Keyring, g signin.Guard) string {
	for _, p := range ring.Passkeys { // whose order is that of the places, see Keyring.Add
		if g.Requires(p.RPID) {
			return p.RPID
		}
	}
	return ""
}

// provesPasskey reports whether a session was made by a passkey of an RP ID a moment ago. At
// a place of another RP ID nobody can show that they have one.
func provesPasskey(s codec.Session, g signin.Guard, rpID string, now time.Time) bool {
	return g.RPID == rpID && s.Method == session.ByPasskey && isFresh(s, now)
}

func isFresh(s codec.Session, now time.Time) bool {
	return now.Sub(codec.Time(s.SignedIn)) < account.FreshProof
}

// checkGuard fails where passkeys guard an account and the session has shown none of them.
func checkGuard(t *tx, who address.Address, g signin.Guard, s codec.Session, now time.Time) {
	if at := guardingPlace(keyring(t, who), g); at != "" && !provesPasskey(s, g, at, now) {
		t.fail(&signin.NeedsPasskey{RPID: at})
	}
}

// CheckGuard implements account.Store.
func (s Steps) CheckGuard(ctx context.Context, key session.Key, who address.Address, g signin.Guard, now time.Time) error {
	return run(ctx, s.look("check_guard"), []Key{sessionKey(key), keyringKey(who)}, func(t *tx) {
		s := sessionOf(t, key, who, now)
		if at := cmp.Or(guardingPlace(keyring(t, who), g), g.RPID); !provesPasskey(s, g, at, now) {
			t.fail(&signin.NeedsPasskey{RPID: at})
		}
	})
}

// changeReads are the records that a change of passkeys reads first.
func changeReads(c passkey.Change) []Key {
	return append(ofAddress(c.Person), sessionKey(c.Session), keyringKey(c.Person), changeKey(c.Session))
}

// mayChange fails unless a session may make a change, and returns what its person has.
func mayChange(t *tx, c passkey.Change) codec.Keyring {
	s := sessionOf(t, c.Session, c.Person, c.Now)
	ring, rpID := keyring(t, c.Person), c.RPID
	if c.ID != "" {
		i := ring.FindID(c.ID)
		if i < 0 {
			t.fail(passkey.ErrUnknown)
			return ring
		}
		rpID = ring.Passkeys[i].RPID
	}
	at := guardingPlace(ring, c.Guard)
	switch {
	case at != "" && provesPasskey(s, c.Guard, at, c.Now):
	case at != "" && c.ID != "" && rpID != c.Guard.RPID: // it concerns another place
		t.fail(&signin.NeedsPasskey{RPID: at})
	case at != "" && ring.Has(rpID): // where mail made the first one it makes no other
		if !provesPasskey(s, c.Guard, rpID, c.Now) {
			t.fail(&signin.NeedsPasskey{RPID: rpID})
		}
	case isFresh(s, c.Now) && (c.ID == "" || s.Method == session.ByPasskey), hasConfirmed(t, c):
	default:
		t.fail(passkey.ErrNeedsCode)
	}
	return ring
}

// hasConfirmed reports whether a session has confirmed that it wants to change passkeys.
func hasConfirmed(t *tx, c passkey.Change) bool {
	confirmed, found := load[codec.Change](t, changeKey(c.Session))
	return found && confirmed.Kind == account.Passkeys && confirmed.Confirmed && confirmed.Person == c.Person && confirmed.Expires > codec.Millis(c.Now)
}

// MayChangePasskeys implements passkey.Store.
func (s Steps) MayChangePasskeys(ctx context.Context, c passkey.Change) (passkey.Keyring, error) {
	return result(ctx, s.look("may_change_passkeys"), changeReads(c), func(t *tx) passkey.Keyring { return mayChange(t, c).Unpack() })
}

// AddPasskey implements passkey.Store.
func (s Steps) AddPasskey(ctx context.Context, a passkey.Addition) error {
	key := passkey.KeyOf(a.Passkey.Credential)
	reads := append(changeReads(a.Change), credentialKey(key), challengeKey(a.Challenge.Nonce))
	return run(ctx, s.change("add_passkey"), reads, func(t *tx) { addPasskey(t, a, key) })
}

func addPasskey(t *tx, a passkey.Addition, key passkey.Key) {
	used, again := load[usedTicket](t, challengeKey(a.Challenge.Nonce))
	if again && used.Attempt == a.Attempt {
		return // the same one, whose answer was lost
	}
	ring, p := mayChange(t, a.Change), person(t, a.Person)
	_, known := load[address.Address](t, credentialKey(key))
	switch {
	case !p.IsKnown():
		t.fail(people.ErrUnknown)
	case again, ring.Handle != nil && !bytes.Equal(ring.Handle, a.Handle):
		t.fail(passkey.ErrRefused)
	case len(ring.Passkeys) >= passkey.Max: // first: who has as many learns nothing of those of others
		t.fail(passkey.ErrFull)
	case known:
		t.fail(passkey.ErrKnown)
	}
	ring.Handle = a.Handle
	ring.Add(codec.PackPasskey(a.Passkey))
	saveUse(t, challengeKey(a.Challenge.Nonce), a.Challenge.Until, a.Attempt)
	saveKeyring(t, a.Person, ring)
	saveCredential(t, key, a.Person)
	notify(t, a.Person, p, a.Notice, a.Now)
}

// RenamePasskey implements passkey.Store.
func (s Steps) RenamePasskey(ctx context.Context, c passkey.Change, name string) error {
	return run(ctx, s.change("rename_passkey"), changeReads(c), func(t *tx) {
		ring := keyring(t, c.Person)
		if guardingPlace(ring, c.Guard) != "" {
			ring = mayChange(t, c)
		}
		sessionOf(t, c.Session, c.Person, c.Now)
		i := ring.FindID(c.ID)
		if i < 0 {
			t.fail(passkey.ErrUnknown)
			return
		}
		ring.Passkeys[i].Name = name
		saveKeyring(t, c.Person, ring)
	})
}

// RemovePasskey implements passkey.Store.
func (s Steps) RemovePasskey(ctx context.Context, c passkey.Change, notice outbox.Message) error {
	return run(ctx, s.change("remove_passkey"), changeReads(c), func(t *tx) {
		if c.ID == "" { // a change without one adds
			t.fail(passkey.ErrUnknown)
		}
		ring := mayChange(t, c)
		if i := ring.FindID(c.ID); i >= 0 {
			dropPasskey(t, c.Person, ring.Passkeys[i].Key())
			endProven(t, c.Person, c.Session, c.Now, madeBy(c.ID))
			notify(t, c.Person, person(t, c.Person), notice, c.Now)
		}
	})
}
