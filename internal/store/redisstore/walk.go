package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// Keys that are no records, and that the walk passes over: others make them anew, or
// nobody needs them. One that is not listed here is an error.
var (
	besideRecords = []string{"outbox", "check"} // and the lists of tables that are listed
	ofTheMoment   = []steps.Table{"done", "i"}  // by the id of a transaction, or of an instance
)

// aliveFor is how long an instance counts as alive after its last claim, see claim.lua.
const aliveFor = 5 * time.Second

var errInUse = errors.New("a server uses the store; stop it, and every other one that does, and run this again")

// Walk implements steps.Backend.
func (b backend) Walk(ctx context.Context, f func([]steps.Item) error) error {
	if err := b.store.awaitAlone(ctx); err != nil {
		return err
	}
	return b.store.scan(ctx, "*", func(names []string) error {
		var keys []steps.Key
		for _, name := range names {
			k, isRecord := keyOf(name)
			switch {
			case isRecord && slices.Contains(steps.Tables(), k.Table):
				keys = append(keys, k)
			case isRecord && slices.Contains(ofTheMoment, k.Table), slices.Contains(besideRecords, name), steps.Table(name).Listed():
			default:
				return fmt.Errorf("redis holds %s%s, of which this program knows nothing; use the version of Doorpost that made it", b.store.base, name)
			}
		}
		some, err := b.Find(ctx, keys)
		if err != nil {
			return err
		}
		return f(some)
	})
}

// scan calls f with the names of keys that match a pattern, some at a time.
func (s *Store) scan(ctx context.Context, pattern string, f func(names []string) error) error {
	for cursor := "0"; ; {
		raw, err := s.run(ctx, scanStep, cursor, pattern, mostTexts)
		if err != nil {
			return err
		}
		var names []string
		found, _ := raw.([]any)
		for _, name := range found {
			text, _ := name.(string)
			names = append(names, text)
		}
		if len(names) == 0 {
			return errors.New("redis does not say where a scan goes on")
		}
		if err := f(names[1:]); err != nil {
			return err
		}
		if cursor = names[0]; cursor == "0" {
			return nil
		}
	}
}

// awaitAlone fails if another instance uses the store. One that was stopped counts as
// alive for a moment.
func (s *Store) awaitAlone(ctx context.Context) error {
	for until := time.Now().Add(aliveFor + time.Second); ; {
		alive := 0
		err := s.scan(ctx, "i:*", func(names []string) error {
			alive += len(names)
			return nil
		})
		switch {
		case err != nil || alive == 0:
			return err
		case time.Now().After(until):
			return errInUse
		case !pause(ctx, 200*time.Millisecond):
			return ctx.Err()
		}
	}
}

// Find implements steps.Backend.
func (b backend) Find(ctx context.Context, keys []steps.Key) (found []steps.Item, err error) {
	for few := range slices.Chunk(keys, mostTexts) {
		some, err := b.find(ctx, few)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

func (b backend) find(ctx context.Context, keys []steps.Key) (found []steps.Item, err error) {
	var records, limits []steps.Key
	for _, k := range keys {
		if k.Table == steps.Limits {
			limits = append(limits, k)
		} else {
			records = append(records, k)
		}
	}
	keys = slices.Concat(records, limits)
	arguments := []any{len(records)}
	for _, k := range keys {
		arguments = append(arguments, nameOf(k))
	}
	asked := time.Now()
	raw, err := b.store.run(ctx, itemsStep, arguments...)
	if err != nil {
		return nil, err
	}
	answer, _ := raw.([]any)
	if len(answer) != 2*len(keys) {
		return nil, fmt.Errorf("redis answers with %d values where %d were asked for", len(answer), 2*len(keys))
	}
	for i, k := range keys {
		item := steps.Item{Key: k}
		if i >= len(records) {
			item.Value, err = limitOf(answer[2*i])
		} else {
			text, _ := answer[2*i].(string)
			item.Value, err = valueOf(text)
		}
		if err != nil {
			return nil, fmt.Errorf("reading a record of %s: %w", k.Table, err)
		}
		if left, _ := answer[2*i+1].(int64); left >= 0 {
			item.Until = asked.Add(time.Duration(left) * time.Millisecond)
		}
		if item.Value != nil {
			found = append(found, item)
		}
	}
	return found, nil
}

// limitOf is the record of a limit; nil for none.
func limitOf(raw any) ([]byte, error) {
	count := countOf(raw)
	if len(count) == 0 {
		return nil, nil
	}
	return codec.Encode(count)
}
