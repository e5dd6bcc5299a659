package redisstore

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// nameOf is the name of a key in Redis, after what all names begin with.
func nameOf(k steps.Key) string { return string(k.Table) + ":" + k.ID }

func keyOf(name string) (k steps.Key, ok bool) {
	table, id, ok := strings.Cut(name, ":")
	return steps.Key{Table: steps.Table(table), ID: id}, ok
}

// textOf is a record as Redis keeps it: how many others it leads to, their names,
// each after its length, and the value. The script that reads follows the names.
func textOf(r steps.Record) string {
	text := []byte{byte(len(r.Leads))}
	for _, lead := range r.Leads {
		name := nameOf(lead)
		text = append(binary.BigEndian.AppendUint16(text, uint16(len(name))), name...)
	}
	return string(append(text, r.Value...))
}

var errDamaged = errors.New("redis: a record ends before its value begins")

// valueOf is the value of a record as Redis keeps it; nil for none.
func valueOf(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	rest := text[1:]
	for range text[0] {
		if len(rest) < 2 {
			return nil, errDamaged
		}
		length := int(binary.BigEndian.Uint16([]byte(rest)))
		if rest = rest[2:]; len(rest) < length {
			return nil, errDamaged
		}
		rest = rest[length:]
	}
	return []byte(rest), nil
}

// countOf is the count of a limit as Redis keeps it: a hash of slots.
func countOf(raw any) limit.Count {
	count := limit.Count{}
	fields, _ := raw.([]any)
	for i := 0; i+1 < len(fields); i += 2 {
		slot, _ := fields[i].(string)
		uses, _ := fields[i+1].(string)
		end, err := strconv.ParseInt(slot, 10, 64)
		n, err2 := strconv.Atoi(uses)
		if err == nil && err2 == nil {
			count[end] = n
		}
	}
	return count
}

// arguments are those of commit.lua.
type arguments struct {
	base                          string // of all keys
	reads, takes, backs, commands group
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

func (a *arguments) key(k steps.Key) string { return a.base + nameOf(k) }

func (a *arguments) read(k steps.Key, was string) { a.reads.add(a.key(k), was) }

func (a *arguments) take(t take) {
	rule := t.use.Rule
	a.takes.add(a.key(steps.LimitKey(t.use)), rule.Slot(t.now), rule.Past(t.now), rule.Max, rule.Lifetime().Milliseconds()+1)
}

func (a *arguments) giveBack(b back) {
	a.backs.add(a.key(steps.LimitKey(limit.Use{Name: b.limit})), b.slot)
}

// command adds a command that is run if all goes well.
func (a *arguments) command(words ...any) { a.commands.add(append([]any{len(words)}, words...)...) }

func (a *arguments) write(k steps.Key, r steps.Record, now time.Time) {
	life := r.Until.Sub(now).Milliseconds()
	gone := r.Value == nil || !r.Until.IsZero() && life <= 0
	switch {
	case gone:
		a.command("DEL", a.key(k))
	case r.Until.IsZero():
		a.command("SET", a.key(k), textOf(r))
	default:
		a.command("SET", a.key(k), textOf(r), "PX", life)
	}
	switch list := a.base + string(k.Table); {
	case k.Table.Listed() && gone:
		a.command("ZREM", list, k.ID)
	case k.Table.Listed():
		a.command("ZADD", list, 0, k.ID)
	}
}

func (a *arguments) all(id string) []any {
	all := []any{id, a.reads.count, a.takes.count, a.backs.count, a.commands.count}
	return slices.Concat(all, a.reads.words, a.takes.words, a.backs.words, a.commands.words)
}
