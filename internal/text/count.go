package text

import (
	"strconv"

	"golang.org/x/text/feature/plural"
)

// forms are the endings of the keys of a sentence with a number, by the plural
// categories of Unicode CLDR.
var forms = map[plural.Form]string{
	plural.Zero: "_zero", plural.One: "_one", plural.Two: "_two",
	plural.Few: "_few", plural.Many: "_many", plural.Other: "_other",
}

// Count is Say for a sentence with a number, filled in as {count}. There is a key for
// each plural form of the language:
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
