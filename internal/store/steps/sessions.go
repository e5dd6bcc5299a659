package steps

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Session implements session.Store.
func (s Steps) Session(ctx context.Context, key session.Key, now time.Time) (r session.Record, found bool, err error) {
	err = s.backend.Look(ctx, []Key{sessionKey(key)}, func(tx Tx) error {
		stored, ok, err := load[codec.Session](tx, sessionKey(key))
		if err != nil || !ok || stored.Expires <= codec.Millis(now) {
			return err
		}
		r, found = stored.Unpack(), true
		return nil
	})
	return r, found, err
}

// Touch implements session.Store.
func (s Steps) Touch(ctx context.Context, key session.Key, seen, expires time.Time) error {
	return s.backend.Change(ctx, []Key{sessionKey(key)}, func(tx Tx) error {
		stored, found, err := load[codec.Session](tx, sessionKey(key))
		if err != nil || !found || stored.Expires <= codec.Millis(seen) {
			return err
		}
		stored.Seen, stored.Expires = max(stored.Seen, codec.Millis(seen)), max(stored.Expires, codec.Millis(expires))
		return addSession(tx, key, stored, seen)
	})
}

// Sessions implements session.Store.
func (s Steps) Sessions(ctx context.Context, who address.Address, now time.Time) (entries []session.Entry, err error) {
	err = s.backend.Look(ctx, []Key{addressKey(who)}, func(tx Tx) error {
		entries, err = sessionsOf(tx, who, now)
		return err
	})
	return entries, err
}

// sessionsOf are the sessions of a person that are not over.
func sessionsOf(tx Tx, who address.Address, now time.Time) (entries []session.Entry, err error) {
	keys, err := sessionKeys(tx, who)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		stored, found, err := load[codec.Session](tx, sessionKey(key))
		if err != nil {
			return nil, err
		}
		if found && stored.Expires > codec.Millis(now) {
			entries = append(entries, stored.Entry(key))
		}
	}
	return entries, nil
}

// sessionKeys are the keys of a person's sessions, whose records are fetched.
func sessionKeys(tx Tx, who address.Address) (keys []session.Key, err error) {
	a, _, err := load[codec.Address](tx, addressKey(who))
	if err != nil {
		return nil, err
	}
	var records []Key
	for _, open := range a.Sessions {
		key := session.Key(open.Key)
		keys, records = append(keys, key), append(records, sessionKey(key))
	}
	return keys, tx.Fetch(records...)
}

// peopleAtOnce is how many people AllSessions looks at in one go.
const peopleAtOnce = 500

// AllSessions implements session.Store.
func (s Steps) AllSessions(ctx context.Context, after address.Address, max int, now time.Time) (list []session.Entry, next address.Address, err error) {
	err = s.backend.Look(ctx, nil, func(tx Tx) error {
		list, next = nil, ""
		people, err := tx.IDs(People, string(after), peopleAtOnce)
		if err != nil {
			return err
		}
		addresses := make([]Key, len(people))
		for i, who := range people {
			addresses[i] = addressKey(address.Address(who))
		}
		if err := tx.Fetch(addresses...); err != nil {
			return err
		}
		for i, who := range people {
			entries, err := sessionsOf(tx, address.Address(who), now)
			if err != nil {
				return err
			}
			if list = append(list, entries...); len(list) >= max || i == peopleAtOnce-1 {
				next = address.Address(who)
				return nil
			}
		}
		return nil
	})
	return list, next, err
}

// End implements session.Store.
func (s Steps) End(ctx context.Context, who address.Address, key session.Key) error {
	return s.backend.Change(ctx, []Key{addressKey(who)}, func(tx Tx) error {
		a, _, err := load[codec.Address](tx, addressKey(who))
		if err != nil || !a.HasSession(key) {
			return err
		}
		return endSessionOf(tx, who, key, time.Now())
	})
}

// EndAll implements session.Store.
func (s Steps) EndAll(ctx context.Context, who address.Address, keep session.Key) error {
	return s.backend.Change(ctx, []Key{addressKey(who)}, func(tx Tx) error {
		_, err := endSessions(tx, who, keep)
		return err
	})
}

// endSessions ends all sessions of somebody but one, which may be the zero Key.
func endSessions(tx Tx, who address.Address, keep session.Key) (ended int, err error) {
	a, _, err := load[codec.Address](tx, addressKey(who))
	if err != nil {
		return 0, err
	}
	for _, open := range a.Sessions {
		key := session.Key(open.Key)
		if key == keep {
			continue
		}
		if err := dropSession(tx, key); err != nil {
			return 0, err
		}
		ended++
	}
	if ended == 0 {
		return 0, nil
	}
	return ended, changeAddress(tx, who, time.Now(), func(a *codec.Address) { a.KeepSession(keep) })
}

// addSession makes a session.
func addSession(tx Tx, key session.Key, r codec.Session, now time.Time) error {
	if err := changeAddress(tx, r.Address, now, func(a *codec.Address) { a.AddSession(key, r.Expires) }); err != nil {
		return err
	}
	return saveSession(tx, key, r)
}

func saveSession(tx Tx, key session.Key, r codec.Session) error {
	return save(tx, sessionKey(key), r, codec.Time(r.Expires), addressKey(r.Address))
}

// endSession ends a session of anybody, and has all instances told.
func endSession(tx Tx, key session.Key, now time.Time) error {
	stored, found, err := load[codec.Session](tx, sessionKey(key))
	if err != nil || !found {
		return err
	}
	return endSessionOf(tx, stored.Address, key, now)
}

// endSessionOf does not look at the record: one that cannot be read any more can
// still be ended.
func endSessionOf(tx Tx, who address.Address, key session.Key, now time.Time) error {
	if err := dropSession(tx, key); err != nil {
		return err
	}
	return changeAddress(tx, who, now, func(a *codec.Address) { a.DropSession(key) })
}

// dropSession removes the record of a session, and what it has proposed to change.
func dropSession(tx Tx, key session.Key) error {
	tx.Ended(key)
	if err := tx.Delete(changeKey(key)); err != nil {
		return err
	}
	return tx.Delete(sessionKey(key))
}
