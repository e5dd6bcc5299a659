package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// backend implements steps.Backend: one script reads what a step needs, and one
// writes what it wrote, if what it read is still there.
type backend struct{ store *Store }

func (b backend) Look(ctx context.Context, reads []steps.Key, f steps.Step) error {
	t := b.store.begin(ctx)
	if err := t.Fetch(reads...); err != nil {
		return err
	}
	_, err := f(t)
	return err
}

// mostTries is how often a transaction is tried that others come before.
const mostTries = 20

// Change commits what f makes of what it read, be it an error: that counts only if
// all of it was there at one time.
func (b backend) Change(ctx context.Context, reads []steps.Key, f steps.Step) error {
	for try := range mostTries {
		t := b.store.begin(ctx)
		t.first = try == 0
		if err := t.fetchDeep(reads); err != nil {
			return err
		}
		draft, failed := f(t)
		if failed != nil {
			if t.failed != nil || ctx.Err() != nil {
				return failed
			}
			draft, t.takes, t.backs = steps.Draft{}, group{}, group{}
		}
		done, err := t.commit(draft)
		if err != nil {
			return err
		}
		if done {
			b.store.letGo(draft.Queued)
			draft.TellTo(&b.store.Hooks)
			return failed
		}
		longest := time.Duration(min(1<<try, 50)) * time.Millisecond
		if !pause(ctx, mathrand.N(longest)) {
			return ctx.Err()
		}
	}
	return fmt.Errorf("changing what redis keeps: others changed it first, %d times in a row; try again", mostTries)
}

// transaction is a steps.Tx.
type transaction struct {
	store *Store
	ctx   context.Context // of the call that it is a part of
	now   time.Time
	id    string // by which the commit knows itself again
	first bool   // of the tries to change something

	read   map[steps.Key]string // as it is kept; empty for what is not there
	used   map[steps.Key]bool   // what the step looked at of it
	counts map[string]limit.Count
	looks  int   // how often something was read
	failed error // of a look
	takes  group // of limits, see commit.lua
	backs  group

	repeated bool // an answer was lost, and asked for again
}

func (s *Store) begin(ctx context.Context) *transaction {
	return &transaction{
		store: s, ctx: ctx, now: time.Now(), id: rand.Text(),
		read: make(map[steps.Key]string), used: make(map[steps.Key]bool), counts: make(map[string]limit.Count),
	}
}

func (t *transaction) Get(k steps.Key) ([]byte, error) {
	if err := t.Fetch(k); err != nil {
		return nil, err
	}
	t.used[k] = true
	return valueOf(t.read[k])
}

func (t *transaction) Fetch(keys ...steps.Key) error {
	var missing []steps.Key
	for _, k := range keys {
		if _, read := t.read[k]; !read {
			missing = append(missing, k)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	t.looks++
	texts, err := t.store.texts(t.ctx, missing)
	if err != nil {
		t.failed = err
		return err
	}
	for i, k := range missing {
		t.read[k] = texts[i]
	}
	return nil
}

// fetchDeep reads records with what they lead to, and the counts of limits.
func (t *transaction) fetchDeep(keys []steps.Key) error {
	if len(keys) == 0 {
		return nil
	}
	t.looks++
	var records, limits []any
	for _, k := range keys {
		if k.Table == steps.Limits {
			limits = append(limits, nameOf(k))
		} else {
			records = append(records, nameOf(k))
		}
	}
	raw, err := t.run(readStep, append(append([]any{len(records)}, records...), limits...)...)
	if err != nil {
		t.failed = err
		return err
	}
	found, _ := raw.([]any)
	for i := 0; i+1 < len(found); i += 2 {
		name, _ := found[i].(string)
		k, ok := keyOf(name)
		if !ok {
			return fmt.Errorf("redis answers with a record of the name %q", name)
		}
		if k.Table == steps.Limits {
			t.counts[k.ID] = countOf(found[i+1])
			continue
		}
		t.read[k], _ = found[i+1].(string)
	}
	return nil
}

// run runs a script, once more if its answer was lost: the scripts of a
// transaction do nothing twice. If that fails, for whatever reason, the first one
// may have been done all the same.
func (t *transaction) run(step script, arguments ...any) (any, error) {
	raw, err := t.store.run(t.ctx, step, arguments...)
	if first := err; errors.Is(first, signin.ErrUncertain) && !t.repeated && t.ctx.Err() == nil {
		t.repeated = true
		if raw, err = t.store.run(t.ctx, step, arguments...); err != nil {
			err = fmt.Errorf("%w; once more: %w", first, err)
		}
	}
	return raw, err
}

func (t *transaction) IDs(table steps.Table, after string, n int) ([]string, error) {
	t.looks++
	ids, err := t.store.ids(t.ctx, table, after, n)
	t.failed = err
	return ids, err
}

func (t *transaction) Take(use limit.Use, now time.Time) (time.Duration, error) {
	count, read := t.counts[use.Name]
	if !read && t.first {
		// The commit refuses it if there is no room. Then it is read, so that a limit
		// whose name the step learns on its way mostly costs no trip.
		t.takes.add(t.take(use, now)...)
		return 0, nil
	}
	if !read {
		if err := t.fetchDeep([]steps.Key{steps.LimitKey(use)}); err != nil {
			return 0, err
		}
		count = t.counts[use.Name]
	}
	wait := count.Take(use.Rule, now)
	if wait == 0 {
		t.takes.add(t.take(use, now)...)
	}
	return wait, nil
}

// take is what commit.lua counts one use by.
func (t *transaction) take(use limit.Use, now time.Time) []any {
	rule := use.Rule
	return []any{t.store.name(steps.LimitKey(use)), rule.Slot(now), rule.Past(now), rule.Max, rule.Lifetime().Milliseconds() + 1}
}

func (t *transaction) GiveBack(name string, slot int64) error {
	t.backs.add(t.store.name(steps.LimitKey(limit.Use{Name: name})), slot)
	return nil
}
