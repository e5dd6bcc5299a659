package steps

import (
	"context"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

var (
	changes    = newTable("changes")    // by the session.Key of the session that proposed it
	recoveries = newTable("recoveries") // by recovery address; the record is whose it is
)

func changeKey(of session.Key) Key      { return hashed(changes, of[:]) }
func recoveryKey(a address.Address) Key { return Key{recoveries, string(a)} }

// Propose implements account.Store.
func (s Steps) Propose(ctx context.Context, p account.Proposal) (account.Proposed, error) {
	reads := []Key{sessionKey(p.Session)}
	if len(p.Guard.Required) > 0 {
		reads = append(reads, keyringKey(p.Change.Person))
	}
	return result(ctx, s.change("propose_change"), reads, func(t *tx) account.Proposed { return propose(t, p) })
}

func propose(t *tx, p account.Proposal) (proposed account.Proposed) {
	from, wait := countVisitor(t, p.Client, p.Now)
	if wait > 0 {
		return account.Proposed{Wait: wait}
	}
	who := p.Change.Person
	s := sessionOf(t, p.Session, who, p.Now)
	if p.Change.Kind != account.Passkeys { // which has a rule of its own
		checkGuard(t, who, p.Guard, s, p.Now)
	}
	presently := person(t, who)
	if p.Change.Present {
		proposed.Silent = send(t, letter{
			from: from, to: who, reader: presently, familiar: true, mailbox: p.Mailbox, total: p.Total, reserve: p.Reserve,
			message: p.Message,
		}, p.Now)
	}
	if p.Change.New() {
		if t.take(limited("proposals", p.Daily), p.Now) > 0 {
			t.fail(account.ErrTooMany)
		}
		proposed.NewSilent = sendToNew(t, from, p)
	}
	saveChange(t, p.Session, codec.PackChange(p))
	return proposed
}

func saveChange(t *tx, of session.Key, c codec.Change) {
	save(t, changeKey(of), c, codec.Time(c.Expires), sessionKey(of), keyringKey(c.Person))
}

// sendToNew sends the code to a new address, unless somebody else has it.
func sendToNew(t *tx, from visitor, p account.Proposal) signin.SilentReason {
	if !isFree(t, p.Change.Address, p.Change.Person) {
		return signin.SilentNotAllowed
	}
	trace(t, p.Change.Person, p.Change.Address, false, p.Now)
	return send(t, letter{
		from: from, to: p.Change.Address, mailbox: p.NewMailbox, total: p.Total, reserve: p.Reserve, message: p.NewMessage,
	}, p.Now)
}

// isFree reports whether an address is neither somebody else's nor leads to them, and
// nobody else keeps it out.
func isFree(t *tx, a, who address.Address) bool {
	other := person(t, a)
	if a != who && other.IsKnown() || barredBy(t, a, other, who) != "" {
		return false
	}
	owner, found := load[address.Address](t, recoveryKey(a))
	return !found || owner == who
}

// sessionOf is a session of a person that is not over; session.ErrEnded for none.
func sessionOf(t *tx, key session.Key, who address.Address, now time.Time) codec.Session {
	stored, alive := liveSession(t, key, now)
	if !alive || stored.Address != who {
		t.fail(session.ErrEnded)
	}
	return stored
}

// Pending implements account.Store.
func (s Steps) Pending(ctx context.Context, key session.Key, now time.Time) (account.Change, bool, error) {
	return results(ctx, s.look("pending_change"), []Key{changeKey(key)}, func(t *tx) (account.Change, bool) {
		stored, found := load[codec.Change](t, changeKey(key))
		if !found || stored.Expires <= codec.Millis(now) || stored.Tries >= signin.MaxCodeTries {
			return account.Change{}, false
		}
		return stored.Unpack(), true
	})
}

// Confirm implements account.Store.
func (s Steps) Confirm(ctx context.Context, c account.Confirmation) (account.Confirmed, error) {
	reads := []Key{changeKey(c.Session)}
	if c.Token.ID != "" {
		reads = append(reads, tokenKey(c.Token.ID), tokenListKey(c.Token.Owner), personKey(c.Token.Owner), mailboxKey(c.Token.Owner))
	}
	return result(ctx, s.change("confirm_change"), reads, func(t *tx) account.Confirmed { return confirm(t, c) })
}

func confirm(t *tx, c account.Confirmation) account.Confirmed {
	change, found := load[codec.Change](t, changeKey(c.Session))
	makes := c.Token.ID != ""
	switch {
	case makes && isMade(t, c.Token): // whose answer was lost
		return account.Confirmed{Outcome: account.Made, Change: account.Change{Kind: account.Token, Person: c.Token.Owner}}
	case makes != (change.Kind == account.Token) || makes && c.Token.Owner != change.Person:
		return account.Confirmed{Outcome: account.Nothing}
	case !found || change.Expires <= codec.Millis(c.Now) || change.Confirmed:
		return account.Confirmed{Outcome: account.Nothing}
	case change.Tries >= signin.MaxCodeTries:
		return account.Confirmed{Outcome: account.Over}
	}
	present := sessionOf(t, c.Session, change.Person, c.Now)
	if change.Kind != account.Passkeys {
		checkGuard(t, change.Person, c.Guard, present, codec.Time(present.SignedIn)) // it was fresh when it proposed this
	}
	wrong, wrongNew := change.Code != (signin.CodeKey{}) && !isOneOf(c.Codes, change.Code), change.NewCode != (signin.CodeKey{}) && !isOneOf(c.NewCodes, change.NewCode)
	if wrong || wrongNew {
		confirmed := countWrongChange(t, c, change)
		confirmed.Wrong, confirmed.WrongNew = wrong, wrongNew
		return confirmed
	}
	if c.Denied {
		t.fail(account.ErrNotAdmitted)
	}
	t.delete(changeKey(c.Session))
	p := person(t, change.Person)
	if !p.IsKnown() {
		t.fail(people.ErrUnknown)
	}
	makeChange(t, c, change, p, present)
	if c.Notice.ID != "" {
		notify(t, change.Person, p, c.Notice, c.Now)
	}
	return account.Confirmed{Outcome: account.Made, Change: change.Unpack()}
}

func countWrongChange(t *tx, c account.Confirmation, change codec.Change) account.Confirmed {
	change.Tries++
	saveChange(t, c.Session, change)
	if left := signin.MaxCodeTries - change.Tries; left > 0 {
		return account.Confirmed{Outcome: account.WrongCode, TriesLeft: left}
	}
	return account.Confirmed{Outcome: account.Over}
}

func makeChange(t *tx, c account.Confirmation, change codec.Change, p codec.Person, present codec.Session) {
	switch change.Kind {
	case account.Token:
		makeToken(t, c.Token, c.Now)
	case account.Administer, account.Passkeys:
		saveChange(t, c.Session, codec.Change{
			Kind: change.Kind, Person: change.Person, Confirmed: true, Expires: codec.Millis(c.Now.Add(account.FreshProof)),
		})
	case account.Leave:
		forget(t, change.Person, c.Now)
	case account.Recovery, account.Drop:
		setRecovery(t, change.Person, change.Address, p, c.Now)
	default:
		p.Browsers = nil
		if c.Mark != (signin.BrowserKey{}) {
			p.Browsers = []signin.BrowserKey{c.Mark}
		}
		move(t, change.Person, change.Address, p, c.Now)
		present.Address, present.Seen, present.Expires = change.Address, codec.Millis(c.Now), codec.Millis(c.Expires)
		addSession(t, c.Renewed, present, c.Now)
	}
}

// setRecovery gives a person a recovery address, or none.
func setRecovery(t *tx, who, next address.Address, p codec.Person, now time.Time) {
	if next != "" && !isFree(t, next, who) {
		t.fail(account.ErrTaken)
	}
	if p.Recovery != "" {
		t.delete(recoveryKey(p.Recovery))
		trace(t, who, p.Recovery, true, now)
		// By these links whoever reads the mail of the address before signs in.
		closeLinks(t, who, now, func(l codec.OpenLink) bool { return l.Purpose == signin.ToSignIn })
	}
	p.Recovery = next
	saveRecovery(t, who, p)
	savePerson(t, who, p)
}

// saveRecovery has the recovery address of somebody lead to them.
func saveRecovery(t *tx, who address.Address, p codec.Person) {
	if p.Recovery != "" {
		save(t, recoveryKey(p.Recovery), who, time.Time{}, ofAddress(who)...)
	}
}

// MovePerson implements account.Store.
func (s Steps) MovePerson(ctx context.Context, from, to address.Address, now time.Time) error {
	return run(ctx, s.change("move_person"), slices.Concat(ofAddress(from), ofAddress(to), []Key{keyringKey(from)}), func(t *tx) {
		p := person(t, from)
		if !p.IsKnown() {
			t.fail(people.ErrUnknown)
		}
		p.Browsers = nil
		move(t, from, to, p, now)
	})
}

// move gives somebody another address. Everything that was open ends.
func move(t *tx, from, to address.Address, p codec.Person, now time.Time) {
	if from == to || !isFree(t, to, from) {
		t.fail(account.ErrTaken)
	}
	endSessions(t, from, session.Key{})
	for _, who := range []address.Address{from, to} {
		endLinks(t, who, now)
	}
	moveAccessRequests(t, from, to, now)
	p.Changes++
	moveTrail(t, from, to, now)
	moveKeyring(t, from, to)
	moveTokens(t, from, to)
	if p.Recovery == to {
		p.Recovery = ""
		t.delete(recoveryKey(to))
	}
	saveRecovery(t, to, p)
	deletePerson(t, from)
	if p.Disabled {
		p = bar(t, to, lift(t, from, p), now)
	}
	savePerson(t, to, p)
}

// moveTrail takes the trail of somebody along to another address, and notes the one
// before.
func moveTrail(t *tx, from, to address.Address, now time.Time) {
	trail, _ := load[codec.Trail](t, trailKey(from))
	t.delete(trailKey(from))
	saveTrail(t, to, trail.Add(codec.Trace{Address: from, At: codec.Millis(now), Proven: true}), now)
}
