package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/registry"
)

// engine runs the transactions of the registry: they read as they go, and one
// step writes all that they wrote, if what they read is still there.
type engine struct{ store *Store }

// Look implements registry.Engine.
func (e engine) Look(ctx context.Context, f func(registry.Tx) error) error {
	return f(e.store.begin(ctx))
}

// mostTries is how often a transaction is tried that others come before.
const mostTries = 20

// Change implements registry.Engine. What f makes of what it read counts only if
// that was there at one time, be it an error.
func (e engine) Change(ctx context.Context, f func(registry.Tx) error) error {
	for try := range mostTries {
		t := e.store.begin(ctx)
		failed := f(t)
		if failed != nil {
			if t.failed != nil || ctx.Err() != nil {
				return failed
			}
			t.forgetWrites()
		}
		done, err := t.commit()
		if err != nil {
			return err
		}
		if done {
			t.tell()
			return failed
		}
		longest := time.Duration(min(1<<try, 50)) * time.Millisecond
		if !pause(ctx, mathrand.N(longest)) {
			return ctx.Err()
		}
	}
	return fmt.Errorf("changing what redis keeps: others changed it first, %d times in a row; try again", mostTries)
}

// transaction is a registry.Tx. All that it reads and writes are texts under
// keys, which it names without what all of them begin with.
type transaction struct {
	store   *Store
	ctx     context.Context // of the call that it is a part of
	now     time.Time
	id      string            // by which the step that commits knows itself again
	read    map[string]string // as it was before; empty for what is not there
	looks   int               // how often something was read
	failed  error             // of a look
	written map[string]writing

	known          map[address.Address]bool // who became known, and who was forgotten
	ended, changed []session.Key
	waiting        []string // messages
}

// writing is what a key holds from now on; nothing at all if value is empty.
type writing struct {
	value string
	life  string // in milliseconds; forGood, or asItWas
}

const (
	forGood = ""
	asItWas = "keep"
)

func (s *Store) begin(ctx context.Context) *transaction {
	return &transaction{
		store: s, ctx: ctx, now: time.Now(), id: rand.Text(), read: make(map[string]string), written: make(map[string]writing),
		known: make(map[address.Address]bool),
	}
}

// get returns what keys hold, as this transaction sees it.
func (t *transaction) get(keys ...string) ([]string, error) {
	var missing []string
	for _, key := range keys {
		_, read := t.read[key]
		if _, written := t.written[key]; !read && !written {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		t.looks++
		values, err := t.store.texts(t.ctx, missing)
		if err != nil {
			t.failed = err
			return nil, err
		}
		for i, key := range missing {
			t.read[key] = values[i]
		}
	}
	values := make([]string, len(keys))
	for i, key := range keys {
		if w, written := t.written[key]; written {
			values[i] = w.value
		} else {
			values[i] = t.read[key]
		}
	}
	return values, nil
}

func (t *transaction) getOne(key string) (string, error) {
	values, err := t.get(key)
	if err != nil {
		return "", err
	}
	return values[0], nil
}

func (t *transaction) put(key, value, life string) {
	if before, written := t.written[key]; written && life == asItWas {
		life = before.life
	}
	t.written[key] = writing{value, life}
}

// putUntil is put for what is forgotten at a time.
func (t *transaction) putUntil(key, value string, end time.Time) {
	if !end.After(t.now) {
		value = ""
	}
	t.put(key, value, millisecondsOf(end.Sub(t.now)))
}

func (t *transaction) remove(key string) { t.put(key, "", forGood) }

// changedMark stands before the key of a session that changed, where those of
// ended ones are told.
const changedMark = "~"

// forgetWrites leaves nothing to commit but that what was read is still there.
func (t *transaction) forgetWrites() {
	clear(t.written)
	clear(t.known)
	t.ended, t.changed, t.waiting = nil, nil, nil
}

// commit writes everything. It is false if something was not as it was read.
func (t *transaction) commit() (done bool, err error) {
	step := struct {
		Now       int64             `json:"now"`
		ID        string            `json:"id"`
		Reads     int               `json:"reads"`
		Writes    int               `json:"writes"`
		Known     []address.Address `json:"known,omitempty"`
		Forgotten []address.Address `json:"forgotten,omitempty"`
		Told      []string          `json:"told,omitempty"`
		Waiting   []string          `json:"waiting,omitempty"`
	}{Now: t.now.UnixMilli(), ID: t.id, Reads: len(t.read), Writes: len(t.written), Waiting: t.waiting}
	if len(t.written) == 0 && t.looks <= 1 {
		return true, nil // what was read at once was there at one time
	}
	for who, known := range t.known {
		if known {
			step.Known = append(step.Known, who)
		} else {
			step.Forgotten = append(step.Forgotten, who)
		}
	}
	for _, key := range t.ended {
		step.Told = append(step.Told, encode(key[:]))
	}
	for _, key := range t.changed {
		step.Told = append(step.Told, changedMark+encode(key[:]))
	}
	encoded, err := json.Marshal(step)
	if err != nil {
		return false, fmt.Errorf("writing a step: %w", err)
	}
	arguments := []any{encoded}
	for key, value := range t.read {
		arguments = append(arguments, key, value)
	}
	for key, w := range t.written {
		arguments = append(arguments, key, w.life, w.value)
	}
	raw, err := t.store.runOnceMore(t.ctx, commitStep, arguments...)
	return raw == int64(1), err
}

// tell lets this instance know what was done.
func (t *transaction) tell() {
	for _, key := range t.ended {
		t.store.tellEnded(key)
	}
	for _, key := range t.changed {
		t.store.tellChanged(key)
	}
	if len(t.waiting) > 0 {
		t.store.tellWaiting()
	}
}

// runOnceMore runs a step that knows itself again, once more if its answer was
// lost: that does it once, and tells how it ended. If that fails, for whatever
// reason, the first one may have been done all the same.
func (s *Store) runOnceMore(ctx context.Context, step script, arguments ...any) (any, error) {
	raw, err := s.runPacked(ctx, step, arguments...)
	if first := err; errors.Is(first, signin.ErrUncertain) && ctx.Err() == nil {
		if raw, err = s.runPacked(ctx, step, arguments...); err != nil {
			err = fmt.Errorf("%w; once more: %w", first, err)
		}
	}
	return raw, err
}

// mostTexts is how many keys are read at a time. It keeps the server from being
// busy with one call for long.
const mostTexts = 1000

// texts reads what keys hold, which are named as in a transaction.
func (s *Store) texts(ctx context.Context, keys []string) ([]string, error) {
	texts := make([]string, 0, len(keys))
	for len(keys) > 0 {
		now := keys[:min(len(keys), mostTexts)]
		keys = keys[len(now):]
		full := make([]string, len(now))
		for i, key := range now {
			full[i] = s.base + key
		}
		raw, err := s.guarded(ctx, func(ctx context.Context) (any, error) { return s.client.MGet(ctx, full...).Result() })
		if err != nil {
			return nil, err
		}
		values, _ := raw.([]any)
		if len(values) != len(now) {
			return nil, errors.New("redis answers with " + strconv.Itoa(len(values)) + " texts where " + strconv.Itoa(len(now)) + " were asked for")
		}
		for _, value := range values {
			text, _ := value.(string)
			texts = append(texts, text)
		}
	}
	return texts, nil
}
