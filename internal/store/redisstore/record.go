package redisstore

import (
	"encoding/binary"
	"errors"
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
	reads, takes, backs, writes, listed, told, waiting, dones []any
}

func (a *arguments) read(k steps.Key, was string) { a.reads = append(a.reads, nameOf(k), was) }

func (a *arguments) take(t take) {
	rule := t.use.Rule
	a.takes = append(a.takes, nameOf(steps.LimitKey(t.use)), rule.Slot(t.now), rule.Past(t.now), rule.Max, rule.Lifetime().Milliseconds()+1)
}

func (a *arguments) giveBack(b back) {
	a.backs = append(a.backs, nameOf(steps.LimitKey(limit.Use{Name: b.limit})), b.slot)
}

func (a *arguments) write(k steps.Key, r steps.Record, now time.Time) {
	life, text := int64(0), ""
	if r.Value != nil {
		text = textOf(r)
	}
	if !r.Until.IsZero() {
		if life = r.Until.Sub(now).Milliseconds(); life <= 0 {
			text = "" // it is over
		}
	}
	a.writes = append(a.writes, nameOf(k), life, text)
	if k.Table.Listed() {
		in := 0
		if text != "" {
			in = 1
		}
		a.listed = append(a.listed, string(k.Table), in, k.ID)
	}
}

func (a *arguments) tell(word string)  { a.told = append(a.told, word) }
func (a *arguments) wait(id string)    { a.waiting = append(a.waiting, id) }
func (a *arguments) done(place string) { a.dones = append(a.dones, place) }
func (a *arguments) all(id string) []any {
	head := append(binary.BigEndian.AppendUint16(nil, uint16(len(id))), id...)
	var all []any
	for _, group := range []struct {
		arguments []any
		each      int
	}{{a.reads, 2}, {a.takes, 5}, {a.backs, 2}, {a.writes, 3}, {a.listed, 3}, {a.told, 1}, {a.waiting, 1}, {a.dones, 1}} {
		head = binary.BigEndian.AppendUint32(head, uint32(len(group.arguments)/group.each))
		all = append(all, group.arguments...)
	}
	return append([]any{head}, all...)
}
