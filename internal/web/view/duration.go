package view

import (
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// Duration says how long something takes in words, like "30 seconds" or
// "10 minutes". It rounds up, so that nobody comes back too early.
func Duration(lang *text.Language, d time.Duration) string {
	count := func(unit time.Duration) int { return int((d + unit - 1) / unit) }
	switch {
	case d <= time.Second:
		return plural(lang, 1, "duration.second", "duration.seconds")
	case d <= 59*time.Second:
		return plural(lang, count(time.Second), "duration.second", "duration.seconds")
	// Up to two hours in minutes, since ninety minutes are not two hours.
	case d < 2*time.Hour && d != time.Hour:
		return plural(lang, count(time.Minute), "duration.minute", "duration.minutes")
	case d < 48*time.Hour:
		return plural(lang, count(time.Hour), "duration.hour", "duration.hours")
	}
	return plural(lang, count(24*time.Hour), "duration.day", "duration.days")
}

// plural says the sentence for one, or the sentence for a {count}.
func plural(lang *text.Language, count int, one, many string) string {
	key := many
	if count == 1 {
		key = one
	}
	return lang.Say(key, "count", strconv.Itoa(count))
}
