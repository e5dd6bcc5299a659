package assertion

import (
	"slices"
	"time"
)

// A key signs for keyLife. It is published for publishedFor before, so that whoever keeps the keys
// of a site for a while has it by then, and stays published until the one after it turns.
const (
	keyLife      = 30 * 24 * time.Hour
	publishedFor = 24 * time.Hour
)

// signing is where in the keys, the oldest first, the one stands that signs at a time; -1
// if none does. All instances agree on it: it depends on the store and the clock alone.
func signing(all []key, now time.Time) int {
	i := len(all) - 1
	for i >= 0 && all[i].Since.After(now) {
		i--
	}
	return i
}

// due reports whether a further key has to be made, and from when on it signs: at once if
// none does.
func due(all []key, now time.Time) (since time.Time, isDue bool) {
	if signing(all, now) < 0 {
		return now, true
	}
	turn, first := all[len(all)-1].Since.Add(keyLife), now.Add(publishedFor)
	if turn.After(first) {
		return turn, false
	}
	return first, true
}

// maxKept is how many keys are kept: the next one, the one that signs, and the previous.
const maxKept = 3

// turned are the keys to be kept from now on of those that are, as the records of all and
// as those that this instance can open, the oldest first. lost says that it can open none
// that signs.
//
// Records that it cannot open stay for a while: while an operator changes the secret on one
// instance after the other, another instance may.
func (k *Keys) turned(kept []Record, now time.Time) (records []Record, opened []key, lost bool, err error) {
	for _, r := range kept {
		if each, ok := r.open(k.sealer); ok {
			opened = append(opened, each)
		} else if now.Sub(r.Since) < keyLife {
			records = append(records, r)
		}
	}
	records = newest(records)
	lost = len(kept) > 0 && signing(opened, now) < 0
	if since, isDue := due(opened, now); isDue {
		made, err := newKey(k.sealer, since)
		if err != nil {
			return nil, nil, lost, err
		}
		opened = append(opened, made)
		slices.SortStableFunc(opened, func(a, b key) int { return a.Since.Compare(b.Since) })
	}
	opened = newest(opened)
	for _, each := range opened {
		records = append(records, each.Record)
	}
	slices.SortStableFunc(records, func(a, b Record) int { return a.Since.Compare(b.Since) })
	return records, opened, lost, nil
}

// newest are the last of some.
func newest[T any](all []T) []T { return all[max(len(all)-maxKept, 0):] }
