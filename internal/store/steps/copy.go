package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Copied is what a copy of a store holds.
type Copied struct {
	Records map[Table]int
	Written int // by this run; the others were there from one that broke off
}

// Progress is told what was done to how many records so far: "copied" or "compared".
type Progress func(done string, records int)

// Problems of copying.
var (
	ErrNothingToCopy = errors.New("there is nothing to copy: the source holds no records; check its path, or its URL and prefix")
	ErrNotEmpty      = errors.New("the target is not empty; name one that holds nothing")
	ErrChanging      = errors.New("the source or the target changed meanwhile; stop every server that uses them, and run this again")
)

// closeToEnd is how long a record has to be kept still to be copied, and by how much the
// ends of two that are alike may differ: a store far away knows how long is left, and the
// way there takes its time.
const closeToEnd = 10 * time.Second

// writtenAtOnce is how many records are written in one go, at least. In a file that saves
// time: their places are all over it, and each go ends with a wait for the disk.
const writtenAtOnce = 4000

// CopyFrom makes the store hold what another one holds, record by record, whatever they
// are. The store is empty, or a copy of the source that broke off; nobody else uses either.
// name is what the source is known by, and what the store was opened as the copy of. Until
// the two are found to be alike, no program takes the store for a whole one.
//
// What records lead to is not copied: it spares a store far away a trip, and is noted anew
// when they are written.
func (s Steps) CopyFrom(ctx context.Context, source Steps, name string, tell Progress) (Copied, error) {
	c := Copied{Records: make(map[Table]int)}
	if err := s.beginCopy(ctx, source, name); err != nil {
		return c, err
	}
	_, err := s.lacks(ctx, source, tell.of("copied"), func(missing []Item) error {
		c.Written += len(missing)
		return s.writeItems(ctx, missing, true)
	})
	if err != nil {
		return c, fmt.Errorf("copying: %w", err)
	}
	held, err := source.lacks(ctx, s, tell.of("compared"), func(strays []Item) error { return s.writeItems(ctx, strays, false) })
	if err != nil {
		return c, fmt.Errorf("comparing the copy to the source: %w", err)
	}
	seen, err := s.lacks(ctx, source, tell.of("compared"), func([]Item) error { return ErrChanging })
	if err != nil {
		return c, fmt.Errorf("comparing the source to the copy: %w", err)
	}
	for table, n := range seen {
		c.Records[table] = min(n, held[table]) // one of the two may have met some twice
	}
	return c, s.saveFormat(ctx, format)
}

// beginCopy marks the store as a copy, unless it is one already.
func (s Steps) beginCopy(ctx context.Context, source Steps, name string) error {
	mark, stored := unfinished+name, ""
	err := run(ctx, s.backend.Look, []Key{FormatKey}, func(t *tx) { stored = string(t.get(FormatKey)) })
	if err != nil {
		return fmt.Errorf("looking at the target: %w", err)
	}
	if err := source.CanBeCopied(ctx); err != nil {
		return err
	}
	some, err := s.holdSome(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("looking at the target: %w", err)
	case stored == mark:
		return nil
	case some:
		return ErrNotEmpty
	}
	return s.saveFormat(ctx, mark)
}

// CanBeCopied fails for a source that holds nothing or is in use. Ask before the target is
// opened, which may make a file.
func (s Steps) CanBeCopied(ctx context.Context) error {
	some, err := s.holdSome(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("looking at the source: %w", err)
	case !some:
		return ErrNothingToCopy
	}
	return nil
}

// holdSome reports whether there is anything to be copied.
func (s Steps) holdSome(ctx context.Context) (bool, error) {
	enough := errors.New("there is something")
	err := s.backend.Walk(ctx, func(some []Item) error {
		if len(copied(some, time.Now())) > 0 {
			return enough
		}
		return nil
	})
	if errors.Is(err, enough) {
		return true, nil
	}
	return false, err
}

func (s Steps) saveFormat(ctx context.Context, text string) error {
	err := run(ctx, s.backend.Change, []Key{FormatKey}, func(t *tx) { t.draft.Put(FormatKey, Record{Value: []byte(text)}) })
	if err != nil {
		return fmt.Errorf("marking the target: %w", err)
	}
	return nil
}

// lacks calls f with the records of a source that the store does not have, or has
// otherwise, some at a time.
func (s Steps) lacks(ctx context.Context, source Steps, tell func(int), f func([]Item) error) (seen map[Table]int, err error) {
	seen = make(map[Table]int)
	total := 0
	var missing []Item
	err = source.backend.Walk(ctx, func(some []Item) error {
		some = copied(some, time.Now())
		keys := make([]Key, len(some))
		for i, item := range some {
			keys[i] = item.Key
		}
		found, err := s.backend.Find(ctx, keys)
		if err != nil {
			return err
		}
		held := make(map[Key]Record, len(found))
		for _, item := range found {
			held[item.Key] = item.Record
		}
		for _, item := range some {
			if !alike(item.Record, held[item.Key]) {
				missing = append(missing, item)
			}
			seen[item.Table]++
		}
		total += len(some)
		if len(missing) >= writtenAtOnce {
			if err := f(missing); err != nil {
				return err
			}
			missing = missing[:0]
		}
		tell(total - len(missing)) // not of what is only read so far
		return nil
	})
	if err == nil && len(missing) > 0 {
		err = f(missing)
	}
	return seen, err
}

// noCount is what is kept of a limit whose uses were all given back.
var noCount, _ = codec.Encode(limit.Count{})

// copied are those of some records that are copied: the store's own format is not, and
// what ends in a moment.
func copied(some []Item, now time.Time) (list []Item) {
	for _, item := range some {
		over := !item.Until.IsZero() && item.Until.Sub(now) < closeToEnd
		if item.Key != FormatKey && !over && (item.Table != Limits || !bytes.Equal(item.Value, noCount)) {
			list = append(list, item)
		}
	}
	return list
}

func alike(a, b Record) bool {
	return bytes.Equal(a.Value, b.Value) && a.Until.IsZero() == b.Until.IsZero() && a.Until.Sub(b.Until).Abs() < closeToEnd
}

// writeItems writes records, or removes them.
func (s Steps) writeItems(ctx context.Context, items []Item, keep bool) error {
	var messages []Key
	for _, item := range items {
		if item.Table == Messages {
			messages = append(messages, item.Key)
		}
	}
	return run(ctx, s.backend.Change, nil, func(t *tx) {
		t.fetch(messages...)
		for _, item := range items {
			if item.Table == Messages {
				requeue(t, item, keep)
			}
			if keep {
				t.draft.Put(item.Key, item.Record)
			} else {
				t.delete(item.Key)
			}
		}
	})
}

// requeue has senders see a message that waits, or not any more. One that cannot be read
// is kept for somebody to look at.
func requeue(t *tx, item Item, keep bool) {
	var before, after codec.Message
	_ = codec.Decode(t.get(item.Key), &before)
	_ = codec.Decode(item.Value, &after)
	was, is := before.Unpack(), after.Unpack()
	if waits := keep && is.Waiting(); waits != was.Waiting() {
		t.queue(is, waits)
	}
}

// of is for one thing that is done.
func (p Progress) of(done string) func(int) { return func(n int) { p(done, n) } }
