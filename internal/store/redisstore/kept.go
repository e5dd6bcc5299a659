package redisstore

import (
	"encoding/binary"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// kept is all that belongs to an address, see people.lua.
type kept struct {
	last               int64  // when counters and links are over
	messages, familiar string // counters, which only scripts read
	links              string // names, one after the other
	sessions           string // see sessions.lua
	person             string // JSON
}

// keyOf is where what belongs to an address is kept.
func keyOf(who address.Address) string { return "u:" + string(who) }

// unpackKept reads a record; an empty one if there is none.
func unpackKept(raw string) (k kept, err error) {
	u := unpacking{rest: raw}
	k.last, k.messages, k.familiar, k.links, k.sessions = u.number(), u.take(u.small()), u.take(u.small()), u.long(), u.long()
	k.person = u.rest
	if u.damaged {
		return kept{}, errDamaged
	}
	return k, nil
}

func (k kept) pack() string {
	p := packed(nil).number(k.last)
	for _, counter := range []string{k.messages, k.familiar} {
		p = p.small(len(counter)).fixed(counter)
	}
	return string(p.long(k.links, k.sessions)) + k.person
}

// kept reads what belongs to an address.
func (t *transaction) kept(who address.Address) (kept, error) {
	raw, err := t.getOne(keyOf(who))
	if err != nil {
		return kept{}, err
	}
	return unpackKept(raw)
}

// keep writes it, for as long as it has something to say.
func (t *transaction) keep(who address.Address, k kept) {
	if k.person != "" {
		t.put(keyOf(who), k.pack(), forGood)
		return
	}
	last := k.last
	for at := nameLength; at+timeLength <= len(k.sessions); at += entryLength {
		last = max(last, int64(binary.BigEndian.Uint64([]byte(k.sessions[at:]))))
	}
	t.putUntil(keyOf(who), k.pack(), record.Time(last))
}

// change reads what belongs to an address, and writes what f makes of it.
func (t *transaction) change(who address.Address, f func(*kept) error) error {
	k, err := t.kept(who)
	if err == nil {
		err = f(&k)
	}
	if err == nil {
		t.keep(who, k)
	}
	return err
}
