package modeltest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"pgregory.net/rapid"
)

var rpIDs = []string{"one.example", "two.example"}

// credential is a number of few, so that a passkey is removed, made again, and somebody else's.
func credential(t *rapid.T) []byte {
	return []byte{rapid.ByteRange(1, 3).Draw(t, "credential")}
}

// madeCredential is mostly one of a passkey that there is.
func (h *history) madeCredential(t *rapid.T) []byte {
	var made [][]byte
	for _, who := range persons {
		for _, p := range h.rings[who].Passkeys {
			made = append(made, p.Credential)
		}
	}
	if len(made) == 0 || rapid.IntRange(0, 5).Draw(t, "any credential if 0") == 0 {
		return credential(t)
	}
	return one(t, made, "credential of a passkey")
}

// owner is whose a passkey is, and where it stands with them; -1 for a passkey of nobody.
func (m *model) owner(credential []byte) (who address.Address, at int) {
	for who, ring := range m.rings {
		if at := slices.IndexFunc(ring.Passkeys, func(p passkey.Passkey) bool { return bytes.Equal(p.Credential, credential) }); at >= 0 {
			return who, at
		}
	}
	return "", -1
}

// drop forgets passkeys, all of the person if the id is empty, and ends the sessions that they
// made. The session keep goes on, as if it had been made by mail some time ago.
func (m *model) drop(who address.Address, id passkey.ID, keep session.Key) (dropped bool) {
	ring := m.rings[who]
	left := slices.DeleteFunc(slices.Clone(ring.Passkeys), func(p passkey.Passkey) bool { return id == "" || p.ID == id })
	if dropped = len(left) < len(ring.Passkeys); !dropped && id != "" {
		return false
	}
	if ring.Passkeys = left; dropped {
		m.rings[who] = ring
	}
	for _, v := range m.visits {
		switch made := v.passkey != "" && (id == "" || v.passkey == id); {
		case v.who != who || !made:
		case v.key != keep:
			v.ended = true
		case v.alive(m.now):
			v.method = session.ByMail
			if before := m.now.Add(-account.FreshProof); v.proven.After(before) {
				v.proven = before
			}
		}
	}
	return dropped
}

// challenge is a new one, or now and then one that was used up.
func (h *history) challenge(t *rapid.T) passkey.Challenge {
	if n := len(h.answered); n > 0 && rapid.IntRange(0, 4).Draw(t, "a challenge of before if 0") == 0 && h.answered[n-1].Until.After(h.now) {
		return h.answered[n-1]
	}
	return passkey.Challenge{Nonce: h.number(), Until: h.now.Add(2 * passkey.ChallengeLife)}
}

// change is one that a session wants, at a place and under requirements of any kind.
func (h *history) change(t *rapid.T) passkey.Change {
	if len(h.visits) == 0 {
		t.Skip("nobody has signed in")
	}
	v := h.someVisit(t)
	c := passkey.Change{Now: h.now, Session: v.key, Person: v.who, RPID: one(t, rpIDs, "RP ID")}
	c.Guard = signin.Guard{RPID: c.RPID, Required: one(t, [][]string{nil, rpIDs[:1], rpIDs}, "required")}
	if rapid.IntRange(0, 9).Draw(t, "another person if 0") == 0 {
		c.Person = one(t, persons, "person")
	}
	return c
}

// proof is what a session of somebody has shown a moment ago.
func (m *model) proof(key session.Key, who address.Address) (fresh, byPasskey bool, err error) {
	i := slices.IndexFunc(m.visits, func(v *visit) bool { return v.key == key && v.who == who && v.alive(m.now) })
	if i < 0 {
		return false, false, session.ErrEnded
	}
	fresh = m.now.Sub(m.visits[i].proven) < account.FreshProof
	return fresh, fresh && m.visits[i].method == session.ByPasskey, nil
}

// guarding is the place whose passkeys guard the account of somebody; empty for none.
func (m *model) guarding(who address.Address, g signin.Guard) (place string) {
	var since time.Time
	for _, p := range m.rings[who].Passkeys {
		if slices.Contains(g.Required, p.RPID) && (place == "" || p.Made.Before(since)) {
			place, since = p.RPID, p.Made
		}
	}
	return place
}

// actForOthers asks whether a session may.
func (h *history) actForOthers(t *rapid.T) {
	c := h.change(t)
	_, byPasskey, want := h.proof(c.Session, c.Person)
	at := cmp.Or(h.guarding(c.Person, c.Guard), c.Guard.RPID)
	if want == nil && !(byPasskey && c.Guard.RPID == at) {
		want = signin.ErrNeedsPasskey
	}
	if err := h.store.CheckGuard(context.Background(), c.Session, c.Person, c.Guard, h.now); !errors.Is(err, want) {
		t.Fatalf("acting for others: %v, want %v", err, want)
	}
}

// mayChange predicts whether a session may make a change.
func (m *model) mayChange(c passkey.Change) error {
	fresh, byPasskey, err := m.proof(c.Session, c.Person)
	if err != nil {
		return err
	}
	ring, rpID := m.rings[c.Person], c.RPID
	if c.ID != "" {
		at := slices.IndexFunc(ring.Passkeys, func(p passkey.Passkey) bool { return p.ID == c.ID })
		if at < 0 {
			return passkey.ErrUnknown
		}
		rpID = ring.Passkeys[at].RPID
	}
	at := m.guarding(c.Person, c.Guard)
	shows := func(place string) bool { return byPasskey && c.Guard.RPID == place }
	another := c.ID != "" && rpID != c.Guard.RPID // the change is to a passkey of another place
	furtherOne := len(ring.Of(rpID)) > 0
	switch {
	case at != "" && shows(at):
	case at != "" && (another || furtherOne && !shows(rpID)):
		return signin.ErrNeedsPasskey
	case at != "" && furtherOne:
	case !byPasskey && !(fresh && c.ID == ""):
		return passkey.ErrNeedsCode
	}
	return nil
}

func (h *history) makePasskey(t *rapid.T) {
	a := passkey.Addition{Change: h.change(t), Challenge: h.challenge(t), Attempt: h.number()}
	a.Handle, a.Notice = h.rings[a.Person].Handle, h.message(outbox.Changed, a.Person, sites[0])
	if a.Handle == nil || rapid.IntRange(0, 9).Draw(t, "another handle if 0") == 0 {
		handle := h.number()
		a.Handle = slices.Concat(handle[:], handle[:])
	}
	a.Passkey = passkey.Passkey{Credential: credential(t), RPID: a.RPID, PublicKey: []byte("key"), Made: h.now}
	a.Passkey.ID = passkey.KeyOf(a.Passkey.Credential).ID()
	want, ring := h.mayChange(a.Change), h.rings[a.Person]
	_, known := h.owner(a.Passkey.Credential)
	switch {
	case want != nil:
	case slices.Contains(h.answered, a.Challenge), ring.Handle != nil && !bytes.Equal(ring.Handle, a.Handle):
		want = passkey.ErrRefused
	case known >= 0:
		want = passkey.ErrKnown
	}
	if err := h.store.AddPasskey(context.Background(), a); !errors.Is(err, want) {
		t.Fatalf("adding a passkey: %v, want %v", err, want)
	}
	if want == nil {
		a.Passkey.Made = time.Unix(int64(h.made), 0) // since when they have had any of the place
		if had := ring.Of(a.RPID); len(had) > 0 {
			a.Passkey.Made = had[0].Made
		}
		ring.Handle, ring.Passkeys = a.Handle, append(slices.Clone(ring.Passkeys), a.Passkey)
		h.rings[a.Person], h.answered = ring, append(h.answered, a.Challenge)
	}
}

func (h *history) usePasskey(t *rapid.T) {
	credential := h.madeCredential(t)
	who, at := h.owner(credential)
	present := passkey.Passkey{RPID: rpIDs[0]}
	if at >= 0 {
		present = h.rings[who].Passkeys[at]
	}
	u := passkey.Use{
		Arrival: h.arrival(sites[0]), Challenge: h.challenge(t), Passkey: passkey.KeyOf(credential), RPID: present.RPID, Handle: h.rings[who].Handle,
		Counter: present.Counter + rapid.Uint32Range(0, 1).Draw(t, "counted on by"),
		Check: func(c passkey.Candidate) passkey.Reason {
			if c.PublicKey == nil {
				return passkey.UnknownCredential
			}
			return passkey.Fine
		},
	}
	if len(h.visits) > 0 && yes(t, "in place of a session") {
		u.Replace = one(t, h.visits, "session").key
	}
	odd := func(what string) bool { return rapid.IntRange(0, 9).Draw(t, what+" if 0") == 0 }
	if odd("another RP ID") {
		u.RPID = "three.example"
	}
	if odd("another handle") {
		u.Handle = []byte("another")
	}
	again := slices.Contains(h.answered, u.Challenge)
	want := passkey.Fine
	switch {
	case at < 0:
		want = passkey.UnknownCredential
	case again:
		want = passkey.UsedBefore
	case u.RPID != present.RPID:
		want = passkey.WrongRPID
	case !bytes.Equal(u.Handle, h.rings[who].Handle):
		want = passkey.WrongHandle
	case h.mayNotSignIn(who):
		want = passkey.Disabled
	case u.Counter == present.Counter && u.Counter > 0:
		want = passkey.CounterWentBack
	}
	got, err := h.store.UsePasskey(context.Background(), u)
	if err != nil || got.Refused != want || got.Person != who {
		t.Fatalf("using a passkey: %+v, %v, want %q of %q", got, err, want, who)
	}
	if want == passkey.Fine {
		ring := h.rings[who]
		ring.Passkeys = slices.Clone(ring.Passkeys)
		ring.Passkeys[at].Counter, ring.Passkeys[at].Used = u.Counter, h.now
		h.rings[who], h.answered = ring, append(h.answered, u.Challenge)
		h.arrived(who, u.Arrival, u.Passkey.ID())
	}
}

func (h *history) removePasskey(t *rapid.T) {
	c := h.change(t)
	credential := h.madeCredential(t)
	c.RPID, c.ID = "", passkey.KeyOf(credential).ID()
	if who, _ := h.owner(credential); yes(t, "by the owner") {
		owned := slices.DeleteFunc(slices.Clone(h.visits), func(v *visit) bool { return v.who != who || !v.alive(h.now) })
		if len(owned) > 0 {
			c.Person, c.Session = who, owned[len(owned)-1].key
		}
	}
	want := h.mayChange(c)
	if err := h.store.RemovePasskey(context.Background(), c, h.message(outbox.Changed, c.Person, sites[0])); !errors.Is(err, want) {
		t.Fatalf("removing a passkey: %v, want %v", err, want)
	}
	if want == nil {
		h.drop(c.Person, c.ID, c.Session)
	}
}

// dropPasskeys is what an operator does.
func (h *history) dropPasskeys(t *rapid.T) {
	who, id := one(t, persons, "person"), passkey.ID("")
	if yes(t, "one") {
		id = passkey.KeyOf(h.madeCredential(t)).ID()
	}
	var want error
	switch {
	case h.known[who].revision == 0:
		want = people.ErrUnknown
	case !h.drop(who, id, session.Key{}) && id != "":
		want = passkey.ErrUnknown
	}
	if _, err := h.store.DropPasskeys(context.Background(), who, id); !errors.Is(err, want) {
		t.Fatalf("dropping passkeys: %v, want %v", err, want)
	}
}

// hasPasskeys compares what somebody has with the model's. Nobody who is not known has any.
func (h *history) hasPasskeys(t *rapid.T, who address.Address) {
	got, err := h.store.Passkeys(context.Background(), who)
	want := h.rings[who]
	want.Passkeys = slices.Clone(want.Passkeys)
	for _, list := range [][]passkey.Passkey{got.Passkeys, want.Passkeys} {
		slices.SortFunc(list, func(a, b passkey.Passkey) int { return bytes.Compare(a.Credential, b.Credential) })
	}
	same := slices.EqualFunc(got.Passkeys, want.Passkeys, func(a, b passkey.Passkey) bool {
		return bytes.Equal(a.Credential, b.Credential) && a.RPID == b.RPID && a.Counter == b.Counter && a.Used.Equal(b.Used)
	})
	if err != nil || !same || !bytes.Equal(got.Handle, want.Handle) || len(got.Passkeys) > 0 && h.known[who].revision == 0 {
		t.Fatalf("%s has %+v, %v, want %+v", who, got, err, want)
	}
}
