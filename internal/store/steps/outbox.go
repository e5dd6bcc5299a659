package steps

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

var (
	Messages = newTable("messages") // by id
	Places   = newTable("places")   // by when a message was made and its id, so that the newest is the first
	happened = newTable("happened") // by the name of what may happen once
)

func messageKey(id string) Key    { return Key{Messages, id} }
func happenedKey(name string) Key { return Key{happened, name} }

// placeTime is the length of the time in the id of a place.
const placeTime = 16

// placeKey is where a message stands in the list of all.
func placeKey(m outbox.Message) Key { return Key{Places, PlaceAt(m.Created) + m.ID} }

// PlaceAt is what the id of a place begins with. Those of older messages are greater.
func PlaceAt(made time.Time) string {
	return fmt.Sprintf("%0*x", placeTime, math.MaxInt64-made.UnixMilli())
}

// Message implements outbox.Store.
func (s Steps) Message(ctx context.Context, id string) (outbox.Message, bool, error) {
	return results(ctx, s.look("message"), []Key{messageKey(id)}, func(t *tx) (m outbox.Message, found bool) {
		stored, found := load[codec.Message](t, messageKey(id))
		if found {
			m = stored.Unpack()
		}
		return m, found
	})
}

// Messages implements outbox.Store.
func (s Steps) Messages(ctx context.Context, from string, n int) ([]outbox.Message, string, error) {
	return results(ctx, s.look("messages"), nil, func(t *tx) (list []outbox.Message, next string) {
		after := ""
		if from != "" {
			last, found := load[codec.Message](t, messageKey(from))
			if !found {
				t.fail(outbox.ErrUnknown)
			}
			after = placeKey(last.Unpack()).ID
		}
		places := t.ids(Places, after, n+1)
		keys := make([]Key, len(places))
		for i, place := range places {
			keys[i] = messageKey(place[placeTime:])
		}
		t.fetch(keys...)
		for i, key := range keys {
			if i == n {
				return list, keys[i-1].ID
			}
			if m, found := load[codec.Message](t, key); found {
				list = append(list, m.Unpack())
			}
		}
		return list, ""
	})
}

// Change implements outbox.Store.
func (s Steps) Change(ctx context.Context, id string, once outbox.Once, change func(*outbox.Message) error) (outbox.Message, error) {
	reads := []Key{messageKey(id)}
	if once.Name != "" {
		reads = append(reads, happenedKey(once.Name))
	}
	m, known, err := results(ctx, s.change("change_message"), reads, func(t *tx) (m outbox.Message, known bool) {
		happensOnce(t, once)
		stored, known := load[codec.Message](t, messageKey(id))
		if !known {
			return m, false
		}
		m = stored.Unpack()
		t.fail(change(&m))
		saveChanged(t, stored.Unpack(), m)
		return m, true
	})
	if err == nil && !known {
		err = outbox.ErrUnknown
	}
	return m, err
}

func happensOnce(t *tx, once outbox.Once) {
	if once.Name == "" {
		return
	}
	if t.get(happenedKey(once.Name)) != nil {
		t.fail(outbox.ErrReplayed)
	}
	save(t, happenedKey(once.Name), true, once.Until)
}

func saveChanged(t *tx, before, after outbox.Message) {
	if after.Waiting() != before.Waiting() {
		t.queue(after, after.Waiting())
	}
	if after.State == outbox.Bounced && before.State != outbox.Bounced {
		block(t, after.To, after.Since.Add(outbox.BlockedFor), time.Now())
	}
	saveMessage(t, after)
}

// Unblock implements outbox.Store.
func (s Steps) Unblock(ctx context.Context, who address.Address) (was bool, err error) {
	return result(ctx, s.change("unblock"), []Key{addressKey(who), mailboxKey(who)}, func(t *tx) bool {
		blocked, _ := isClosed(t, who, time.Now())
		if blocked {
			block(t, who, time.Time{}, time.Now())
			block(t, address.Address(who.Fold()), time.Time{}, time.Now())
		}
		return blocked
	})
}
