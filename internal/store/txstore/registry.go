package txstore

import (
	"bytes"
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/entry"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/record"
	"github.com/doorpost-auth/doorpost/internal/store/registry"
)

// registryEngine runs the transactions of the registry.
type registryEngine struct{ store *Store }

// Look implements registry.Engine.
func (e registryEngine) Look(ctx context.Context, f func(registry.Tx) error) error {
	return e.store.view(ctx, func(tx Tx) error { return f(&registryTx{tx: tx}) })
}

// Change implements registry.Engine.
func (e registryEngine) Change(ctx context.Context, f func(registry.Tx) error) error {
	var done *registryTx
	err := e.store.update(ctx, func(tx Tx) error {
		done = &registryTx{tx: tx}
		return f(done)
	})
	if err != nil {
		return err
	}
	e.store.tellEnded(done.ended)
	e.store.tellChanged(done.changed)
	if done.waiting {
		e.store.tellWaiting()
	}
	return nil
}

// registryTx is a transaction of the registry, with what is to be told after it.
type registryTx struct {
	tx             Tx
	ended, changed []session.Key
	waiting        bool
}

// Person implements registry.Tx.
func (t *registryTx) Person(who address.Address) (people.Person, error) {
	stored, _, err := load[record.Person](t.tx, persons, []byte(who))
	return stored.Unpack(who), err
}

// PutPerson implements registry.Tx.
func (t *registryTx) PutPerson(p people.Person) error {
	before, _, err := load[record.Person](t.tx, persons, []byte(p.Address))
	if err != nil {
		return err
	}
	next := record.PackPerson(p)
	next.Browsers = before.Browsers
	return save(t.tx, persons, []byte(p.Address), next)
}

// DeletePerson implements registry.Tx.
func (t *registryTx) DeletePerson(who address.Address) error {
	return t.tx.Delete(persons, []byte(who))
}

// RenamePerson implements registry.Tx.
func (t *registryTx) RenamePerson(from, to address.Address) error {
	if err := t.tx.Put(persons, []byte(to), bytes.Clone(t.tx.Get(persons, []byte(from)))); err != nil {
		return err
	}
	return t.tx.Delete(persons, []byte(from))
}

// People implements registry.Tx. It looks for the words in the key, so that a
// record that is not asked for is not read.
func (t *registryTx) People(after address.Address, words string, f func(people.Person) bool) error {
	var failed error
	wanted := []byte(words)
	t.tx.Scan(persons, nil, []byte(after), func(key, value []byte) bool {
		if !bytes.Contains(key, wanted) || string(key) == string(after) {
			return true
		}
		stored, err := decode[record.Person](persons, value)
		failed = err
		return err == nil && f(stored.Unpack(address.Address(key)))
	})
	return failed
}

// RecoveryOf implements registry.Tx.
func (t *registryTx) RecoveryOf(a address.Address) (address.Address, error) {
	return address.Address(t.tx.Get(recoveries, []byte(a))), nil
}

// PutRecovery implements registry.Tx.
func (t *registryTx) PutRecovery(a, owner address.Address) error {
	if owner == "" {
		return t.tx.Delete(recoveries, []byte(a))
	}
	return t.tx.Put(recoveries, []byte(a), []byte(owner))
}

// Sessions implements registry.Tx.
func (t *registryTx) Sessions(who address.Address) ([]session.Entry, error) {
	return sessionsOf(t.tx, who)
}

// ChangeSession implements registry.Tx.
func (t *registryTx) ChangeSession(was address.Address, e session.Entry) error {
	if e.Address == was {
		t.changed = append(t.changed, e.Key)
	} else {
		t.ended = append(t.ended, e.Key)
		if err := t.tx.Delete(personSessions, under(was, e.Key[:])); err != nil {
			return err
		}
	}
	return addSession(t.tx, e.Key, e.Record)
}

// EndSession implements registry.Tx.
func (t *registryTx) EndSession(who address.Address, key session.Key) error {
	t.ended = append(t.ended, key)
	return removeSession(t.tx, who, key)
}

// Link implements registry.Tx.
func (t *registryTx) Link(key signin.LinkKey) (registry.Link, bool, error) {
	stored, found, err := loadLink(t.tx, key[:])
	link := stored.Unpack(key)
	link.Used = stored.used
	return link, found, err
}

// PutLink implements registry.Tx.
func (t *registryTx) PutLink(l registry.Link) error {
	return saveLink(t.tx, l.Key[:], record.PackPromised(l))
}

// UseLink implements registry.Tx.
func (t *registryTx) UseLink(key signin.LinkKey) error { return markUsed(t.tx, key[:]) }

// Links implements registry.Tx.
func (t *registryTx) Links(who address.Address, now time.Time) (keys []signin.LinkKey, err error) {
	for _, b := range []Bucket{addressLinks, otherLinks} {
		t.tx.Scan(b, under(who, nil), nil, func(key, expires []byte) bool {
			if isAfter(expires, now) {
				keys = append(keys, signin.LinkKey(key[len(who)+1:]))
			}
			return true
		})
	}
	return keys, nil
}

// EndRequests implements registry.Tx.
func (t *registryTx) EndRequests(keys []signin.LinkKey) error {
	for _, key := range keys {
		if err := endRequestOf(t.tx, key); err != nil {
			return err
		}
	}
	return nil
}

// IsBlocked implements registry.Tx.
func (t *registryTx) IsBlocked(who address.Address, now time.Time) (bool, error) {
	return isAfter(t.tx.Get(blocked, []byte(who)), now), nil
}

// PutMessage implements registry.Tx.
func (t *registryTx) PutMessage(m outbox.Message) error {
	t.waiting = true
	return putMessage(t.tx, m)
}

// oldestKey is the key of an application beside its id.
func oldestKey(a registry.Application) []byte { return append(encodeTime(a.Asked), a.ID...) }

// Application implements registry.Tx.
func (t *registryTx) Application(id string) (registry.Application, error) {
	stored, found, err := load[record.Application](t.tx, applications, []byte(id))
	if err == nil && !found {
		err = entry.ErrUnknown
	}
	if err != nil {
		return registry.Application{}, err
	}
	return stored.Unpack(), nil
}

// PutApplication implements registry.Tx.
func (t *registryTx) PutApplication(a registry.Application) error {
	if err := t.tx.Put(oldestApplications, oldestKey(a), encodeTime(a.Asked.Add(entry.Kept))); err != nil {
		return err
	}
	return save(t.tx, applications, []byte(a.ID), record.PackApplication(a))
}

// DeleteApplication implements registry.Tx.
func (t *registryTx) DeleteApplication(id string) error {
	a, err := t.Application(id)
	if err != nil {
		return err
	}
	if err := t.tx.Delete(oldestApplications, oldestKey(a)); err != nil {
		return err
	}
	return t.tx.Delete(applications, []byte(id))
}

// Applications implements registry.Tx.
func (t *registryTx) Applications(after string, f func(registry.Application) bool) error {
	var from []byte
	if after != "" {
		last, err := t.Application(after)
		if err != nil {
			return err
		}
		from = append(oldestKey(last), 0) // the first key that is greater
	}
	var failed error
	t.tx.Scan(oldestApplications, nil, from, func(key, _ []byte) bool {
		stored, found, err := load[record.Application](t.tx, applications, key[8:])
		failed = err
		return err == nil && (!found || f(stored.Unpack()))
	})
	return failed
}
