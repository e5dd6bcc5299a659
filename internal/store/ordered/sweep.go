package ordered

import (
	"bytes"
	"context"
	"log/slog"
	"time"
)

// sweepChunk is how many records one step of the sweep looks at. It bounds how
// long the sweep holds up others.
const sweepChunk = 2000

// Sweep removes what is over, a chunk at a time, a pause between two, until
// ctx ends. That anything is over never depends on it having been swept.
func (s *Store) Sweep(ctx context.Context, pause time.Duration, logger *slog.Logger) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	next := make(map[Bucket][]byte)
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		for _, b := range Buckets() {
			from, removed, err := s.sweepChunk(ctx, b, next[b], time.Now())
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				logger.Warn("removing what is over from the store", "bucket", string(b), "error", err)
			case removed > 0:
				logger.Debug("removed what is over from the store", "bucket", string(b), "records", removed)
			}
			next[b] = from
		}
		timer.Reset(pause)
	}
}

// SweepAll removes everything that is over at the time given.
func (s *Store) SweepAll(ctx context.Context, now time.Time) (removed int, err error) {
	for _, b := range Buckets() {
		for from, first := []byte(nil), true; first || from != nil; first = false {
			var n int
			if from, n, err = s.sweepChunk(ctx, b, from, now); err != nil {
				return removed, err
			}
			removed += n
		}
	}
	return removed, nil
}

// sweepChunk looks at a chunk of a bucket and returns where the next begins,
// nil at the end.
func (s *Store) sweepChunk(ctx context.Context, b Bucket, from []byte, now time.Time) (next []byte, removed int, err error) {
	var over [][]byte
	err = s.view(ctx, func(tx Tx) error {
		seen := 0
		tx.Scan(b, from, func(key, value []byte) bool {
			if seen++; seen > sweepChunk {
				next = bytes.Clone(key)
				return false
			}
			if isOver(value, now) {
				over = append(over, bytes.Clone(key))
			}
			return true
		})
		return nil
	})
	if err != nil || len(over) == 0 {
		return next, 0, err
	}
	err = s.update(ctx, func(tx Tx) error {
		removed = 0
		for _, key := range over {
			if value := tx.Get(b, key); value == nil || !isOver(value, now) {
				continue // gone, or used again meanwhile
			}
			removed++
			if err := tx.Delete(b, key); err != nil {
				return err
			}
		}
		return nil
	})
	return next, removed, err
}
