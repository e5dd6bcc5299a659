package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxText is how many characters of a text a table has room for.
const maxText = 80

// shorten keeps a text on one line, and short enough for a table.
func shorten(s string) string {
	letters := []rune(printable(s))
	if len(letters) > maxText {
		letters = append(letters[:maxText-1], '…')
	}
	return string(letters)
}

// printable keeps what somebody else wrote from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func ago(now, t time.Time) string { return span(now.Sub(t)) + " ago (" + stamp(t) + ")" }

// stamp writes a moment for operators.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// span writes a time span in its largest unit.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d < day:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	return strconv.Itoa(int(d/day)) + "d"
}

// howLong says for how long something lasts. The zero time is for good.
func howLong(now, until time.Time) string {
	switch {
	case until.IsZero():
		return "for good"
	case until.Before(now):
		return "until " + stamp(until) + ", which is over"
	}
	return fmt.Sprintf("for another %s (until %s)", span(until.Sub(now)), stamp(until))
}
