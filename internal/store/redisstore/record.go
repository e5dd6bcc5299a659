package redisstore

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// name is the name of a key in Redis.
func (s *Store) name(k steps.Key) string { return s.base + nameOf(k) }

// nameOf is the name of a key after what all names begin with.
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

var errDamaged = errors.New("the record ends before its value begins")

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
