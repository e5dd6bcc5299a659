package redisstore

import (
	"context"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/store/record"
	"github.com/redis/go-redis/v9"
)

// Person implements registry.Tx.
func (t *transaction) Person(who address.Address) (people.Person, error) {
	k, err := t.kept(who)
	if err != nil {
		return people.Person{}, err
	}
	return decodePerson(who, k.person)
}

// PutPerson implements registry.Tx.
func (t *transaction) PutPerson(p people.Person) error {
	t.known[p.Address] = true
	return t.change(p.Address, func(k *kept) error {
		before, err := decodeRecord[record.Person](k.person)
		if err != nil {
			return err
		}
		next := record.PackPerson(p)
		next.Browsers = before.Browsers
		k.person, err = encodeRecord(next)
		return err
	})
}

// DeletePerson implements registry.Tx.
func (t *transaction) DeletePerson(who address.Address) error {
	t.known[who] = false
	return t.change(who, func(k *kept) error {
		k.person = ""
		return nil
	})
}

// RenamePerson implements registry.Tx.
func (t *transaction) RenamePerson(from, to address.Address) error {
	before, err := t.kept(from)
	if err != nil {
		return err
	}
	t.known[to] = before.person != ""
	err = t.change(to, func(k *kept) error {
		k.person = before.person
		return nil
	})
	if err != nil {
		return err
	}
	return t.DeletePerson(from)
}

// How many addresses are read at a time. The first page is mostly all that is
// asked for; a search goes on.
const (
	fewAddresses  = 128
	mostAddresses = 4096
)

// People implements registry.Tx. Who is listed is as of now; a transaction that
// changes something because nobody is must look for them by name.
func (t *transaction) People(after address.Address, words string, f func(people.Person) bool) error {
	for n := fewAddresses; ; n = min(2*n, mostAddresses) {
		all, err := t.store.addresses(t.ctx, after, n)
		if err != nil {
			return err
		}
		var wanted []string
		for _, who := range all {
			if strings.Contains(who, words) {
				wanted = append(wanted, keyOf(address.Address(who)))
			}
		}
		for len(wanted) > 0 {
			few := wanted[:min(len(wanted), fewAddresses)]
			wanted = wanted[len(few):]
			if goOn, err := t.eachPerson(few, f); err != nil || !goOn {
				return err
			}
		}
		if len(all) < n {
			return nil
		}
		after = address.Address(all[len(all)-1])
	}
}

// eachPerson calls f with those who are still there.
func (t *transaction) eachPerson(keys []string, f func(people.Person) bool) (goOn bool, err error) {
	texts, err := t.get(keys...)
	if err != nil {
		return false, err
	}
	for i, raw := range texts {
		k, err := unpackKept(raw)
		if err != nil {
			return false, err
		}
		p, err := decodePerson(address.Address(keys[i][len(keyOf("")):]), k.person)
		if err != nil {
			return false, err
		}
		if p.IsKnown() && !f(p) {
			return false, nil
		}
	}
	return true, nil
}

// addresses lists at most n addresses of people who are known, in order, after
// one.
func (s *Store) addresses(ctx context.Context, after address.Address, n int) ([]string, error) {
	from := "-"
	if after != "" {
		from = "(" + string(after)
	}
	raw, err := s.guarded(ctx, func(ctx context.Context) (any, error) {
		return s.client.ZRangeByLex(ctx, s.base+"people", &redis.ZRangeBy{Min: from, Max: "+", Count: int64(n)}).Result()
	})
	list, _ := raw.([]string)
	return list, err
}

// RecoveryOf implements registry.Tx.
func (t *transaction) RecoveryOf(a address.Address) (owner address.Address, err error) {
	raw, err := t.getOne("y:" + string(a))
	return address.Address(raw), err
}

// PutRecovery implements registry.Tx.
func (t *transaction) PutRecovery(a, owner address.Address) error {
	t.put("y:"+string(a), string(owner), forGood)
	return nil
}

// IsBlocked implements registry.Tx. Redis itself forgets it when it is over.
func (t *transaction) IsBlocked(who address.Address, _ time.Time) (bool, error) {
	raw, err := t.getOne("b:" + string(who))
	return raw != "", err
}

// PutMessage implements registry.Tx.
func (t *transaction) PutMessage(m outbox.Message) error {
	message, err := encodeMessage(m)
	if err != nil {
		return err
	}
	t.put("m:"+m.ID, message, millisecondsOf(outbox.Kept))
	t.waiting = append(t.waiting, m.ID)
	return nil
}
