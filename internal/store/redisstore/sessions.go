package redisstore

import (
	"context"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// sessionRest is the record of a session after the address, which sessions.lua
// passes on as it is but for when it ends and was last seen. What a session gains
// goes to its end, here and below.
func sessionRest(r session.Record) string {
	return string(make(packed, 0, 128).number(record.Millis(r.Expires), record.Millis(r.Seen)).text(r.Scope).
		number(record.Millis(r.SignedIn)).device(r.Device).standing(r.Standing))
}

// packSession makes the record of a session.
func packSession(r session.Record) string {
	return string(packed(nil).text(string(r.Address))) + sessionRest(r)
}

// unpackSession reads the record of a session.
func unpackSession(raw any) (session.Record, error) {
	u, err := unpack(raw)
	if err != nil {
		return session.Record{}, err
	}
	r := session.Record{Address: address.Address(u.text()), Expires: record.Time(u.number())}
	r.Seen, r.Scope, r.SignedIn, r.Device = record.Time(u.number()), u.text(), record.Time(u.number()), u.device()
	r.Standing = u.standing()
	if u.damaged {
		return session.Record{}, errDamaged
	}
	return r, nil
}

// Session implements session.Store.
func (s *Store) Session(ctx context.Context, key session.Key, now time.Time) (session.Record, bool, error) {
	raw, err := s.guarded(ctx, func(ctx context.Context) (any, error) {
		return s.client.Get(ctx, s.base+"s:"+encode(key[:])).Result()
	})
	if err != nil || raw == "" {
		return session.Record{}, false, err
	}
	found, err := unpackSession(raw)
	if err != nil || !now.Before(found.Expires) {
		return session.Record{}, false, err
	}
	return found, true, nil
}

// Touch implements session.Store.
func (s *Store) Touch(ctx context.Context, key session.Key, seen, expires time.Time) error {
	_, err := s.run(ctx, touchStep, struct {
		Now     int64  `json:"now"`
		Session string `json:"session"`
		Seen    int64  `json:"seen"`
		Expires int64  `json:"expires"`
	}{record.Millis(seen), encode(key[:]), record.Millis(seen), record.Millis(expires)})
	return err
}

// ofPerson is a step that concerns the sessions of a person.
type ofPerson struct {
	Now     int64           `json:"now"`
	Address address.Address `json:"address"`
	Session string          `json:"session,omitempty"`
	Keep    string          `json:"keep,omitempty"`
}

// Sessions implements session.Store.
func (s *Store) Sessions(ctx context.Context, who address.Address, now time.Time) ([]session.Entry, error) {
	raw, err := s.run(ctx, listStep, ofPerson{Now: record.Millis(now), Address: who})
	if err != nil {
		return nil, err
	}
	list, _ := raw.([]any)
	var names, texts []string
	for i := 0; i+1 < len(list); i += 2 {
		name, _ := list[i].(string)
		text, _ := list[i+1].(string)
		names, texts = append(names, name), append(texts, text)
	}
	all, err := entriesOf(names, texts)
	return slices.DeleteFunc(all, func(e session.Entry) bool { return !e.Expires.After(now) }), err
}

// personsAtOnce is how many people AllSessions looks at in one call.
const personsAtOnce = 500

// AllSessions implements session.Store.
func (s *Store) AllSessions(ctx context.Context, after address.Address, max int, now time.Time) (list []session.Entry, next address.Address, err error) {
	persons, err := s.addresses(ctx, after, personsAtOnce)
	if err != nil || len(persons) == 0 {
		return nil, "", err
	}
	records := make([]string, len(persons))
	for i, who := range persons {
		records[i] = keyOf(address.Address(who))
	}
	if records, err = s.texts(ctx, records); err != nil {
		return nil, "", err
	}
	var names []string
	looked := 0
	for ; looked < len(persons) && len(names) < max; looked++ {
		k, err := unpackKept(records[looked])
		if err != nil {
			return nil, "", err
		}
		names = append(names, sessionNames(k.sessions)...)
	}
	texts, err := s.texts(ctx, sessionKeys(names))
	if err != nil {
		return nil, "", err
	}
	if list, err = entriesOf(names, texts); err != nil {
		return nil, "", err
	}
	if looked == personsAtOnce || looked < len(persons) {
		next = address.Address(persons[looked-1])
	}
	return slices.DeleteFunc(list, func(e session.Entry) bool { return !e.Expires.After(now) }), next, nil
}

// End implements session.Store.
func (s *Store) End(ctx context.Context, who address.Address, key session.Key) error {
	raw, err := s.run(ctx, endStep, ofPerson{Now: record.Millis(time.Now()), Address: who, Session: encode(key[:])})
	if ended, _ := raw.(int64); err == nil && ended == 1 {
		s.tellEnded(key)
	}
	return err
}

// EndAll implements session.Store.
func (s *Store) EndAll(ctx context.Context, who address.Address, keep session.Key) error {
	step := ofPerson{Now: record.Millis(time.Now()), Address: who}
	if keep != (session.Key{}) {
		step.Keep = encode(keep[:])
	}
	raw, err := s.run(ctx, endStep, step)
	if err != nil {
		return err
	}
	list, _ := raw.([]any)
	for _, name := range list {
		if encoded, ok := name.(string); ok {
			if key, ok := decodeKey(encoded); ok {
				s.tellEnded(key)
			}
		}
	}
	return nil
}
