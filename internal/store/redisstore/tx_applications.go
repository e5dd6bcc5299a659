package redisstore

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/entry"
	"github.com/doorpost-auth/doorpost/internal/store/record"
	"github.com/doorpost-auth/doorpost/internal/store/registry"
)

// applicationList is where all applications are listed: when each was asked for,
// and its id, the oldest first.
const applicationList = "applications"

type listed struct {
	asked int64
	id    string
}

func (l listed) compare(other listed) int {
	return cmp.Or(cmp.Compare(l.asked, other.asked), cmp.Compare(l.id, other.id))
}

// Application implements registry.Tx.
func (t *transaction) Application(id string) (registry.Application, error) {
	raw, err := t.getOne("e:" + id)
	if err == nil && raw == "" {
		err = entry.ErrUnknown
	}
	if err != nil {
		return registry.Application{}, err
	}
	return decodeApplication(raw)
}

func decodeApplication(raw string) (registry.Application, error) {
	var stored record.Application
	if err := record.Decode([]byte(raw), &stored); err != nil {
		return registry.Application{}, fmt.Errorf("reading an application of redis: %w", err)
	}
	return stored.Unpack(), nil
}

// PutApplication implements registry.Tx.
func (t *transaction) PutApplication(a registry.Application) error {
	encoded, err := record.Encode(record.PackApplication(a))
	if err != nil {
		return fmt.Errorf("writing an application: %w", err)
	}
	t.putUntil("e:"+a.ID, string(encoded), a.Asked.Add(entry.Kept))
	return t.relist(a.ID, listed{record.Millis(a.Asked), a.ID})
}

// DeleteApplication implements registry.Tx.
func (t *transaction) DeleteApplication(id string) error {
	t.remove("e:" + id)
	return t.relist(id)
}

// relist has others stand in the list instead of one, and drops those that are
// over.
func (t *transaction) relist(id string, instead ...listed) error {
	list, err := t.applications()
	if err != nil {
		return err
	}
	over := record.Millis(t.now.Add(-entry.Kept))
	list = slices.DeleteFunc(list, func(l listed) bool { return l.id == id || l.asked <= over })
	list = append(list, instead...)
	slices.SortFunc(list, listed.compare)
	var kept packed
	last := time.Time{}
	for _, l := range list {
		kept = kept.number(l.asked).text(l.id)
		last = record.Time(l.asked).Add(entry.Kept)
	}
	t.putUntil(applicationList, string(kept), last)
	return nil
}

func (t *transaction) applications() (list []listed, err error) {
	raw, err := t.getOne(applicationList)
	if err != nil {
		return nil, err
	}
	u := unpacking{rest: raw}
	for u.rest != "" && !u.damaged {
		list = append(list, listed{u.number(), u.text()})
	}
	if u.damaged {
		return nil, errDamaged
	}
	return list, nil
}

// Applications implements registry.Tx.
func (t *transaction) Applications(after string, f func(registry.Application) bool) error {
	list, err := t.applications()
	if err != nil {
		return err
	}
	if after != "" {
		last, err := t.Application(after)
		if err != nil {
			return err
		}
		place := listed{record.Millis(last.Asked), after}
		list = slices.DeleteFunc(list, func(l listed) bool { return l.compare(place) <= 0 })
	}
	for few := range slices.Chunk(list, 100) {
		keys := make([]string, len(few))
		for i, l := range few {
			keys[i] = "e:" + l.id
		}
		texts, err := t.get(keys...)
		if err != nil {
			return err
		}
		for _, raw := range texts {
			if raw == "" {
				continue
			}
			a, err := decodeApplication(raw)
			if err != nil || !f(a) {
				return err
			}
		}
	}
	return nil
}
