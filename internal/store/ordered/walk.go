package ordered

import (
	"bytes"
	"context"
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// walkChunk is how many records Walk passes on at a time.
const walkChunk = 2000

// Walk implements steps.Backend.
func (b backend) Walk(ctx context.Context, f func([]steps.Item) error) error {
	for _, table := range steps.Tables() {
		for from, first := []byte(nil), true; first || from != nil; first = false {
			some, next, err := b.chunk(ctx, table, from)
			if err != nil {
				return err
			}
			if err := f(some); err != nil {
				return err
			}
			from = next
		}
	}
	return nil
}

// chunk reads some records of a table, and returns where the next one is, nil at the end.
func (b backend) chunk(ctx context.Context, table steps.Table, from []byte) (some []steps.Item, next []byte, err error) {
	err = b.store.view(ctx, func(tx Tx) error {
		var failed error
		tx.Scan(Bucket(table), from, func(key, value []byte) bool {
			if len(some) == walkChunk {
				next = bytes.Clone(key)
				return false
			}
			var item steps.Item
			item, failed = itemOf(steps.Key{Table: table, ID: string(key)}, value)
			some = append(some, item)
			return failed == nil
		})
		return failed
	})
	return some, next, err
}

// Find implements steps.Backend.
func (b backend) Find(ctx context.Context, keys []steps.Key) (found []steps.Item, err error) {
	err = b.store.view(ctx, func(tx Tx) error {
		for _, k := range keys {
			if raw := tx.Get(Bucket(k.Table), []byte(k.ID)); raw != nil {
				item, err := itemOf(k, raw)
				if err != nil {
					return err
				}
				found = append(found, item)
			}
		}
		return nil
	})
	return found, err
}

// itemOf is what lies under a key; the bytes are its own.
func itemOf(k steps.Key, raw []byte) (steps.Item, error) {
	if len(raw) < endLength {
		return steps.Item{}, fmt.Errorf("reading a record of %s: it is too short", k.Table)
	}
	return steps.Item{Key: k, Record: steps.Record{Value: bytes.Clone(raw[endLength:]), Until: decodeEnd(raw)}}, nil
}
