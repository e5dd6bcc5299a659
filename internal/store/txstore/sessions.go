package txstore

import (
	"context"
	"encoding/binary"
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
		for _, key := range sessionKeys(tx, who) {
			stored, found, err := load[record.Session](tx, sessions, key[:])
			if err != nil {
				return err
			}
			if found && stored.Expires > record.Millis(now) {
				entries = append(entries, session.Entry{Key: key, Record: stored.Unpack()})
			}
		}
		return nil
	})
	return entries, err
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
