package steps

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// format is the newest form of a store that this program reads, and the one that it writes.
// Raise it with a change that an older program would misread or drop, and not for a field or
// a table that it may pass over. It is text so that a test can build the program of the next
// format, with the linker.
var format = "1"

// about has what is known of the store itself.
var about = newTable("store")

// FormatKey is where the format stands. Its value is text in any format.
var FormatKey = Key{about, "format"}

// unfinished is what stands there instead, before the name of the source, as long as
// something is copied into the store: no program takes a half for a whole.
const unfinished = "copy of "

// EnterFormat says whether a store can be used, by the value of its FormatKey, nil for
// none; and what has to be written there first, nil for nothing. A store without a format
// is new, or of format 1. One that a copy of copyOf was begun in can be used for that copy
// only; copyOf is empty otherwise.
func EnterFormat(stored []byte, copyOf string) (write []byte, err error) {
	its := cmp.Or(string(stored), "1")
	if source, found := strings.CutPrefix(its, unfinished); found {
		if source == copyOf {
			return nil, nil
		}
		return nil, fmt.Errorf("the store is a copy of %s that was not finished; run store copy from there again to finish it, or empty the store", source)
	}
	known, _ := strconv.Atoi(format)
	number, err := strconv.Atoi(its)
	if err != nil || number > known {
		return nil, fmt.Errorf("the store has format %s, this program reads up to %s; start the version that wrote it or a newer one, or go back to a backup that was made before it", its, format)
	}
	if string(stored) == format {
		return nil, nil
	}
	return []byte(format), nil
}
