package gate

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/rangetable"
)

// separators counts what parts a path in some reading.
func separators(path string) [3]int {
	return [3]int{strings.Count(path, "."), strings.Count(path, "/"), strings.Count(path, `\`)}
}

// unseen are the tables of what nobody sees.
var unseen = []*unicode.RangeTable{unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector}

// shown is a path in its compatibility form without what nobody sees.
func shown(path string) string {
	without := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.In(r, unseen...) {
				return -1
			}
			return r
		}, s)
	}
	return without(norm.NFKC.String(without(path)))
}

func TestNoCharacterThatBecomesASeparatorHasOneReading(t *testing.T) {
	var tried int
	var one []byte
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune; r++ {
		one = utf8.AppendRune(one[:0], r)
		if !utf8.ValidRune(r) || norm.NFKC.IsNormal(one) || separators(norm.NFKC.String(string(one))) == [3]int{} {
			continue
		}
		c := string(one)
		tried++
		for _, p := range []string{"/pub/" + c, "/pub/" + c + "/x", "/pub/" + c + c + "/x", "/pub/." + c + "/x", "/pub/a" + c + "b", "/pub/é" + c + "é", "/" + c, "/pub/" + c + "../x"} {
			if isPlain(p) {
				t.Errorf("%q with %U, which becomes %q, has one reading", p, r, norm.NFKC.String(c))
			}
		}
	}
	if tried < 20 {
		t.Errorf("%d characters become separators, so most were not found", tried)
	}
}

func TestNoCharacterThatNobodySeesHidesAnotherPath(t *testing.T) {
	tried := 0
	rangetable.Visit(rangetable.Merge(unseen...), func(r rune) {
		c := string(r)
		tried++
		for _, shape := range []string{"/pub/..N/x", "/pub/N../x", "/pub/N..N/x", "/pub/.N./x", "/pub/.N/x", "/pub/N./x", "/pub/N/x", "/pub/xN/..", "/adNmin/x", "/adminN/x", "/Nadmin", "/é/..N/x", "/pub/é.N/x", "/pub/é:N$DATA", "/ADMINI~N1/x"} {
			if p := strings.ReplaceAll(shape, "N", c); isPlain(p) {
				t.Errorf("%q with %U has one reading", p, r)
			}
		}
	})
	if tried < 400 {
		t.Errorf("%d characters are seen by nobody, so most were not found", tried)
	}
}

func FuzzAPathWithOneReadingIsTheSameInItsCompatibilityForm(f *testing.F) {
	for _, p := range []string{"/", "/a/b", "/é", "/日本語", "/pub/\ufe52\ufe52/x", "/pub/\ufe30/x", "/pub/..\u2060/x", "/pub/\u00ad..\u00ad/x", "/e\u0301\u200d.x", "/a\ufe68b", "/½/ﬁ"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if !isPlain(p) {
			return
		}
		read := shown(p)
		if separators(read) != separators(p) || strings.ContainsFunc(read, unicode.IsControl) {
			t.Fatalf("%q has one reading, and is %q", p, read)
		}
		for _, segment := range strings.Split(read, "/")[1:] {
			if slices.Contains([]string{".", ".."}, segment) || segment == "" && strings.Contains(read, "//") {
				t.Fatalf("%q has one reading, and is %q", p, read)
			}
		}
	})
}
