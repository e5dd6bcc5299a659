package text

import (
	"strconv"
	"time"

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

// Duration says how long something takes, like "30 seconds" or "10 minutes". It rounds
// up, so that nobody comes back too early.
func (l *Language) Duration(d time.Duration) string {
	count := func(unit time.Duration) int { return int((d + unit - 1) / unit) }
	switch {
	case d <= time.Second:
		return l.Count("duration.seconds", 1)
	case d <= 59*time.Second:
		return l.Count("duration.seconds", count(time.Second))
	// Up to two hours in minutes, since ninety minutes are not two hours.
	case d < 2*time.Hour && d != time.Hour:
		return l.Count("duration.minutes", count(time.Minute))
	case d < 48*time.Hour:
		return l.Count("duration.hours", count(time.Hour))
	}
	return l.Count("duration.days", count(24*time.Hour))
}
