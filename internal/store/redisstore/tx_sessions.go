package redisstore

import (
	"fmt"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// How long the parts of lists are, see sessions.lua.
const (
	nameLength  = 22
	timeLength  = 8
	entryLength = nameLength + timeLength
)

// sessionNames are the names in a list of sessions.
func sessionNames(list string) (names []string) {
	for at := 0; at+entryLength <= len(list); at += entryLength {
		names = append(names, list[at:at+nameLength])
	}
	return names
}

// sessionKeys are where sessions lie.
func sessionKeys(names []string) []string {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = "s:" + name
	}
	return keys
}

// withoutSession is a list without a session.
func withoutSession(list, name string) string {
	at := strings.Index(list, name)
	if at < 0 {
		return list
	}
	return list[:at] + list[at+entryLength:]
}

// entriesOf reads sessions as they are kept; those that are not there any more
// are left out.
func entriesOf(names, texts []string) (entries []session.Entry, err error) {
	for i, raw := range texts {
		if raw == "" {
			continue
		}
		stored, err := unpackSession(raw)
		if err != nil {
			return nil, err
		}
		key, ok := decodeKey(names[i])
		if !ok {
			return nil, fmt.Errorf("reading a session of redis: it has the key %q", names[i])
		}
		entries = append(entries, session.Entry{Key: key, Record: stored})
	}
	return entries, nil
}

// Sessions implements registry.Tx.
func (t *transaction) Sessions(who address.Address) ([]session.Entry, error) {
	k, err := t.kept(who)
	if err != nil {
		return nil, err
	}
	names := sessionNames(k.sessions)
	texts, err := t.get(sessionKeys(names)...)
	if err != nil {
		return nil, err
	}
	return entriesOf(names, texts)
}

// ChangeSession implements registry.Tx.
func (t *transaction) ChangeSession(was address.Address, e session.Entry) error {
	name := encode(e.Key[:])
	t.putUntil("s:"+name, packSession(e.Record), e.Expires)
	if e.Address == was {
		t.changed = append(t.changed, e.Key)
		return nil
	}
	if err := t.unlist(was, name); err != nil {
		return err
	}
	t.ended = append(t.ended, e.Key)
	return t.change(e.Address, func(k *kept) error {
		k.sessions += name + string(packed(nil).number(record.Millis(e.Expires)))
		return nil
	})
}

// EndSession implements registry.Tx.
func (t *transaction) EndSession(who address.Address, key session.Key) error {
	name := encode(key[:])
	t.remove("s:" + name)
	t.ended = append(t.ended, key)
	return t.unlist(who, name)
}

func (t *transaction) unlist(who address.Address, name string) error {
	return t.change(who, func(k *kept) error {
		k.sessions = withoutSession(k.sessions, name)
		return nil
	})
}
