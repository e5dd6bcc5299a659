package text

import (
	"strconv"

	"golang.org/x/text/feature/plural"
)

// forms are the ends of the keys of a sentence with a number, by what Unicode
// CLDR calls the plural categories of a language.
var forms = map[plural.Form]string{
	plural.Zero: "_zero", plural.One: "_one", plural.Two: "_two",
	plural.Few: "_few", plural.Many: "_many", plural.Other: "_other",
}

// Count is Say for a sentence with a number, filled in as {count}. The
// sentence has as many forms as the language has ways to count:
//
//	"cats_one": "{count} cat", "cats_other": "{count} cats"
//	l.Count("cats", 3)
func (l *Language) Count(key string, n int, nameAndValue ...string) string {
	form := key + forms[plural.Cardinal.MatchPlural(l.parsed, n, 0, 0, 0, 0)]
	if !l.Has(form) {
		form = key + "_other"
	}
	return l.Say(form, append([]string{"count", strconv.Itoa(n)}, nameAndValue...)...)
}
