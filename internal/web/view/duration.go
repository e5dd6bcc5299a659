package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// Duration says how long something takes in words, like "30 seconds" or
// "10 minutes". It rounds up, so that nobody comes back too early.
func Duration(lang *text.Language, d time.Duration) string {
	count := func(unit time.Duration) int { return int((d + unit - 1) / unit) }
	switch {
	case d <= time.Second:
		return lang.Count("duration.seconds", 1)
	case d <= 59*time.Second:
		return lang.Count("duration.seconds", count(time.Second))
	// Up to two hours in minutes, since ninety minutes are not two hours.
	case d < 2*time.Hour && d != time.Hour:
		return lang.Count("duration.minutes", count(time.Minute))
	case d < 48*time.Hour:
		return lang.Count("duration.hours", count(time.Hour))
	}
	return lang.Count("duration.days", count(24*time.Hour))
}
