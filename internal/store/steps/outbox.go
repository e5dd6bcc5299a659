package steps

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Put implements outbox.Store.
func (s Steps) Put(ctx context.Context, m outbox.Message) error {
	return s.backend.Change(ctx, nil, func(tx Tx) error { return enqueue(tx, m) })
}

// Message implements outbox.Store.
func (s Steps) Message(ctx context.Context, id string) (m outbox.Message, found bool, err error) {
	err = s.backend.Look(ctx, []Key{messageKey(id)}, func(tx Tx) error {
		stored, ok, err := load[codec.Message](tx, messageKey(id))
		if found = ok && err == nil; found {
			m = stored.Unpack()
		}
		return err
	})
	return m, found, err
}

// Change implements outbox.Store.
func (s Steps) Change(ctx context.Context, id string, once outbox.Once, change func(*outbox.Message) error) (changed outbox.Message, err error) {
	reads := []Key{messageKey(id)}
	if once.Name != "" {
		reads = append(reads, happenedKey(once.Name))
	}
	known := false
	err = s.backend.Change(ctx, reads, func(tx Tx) error {
		if err := happensOnce(tx, once); err != nil {
			return err
		}
		var stored codec.Message
		if stored, known, err = load[codec.Message](tx, messageKey(id)); err != nil || !known {
			return err
		}
		before := stored.Unpack()
		changed = stored.Unpack()
		if err := change(&changed); err != nil {
			return err
		}
		return saveChanged(tx, before, changed)
	})
	switch {
	case err != nil:
		return outbox.Message{}, err
	case !known:
		return outbox.Message{}, outbox.ErrUnknown
	}
	return changed, nil
}

func happensOnce(tx Tx, once outbox.Once) error {
	if once.Name == "" {
		return nil
	}
	switch before, err := tx.Get(happenedKey(once.Name)); {
	case err != nil:
		return err
	case before != nil:
		return outbox.ErrReplayed
	}
	return save(tx, happenedKey(once.Name), true, once.Until)
}

func saveChanged(tx Tx, before, after outbox.Message) error {
	var err error
	switch {
	case after.Waiting() && !before.Waiting():
		err = tx.Queue(after.ID, after.Created, Requeued)
	case !after.Waiting() && before.Waiting():
		err = tx.Queue(after.ID, after.Created, Dequeued)
	}
	if err == nil && after.State == outbox.Bounced && before.State != outbox.Bounced {
		err = block(tx, after.To, after.Since.Add(outbox.BlockedFor), time.Now())
	}
	if err != nil {
		return err
	}
	return saveMessage(tx, after)
}

// Unblock implements outbox.Store.
func (s Steps) Unblock(ctx context.Context, who address.Address) (was bool, err error) {
	err = s.backend.Change(ctx, []Key{addressKey(who), mailboxKey(who)}, func(tx Tx) (err error) {
		if was, _, err = isClosed(tx, who, time.Now()); err != nil || !was {
			return err
		}
		if who.HasTag() {
			if err := block(tx, who, time.Time{}, time.Now()); err != nil {
				return err
			}
		}
		return block(tx, address.Address(who.Fold()), time.Time{}, time.Now())
	})
	return was, err
}
