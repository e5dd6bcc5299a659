package steps

import (
	"strings"
	"testing"
)

func TestAStoreIsUsedByItsFormat(t *testing.T) {
	defer func(was string) { format = was }(format)
	format = "2"
	for _, c := range []struct{ stored, copyOf, write, refused string }{
		{"", "", "2", ""},  // new, or from before there were formats
		{"1", "", "2", ""}, // an older one
		{"2", "", "", ""},
		{"3", "", "", "has format 3, this program reads up to 2; start the version that wrote it or a newer one, or go back to a backup"},
		{"", "bolt /a", "2", ""},
		{"3", "bolt /a", "", "has format 3"},
		{"garbage", "", "", "has format garbage"},
		{"copy of bolt /a", "", "", "is a copy of bolt /a that was not finished; run store copy from there again"},
		{"copy of bolt /a", "bolt /b", "", "is a copy of bolt /a"},
		{"copy of bolt /a", "bolt /a", "", ""},
	} {
		var stored []byte
		if c.stored != "" {
			stored = []byte(c.stored)
		}
		write, err := EnterFormat(stored, c.copyOf)
		if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) || string(write) != c.write {
			t.Errorf("with %q, copying %q: written is %q, %v; want %q, %q", c.stored, c.copyOf, write, err, c.write, c.refused)
		}
	}
}
