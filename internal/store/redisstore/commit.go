package redisstore

import (
	"fmt"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// commit writes everything. It is false if something was not as it was read, or
// if there is no room any more for what it takes.
func (t *transaction) commit(draft steps.Draft) (done bool, err error) {
	if draft.IsEmpty() && t.takes.count+t.backs.count == 0 && t.looks <= 1 {
		return true, nil // what was read at once was there at one time
	}
	if t.store.beforeCommit != nil {
		t.store.beforeCommit()
	}
	var reads, commands group
	for k := range t.used {
		reads.add(t.store.name(k), t.read[k])
	}
	for k, r := range draft.Written {
		if err := t.write(&commands, k, r); err != nil {
			return false, err
		}
	}
	for _, key := range draft.EndedSessions {
		commands.command("PUBLISH", t.store.channel(), key.String())
	}
	for _, key := range draft.ChangedSessions {
		commands.command("PUBLISH", t.store.channel(), changedMark+key.String())
	}
	for _, q := range draft.Queued {
		if q.Waits {
			commands.command("XADD", t.store.stream(), "*", "i", q.ID)
		} else if place := t.store.placeOf(q.ID); place != "" {
			commands.command("XACK", t.store.stream(), senders, place)
		}
	}
	counts := []any{t.id, reads.count, t.takes.count, t.backs.count, commands.count}
	raw, err := t.run(commitStep, slices.Concat(counts, reads.words, t.takes.words, t.backs.words, commands.words)...)
	return raw == int64(1), err
}

// write writes a record, and has it listed.
func (t *transaction) write(commands *group, k steps.Key, r steps.Record) error {
	life := r.Until.Sub(t.now).Milliseconds()
	gone := r.Value == nil || !r.Until.IsZero() && life <= 0
	switch {
	case gone:
		commands.command("DEL", t.store.name(k))
	case k.Table == steps.Limits:
		count := limit.Count{}
		if err := codec.Decode(r.Value, &count); err != nil {
			return fmt.Errorf("writing the count of a limit: %w", err)
		}
		commands.command("DEL", t.store.name(k))
		for slot, uses := range count {
			commands.command("HINCRBY", t.store.name(k), slot, uses)
		}
		commands.command("PEXPIRE", t.store.name(k), life)
	case r.Until.IsZero():
		commands.command("SET", t.store.name(k), textOf(r))
	default:
		commands.command("SET", t.store.name(k), textOf(r), "PX", life)
	}
	switch list := t.store.base + string(k.Table); {
	case k.Table.Listed() && gone:
		commands.command("ZREM", list, k.ID)
	case k.Table.Listed():
		commands.command("ZADD", list, 0, k.ID)
	}
	return nil
}

// group is how many there are of something, and the words for them.
type group struct {
	count int
	words []any
}

func (g *group) add(words ...any) {
	g.count++
	g.words = append(g.words, words...)
}

// command adds one that commit.lua runs.
func (g *group) command(words ...any) { g.add(append([]any{len(words)}, words...)...) }
