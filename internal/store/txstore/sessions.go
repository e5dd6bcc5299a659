package txstore

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// Session implements session.Store.
func (s *Store) Session(ctx context.Context, key session.Key, now time.Time) (r session.Record, found bool, err error) {
	err = s.view(ctx, func(tx Tx) error {
		stored, ok, err := load[record.Session](tx, sessions, key[:])
		if err != nil || !ok || stored.Expires <= record.Millis(now) {
			return err
		}
		r, found = stored.Unpack(), true
		return nil
	})
	return r, found, err
}

// Touch implements session.Store.
func (s *Store) Touch(ctx context.Context, key session.Key, seen, expires time.Time) error {
	return s.update(ctx, func(tx Tx) error {
		stored, found, err := load[record.Session](tx, sessions, key[:])
		if err != nil || !found || stored.Expires <= record.Millis(seen) {
			return err
		}
		stored.Seen, stored.Expires = max(stored.Seen, record.Millis(seen)), max(stored.Expires, record.Millis(expires))
		return save(tx, sessions, key[:], stored)
	})
}

// Sessions implements session.Store.
func (s *Store) Sessions(ctx context.Context, who address.Address, now time.Time) (entries []session.Entry, err error) {
	err = s.view(ctx, func(tx Tx) error {
		entries, err = sessionsOf(tx, who)
		return err
	})
	return slices.DeleteFunc(entries, func(e session.Entry) bool { return !e.Expires.After(now) }), err
}

// AllSessions implements session.Store.
func (s *Store) AllSessions(ctx context.Context, after address.Address, max int, now time.Time) (list []session.Entry, next address.Address, err error) {
	var from []byte
	if after != "" {
		from = append([]byte(after), 1) // what is under the address has a NUL there
	}
	err = s.view(ctx, func(tx Tx) error {
		var failed error
		tx.Scan(personSessions, nil, from, func(key, _ []byte) bool {
			at := len(key) - len(session.Key{})
			who := address.Address(key[:at-1])
			if len(list) >= max && list[len(list)-1].Address != who {
				next = list[len(list)-1].Address
				return false
			}
			stored, found, err := load[record.Session](tx, sessions, key[at:])
			if found && stored.Expires > record.Millis(now) {
				list = append(list, stored.Entry(session.Key(key[at:])))
			}
			failed = err
			return err == nil
		})
		return failed
	})
	return list, next, err
}

// End implements session.Store.
func (s *Store) End(ctx context.Context, who address.Address, key session.Key) error {
	mine := false
	err := s.update(ctx, func(tx Tx) error {
		if mine = tx.Get(personSessions, under(who, key[:])) != nil; !mine {
			return nil
		}
		return removeSession(tx, who, key)
	})
	if err == nil && mine {
		s.tellEnded([]session.Key{key})
	}
	return err
}

// EndAll implements session.Store.
func (s *Store) EndAll(ctx context.Context, who address.Address, keep session.Key) error {
	var ended []session.Key
	err := s.update(ctx, func(tx Tx) error {
		ended = nil
		for _, key := range sessionKeys(tx, who) {
			if key == keep {
				continue
			}
			if err := removeSession(tx, who, key); err != nil {
				return err
			}
			ended = append(ended, key)
		}
		return nil
	})
	if err == nil {
		s.tellEnded(ended)
	}
	return err
}

// sessionsOf are all of a person, those that are over included.
func sessionsOf(tx Tx, who address.Address) (entries []session.Entry, err error) {
	for _, key := range sessionKeys(tx, who) {
		stored, found, err := load[record.Session](tx, sessions, key[:])
		if err != nil {
			return nil, err
		}
		if found {
			entries = append(entries, stored.Entry(key))
		}
	}
	return entries, nil
}

func sessionKeys(tx Tx, who address.Address) (keys []session.Key) {
	tx.Scan(personSessions, under(who, nil), nil, func(key, _ []byte) bool {
		keys = append(keys, session.Key(key[len(who)+1:]))
		return true
	})
	return keys
}

func addSession(tx Tx, key session.Key, made session.Record) error {
	if err := tx.Put(personSessions, under(made.Address, key[:]), []byte{}); err != nil {
		return err
	}
	return save(tx, sessions, key[:], record.PackSession(made))
}

// removeSession does not look at the record: one that cannot be read any more
// can still be ended.
func removeSession(tx Tx, who address.Address, key session.Key) error {
	if err := tx.Delete(personSessions, under(who, key[:])); err != nil {
		return err
	}
	return tx.Delete(sessions, key[:])
}

// removeSessionOfAnyone removes a session whose person is known from its
// record only.
func removeSessionOfAnyone(tx Tx, key session.Key) error {
	stored, found, err := load[record.Session](tx, sessions, key[:])
	if err != nil || !found {
		return err
	}
	return removeSession(tx, stored.Address, key)
}

// encodedTime is the length of what encodeTime makes.
const encodedTime = 8

func encodeTime(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(record.Millis(t)))
}

func isAfter(encoded []byte, now time.Time) bool {
	return len(encoded) == encodedTime && int64(binary.BigEndian.Uint64(encoded)) > record.Millis(now)
}
