package steps

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

var (
	keyrings    = newTable("keyrings")    // by address
	credentials = newTable("credentials") // by passkey.Key; the record is whose it is
)

func keyringKey(who address.Address) Key   { return Key{keyrings, string(who)} }
func credentialKey(key passkey.Key) Key    { return hashed(credentials, key[:]) }
func challengeKey(nonce passkey.Nonce) Key { return hashed(tickets, nonce[:]) }

// keyring is what somebody has; the zero record for nothing.
func keyring(t *tx, who address.Address) codec.Keyring {
	ring, _ := load[codec.Keyring](t, keyringKey(who))
	return ring
}

func saveKeyring(t *tx, who address.Address, ring codec.Keyring) {
	save(t, keyringKey(who), ring, time.Time{})
}

// saveCredential has a passkey lead to its person.
func saveCredential(t *tx, key passkey.Key, who address.Address) {
	save(t, credentialKey(key), who, time.Time{}, append(ofAddress(who), keyringKey(who))...)
}

// moveKeyring takes the passkeys of somebody along to another address.
func moveKeyring(t *tx, from, to address.Address) {
	ring, found := load[codec.Keyring](t, keyringKey(from))
	if !found {
		return
	}
	t.delete(keyringKey(from))
	saveKeyring(t, to, ring)
	for _, p := range ring.Passkeys {
		saveCredential(t, p.Key(), to)
	}
}

// forgetKeyring removes all that is kept of the passkeys of somebody.
func forgetKeyring(t *tx, who address.Address) {
	ring, found := load[codec.Keyring](t, keyringKey(who))
	for _, p := range ring.Passkeys {
		t.delete(credentialKey(p.Key()))
	}
	if found {
		t.delete(keyringKey(who))
	}
}

// UsePasskey implements passkey.Store.
func (s Steps) UsePasskey(ctx context.Context, u passkey.Use) (passkey.Used, error) {
	reads := []Key{credentialKey(u.Passkey), challengeKey(u.Challenge.Nonce), sessionKey(u.Session.Key)}
	if u.Replace != (session.Key{}) {
		reads = append(reads, sessionKey(u.Replace))
	}
	return result(ctx, s.change("use_passkey"), reads, func(t *tx) passkey.Used { return usePasskey(t, u) })
}

func usePasskey(t *tx, u passkey.Use) passkey.Used {
	who, found := load[address.Address](t, credentialKey(u.Passkey))
	if !found {
		return passkey.Used{Refused: u.Check(passkey.Candidate{})}
	}
	ring, p := keyring(t, who), person(t, who)
	i := ring.Find(u.Passkey)
	if i < 0 {
		t.fail(fmt.Errorf("reading a record of %s: it has no passkey that leads to it", keyrings))
		return passkey.Used{}
	}
	present := &ring.Passkeys[i]
	refused := u.Check(passkey.Candidate{PublicKey: present.PublicKey, Person: p.Unpack(who)})
	if refused == passkey.Fine {
		refused = mayNotUse(t, &u, who, p, ring.Handle, *present)
	}
	used, again := load[usedTicket](t, challengeKey(u.Challenge.Nonce))
	switch {
	case again && used.Attempt == [16]byte(u.Session.Key) && isSessionOf(t, u.Session.Key, who, u.Now):
		return passkey.Used{Person: who} // the same attempt, whose answer was lost
	case again:
		refused = passkey.UsedBefore
	}
	if refused != passkey.Fine {
		return passkey.Used{Refused: refused, Person: who}
	}
	saveUse(t, challengeKey(u.Challenge.Nonce), u.Challenge.Until, [16]byte(u.Session.Key))
	present.Counter, present.Used, present.BackedUp = u.Counter, codec.Millis(u.Now), u.BackedUp
	saveKeyring(t, who, ring)
	tellOfBrowser(t, &u.Arrival, who, p)
	arrival := u.Arrival
	arrival.Session.Method, arrival.Session.Passkey = session.ByPasskey, string(u.Passkey.ID())
	arrive(t, &arrival, who, p)
	return passkey.Used{Person: who}
}

// mayNotUse is why nobody signs in with a passkey whose signature is right, if so.
func mayNotUse(t *tx, u *passkey.Use, who address.Address, p codec.Person, handle []byte, present codec.Passkey) passkey.Reason {
	switch {
	case present.RPID != u.RPID:
		return passkey.WrongRPID
	case !bytes.Equal(handle, u.Handle):
		return passkey.WrongHandle
	case !p.IsKnown(), mayNotSignIn(t, who, p):
		return passkey.Disabled
	case present.BackupEligible != u.BackupEligible:
		return passkey.EligibilityChanged
	case u.Counter <= present.Counter && (u.Counter != 0 || present.Counter != 0):
		return passkey.CounterWentBack
	}
	return passkey.Fine
}

func isSessionOf(t *tx, key session.Key, who address.Address, now time.Time) bool {
	made, alive := liveSession(t, key, now)
	return alive && made.Address == who
}

// Passkeys implements passkey.Store.
func (s Steps) Passkeys(ctx context.Context, who address.Address) (passkey.Keyring, error) {
	return result(ctx, s.look("passkeys"), []Key{keyringKey(who)}, func(t *tx) passkey.Keyring { return keyring(t, who).Unpack() })
}

// DropPasskeys implements passkey.Store.
func (s Steps) DropPasskeys(ctx context.Context, who address.Address, id passkey.ID) ([]passkey.Passkey, error) {
	reads := append(ofAddress(who), keyringKey(who))
	return result(ctx, s.change("drop_passkeys"), reads, func(t *tx) []passkey.Passkey {
		if !person(t, who).IsKnown() {
			t.fail(people.ErrUnknown)
		}
		ring := keyring(t, who)
		drop := ring.Passkeys
		if id != "" {
			i := ring.FindID(id)
			if i < 0 {
				t.fail(passkey.ErrUnknown)
				return nil
			}
			drop = []codec.Passkey{ring.Passkeys[i]}
		}
		dropped := codec.Keyring{Passkeys: slices.Clone(drop)}
		for _, p := range dropped.Passkeys {
			dropPasskey(t, who, p.Key())
		}
		gone := madeBy(id)
		if id == "" { // those, too, of passkeys that are gone, or that made them before a session kept which
			gone = func(s codec.Session) bool { return s.Passkey != "" || s.Method == session.ByPasskey }
		}
		endProven(t, who, session.Key{}, time.Now(), gone)
		return dropped.Unpack().Passkeys
	})
}

// dropPasskey removes one. The handle stays.
func dropPasskey(t *tx, who address.Address, key passkey.Key) {
	ring := keyring(t, who)
	ring.Passkeys = slices.DeleteFunc(ring.Passkeys, func(p codec.Passkey) bool { return p.Key() == key })
	saveKeyring(t, who, ring)
	t.delete(credentialKey(key))
}

// madeBy is true of the sessions that a passkey made.
func madeBy(id passkey.ID) func(codec.Session) bool {
	return func(s codec.Session) bool { return s.Passkey == string(id) }
}

// endProven ends the sessions of somebody whose proof is gone. One goes on, which may be the
// zero Key: as if it had been made by mail some time ago.
func endProven(t *tx, who address.Address, keep session.Key, now time.Time, gone func(codec.Session) bool) {
	for _, open := range slices.Clone(openSessions(t, who)) {
		by, _ := load[codec.Session](t, sessionKey(open.Key))
		switch {
		case !gone(by):
		case open.Is(keep):
			by.Method, by.SignedIn = session.ByMail, min(by.SignedIn, codec.Millis(now.Add(-account.FreshProof)))
			addSession(t, open.Key, by, now)
			for _, key := range open.Keys() {
				t.delete(changeKey(key)) // it was proposed with the proof
				t.ended(key)             // what instances know of it is another
			}
		default:
			endSessionOf(t, who, open.Key, now)
		}
	}
}
