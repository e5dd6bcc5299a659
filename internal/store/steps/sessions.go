package steps

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Sessions are by session.Key.
var Sessions = newTable("sessions")

func sessionKey(key session.Key) Key { return hashed(Sessions, key[:]) }

// Session implements session.Store.
func (s Steps) Session(ctx context.Context, key session.Key, now time.Time) (session.Record, bool, error) {
	return results(ctx, s.look("session"), []Key{sessionKey(key)}, func(t *tx) (session.Record, bool) {
		stored, alive := liveSession(t, key, now)
		if !alive {
			return session.Record{}, false
		}
		return stored.Unpack(), true
	})
}

// liveSession is a session that is not over.
func liveSession(t *tx, key session.Key, now time.Time) (codec.Session, bool) {
	stored, found := load[codec.Session](t, sessionKey(key))
	return stored, found && stored.Expires > codec.Millis(now)
}

// Touch implements session.Store.
func (s Steps) Touch(ctx context.Context, key session.Key, seen, expires time.Time) error {
	return run(ctx, s.change("touch"), []Key{sessionKey(key)}, func(t *tx) {
		used, key := key, key
		stored, alive := liveSession(t, key, seen)
		if alive && stored.Parent != (session.Key{}) {
			key = stored.Parent
			stored, alive = liveSession(t, key, seen)
		}
		if alive {
			stored.Seen, stored.Expires = max(stored.Seen, codec.Millis(seen)), max(stored.Expires, codec.Millis(expires))
			if used != key {
				changeAddress(t, stored.Address, seen, func(a *codec.Address) {
					open := a.OpenSession(key)
					open.Use(used, codec.Millis(seen))
					a.PutSession(open)
				})
			}
			addSession(t, key, stored, seen)
		}
	})
}

// Sessions implements session.Store.
func (s Steps) Sessions(ctx context.Context, who address.Address, now time.Time) ([]session.Entry, error) {
	return result(ctx, s.look("sessions"), []Key{addressKey(who)}, func(t *tx) []session.Entry { return sessionsOf(t, who, now) })
}

// sessionsOf are the sessions of a person that are not over.
func sessionsOf(t *tx, who address.Address, now time.Time) (entries []session.Entry) {
	for _, open := range openSessions(t, who) {
		if stored, alive := liveSession(t, open.Key, now); alive {
			entries = append(entries, session.Entry{Key: open.Key, Record: stored.Unpack(), Sites: open.Scopes()})
		}
	}
	return entries
}

// openSessions are a person's sessions, whose records are fetched.
func openSessions(t *tx, who address.Address) []codec.OpenSession {
	a, _ := load[codec.Address](t, addressKey(who))
	records := make([]Key, len(a.Sessions))
	for i, open := range a.Sessions {
		records[i] = sessionKey(open.Key)
	}
	t.fetch(records...)
	return a.Sessions
}

// peopleAtOnce is how many people AllSessions looks at in one go.
const peopleAtOnce = 500

// AllSessions implements session.Store.
func (s Steps) AllSessions(ctx context.Context, after address.Address, max int, now time.Time) ([]session.Entry, address.Address, error) {
	return results(ctx, s.look("all_sessions"), nil, func(t *tx) (list []session.Entry, next address.Address) {
		people := t.ids(People, string(after), peopleAtOnce)
		addresses := make([]Key, len(people))
		for i, who := range people {
			addresses[i] = addressKey(address.Address(who))
		}
		t.fetch(addresses...)
		for i, id := range people {
			who := address.Address(id)
			if list = append(list, sessionsOf(t, who, now)...); len(list) >= max || i == peopleAtOnce-1 {
				return list, who
			}
		}
		return list, ""
	})
}

// End implements session.Store.
func (s Steps) End(ctx context.Context, who address.Address, key session.Key) error {
	return run(ctx, s.change("end_session"), []Key{addressKey(who)}, func(t *tx) {
		if a, _ := load[codec.Address](t, addressKey(who)); a.HasSession(key) {
			endSessionOf(t, who, key, time.Now())
		}
	})
}

// EndAll implements session.Store.
func (s Steps) EndAll(ctx context.Context, who address.Address, keep session.Key) error {
	return run(ctx, s.change("end_sessions"), []Key{addressKey(who)}, func(t *tx) { endSessions(t, who, keep) })
}

// endSessions ends all sessions of somebody but one, which may be the zero Key.
func endSessions(t *tx, who address.Address, keep session.Key) (ended int) {
	a, _ := load[codec.Address](t, addressKey(who))
	for _, open := range a.Sessions {
		if !open.Is(keep) {
			dropSession(t, open)
			ended++
		}
	}
	if ended > 0 {
		changeAddress(t, who, time.Now(), func(a *codec.Address) { a.KeepSession(keep) })
	}
	return ended
}

// addSession makes a session, or changes it with all that came of it.
func addSession(t *tx, key session.Key, r codec.Session, now time.Time) {
	changeAddress(t, r.Address, now, func(a *codec.Address) {
		open := a.OpenSession(key)
		open.Expires = r.Expires
		a.PutSession(open)
	})
	saveSession(t, key, r)
}

// saveSession writes a session, and those that came of it, which are copies with a scope
// of their own.
func saveSession(t *tx, key session.Key, r codec.Session) {
	save(t, sessionKey(key), r, codec.Time(r.Expires), addressKey(r.Address))
	a, _ := load[codec.Address](t, addressKey(r.Address))
	r.Parent = key
	for _, site := range a.OpenSession(key).Sites {
		r.Scope, r.Used = site.Scope, site.Used
		save(t, sessionKey(site.Key), r, codec.Time(r.Expires), addressKey(r.Address), sessionKey(key))
	}
}

// endSession ends a session of anybody, and has all instances told.
func endSession(t *tx, key session.Key, now time.Time) {
	if stored, found := load[codec.Session](t, sessionKey(key)); found {
		endSessionOf(t, stored.Address, key, now)
	}
}

// endSessionOf does not look at the record: one that cannot be read any more can
// still be ended.
func endSessionOf(t *tx, who address.Address, key session.Key, now time.Time) {
	a, _ := load[codec.Address](t, addressKey(who))
	dropSession(t, a.OpenSession(key))
	changeAddress(t, who, now, func(a *codec.Address) { a.DropSession(key) })
}

// dropSession removes the records of a session and of those that came of it, and what it
// has proposed to change.
func dropSession(t *tx, open codec.OpenSession) {
	t.delete(changeKey(open.Key))
	for _, key := range open.Keys() {
		t.ended(key)
		t.delete(sessionKey(key))
	}
}
