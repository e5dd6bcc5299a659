package steps

import "strings"

// maxPage is how many entries a page has at most.
const maxPage = 1000

func pageOf(wanted int) int { return min(max(wanted, 1), maxPage) }

// idsAtOnce is how many ids are looked through in one go.
const idsAtOnce = 10_000

// findIDs looks for words in the ids of a table, so that a record that is not asked for is not
// read. next is the last one found, empty if there are no more than size.
func findIDs(t *tx, table Table, words, after string, size int) (found []string, next string) {
	atOnce := idsAtOnce
	if words == "" {
		atOnce = size + 1
	}
	for {
		ids := t.ids(table, after, atOnce)
		for _, id := range ids {
			if after = id; !strings.Contains(id, words) {
				continue
			}
			if len(found) == size {
				return found, found[size-1]
			}
			found = append(found, id)
		}
		if len(ids) < atOnce {
			return found, ""
		}
	}
}

// fetchAll reads the records of ids in one go.
func fetchAll[ID ~string](t *tx, table Table, ids []ID) {
	keys := make([]Key, len(ids))
	for i, id := range ids {
		keys[i] = Key{table, string(id)}
	}
	t.fetch(keys...)
}
