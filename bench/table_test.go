package main

import (
	"strings"
	"testing"
	"time"
)

func TestARowIsMetByItsMedian(t *testing.T) {
	for _, c := range []struct {
		measured series
		target   goal
		want     bool
	}{
		{series{1.05, 1.0, 1.04}, atMost(1.04), true},
		{series{1.05, 1.05, 1.0}, atMost(1.04), false},
		{series{0.98, 0.5, 1}, atLeast(0.98), true},
		{series{0.97}, atLeast(0.98), false},
		{series{0}, atMost(0), true},
		{series{1}, atMost(0), false},
		{nil, atMost(1), false}, // what was not measured is not met
		{series{99}, goal{}, true},
	} {
		if got := (row{measured: c.measured, target: c.target}).met(); got != c.want {
			t.Errorf("%v is met by %v: %v", c.target, c.measured, got)
		}
	}
}

func TestTableOfResults(t *testing.T) {
	r := results{
		machine:  [][2]string{{"commit", "abc"}},
		settings: "3 rounds",
		took:     90*time.Second + 400*time.Millisecond,
		sections: []section{
			{rows: []row{
				{what: "CPU", measured: series{1.01, 1.03, 1.02}, verb: "%.3f", target: atMost(1.04), note: "1 µs"},
				{what: "requests per second", measured: series{0.9}, verb: "%.3f", target: atLeast(0.98)},
			}},
			{rows: []row{{what: "size", measured: series{200}, verb: "%.0f bytes", target: atMost(500)}}, title: "More", lines: []string{"One."}, text: "a\nb\n"},
			{rows: []row{{what: "only told", measured: series{7}, verb: "%.0f"}}},
		},
	}
	var b strings.Builder
	if err := r.write(&b); err != nil {
		t.Fatal(err)
	}
	const want = `# Results

Written by ` + "`go run ./bench`" + `. What the rows mean is in docs/performance.md.

- commit: abc
- 3 rounds, in all 1m30s

| what                | median    | spread         | target            | met    | note |
|---------------------|-----------|----------------|-------------------|--------|------|
| CPU                 | 1.020     | 1.010 to 1.030 | at most 1.04      | yes    | 1 µs |
| requests per second | 0.900     |                | at least 0.98     | **no** |      |
| size                | 200 bytes |                | at most 500 bytes | yes    |      |
| only told           | 7         |                |                   |        |      |

1 of 3 targets missed.

## More

- One.
` + "```\na\nb\n```\n"
	if got := b.String(); got != want {
		t.Errorf("the results are\n%s\nwant\n%s", got, want)
	}
	if missed := r.missed(); len(missed) != 1 || missed[0].what != "requests per second" {
		t.Errorf("missed: %v", missed)
	}
}

func TestShorten(t *testing.T) {
	for given, want := range map[string]string{"1.040": "1.04", "8.0 MiB": "8 MiB", "0": "0", "100 ms": "100 ms", "20.0 %": "20 %"} {
		if got := shorten(given); got != want {
			t.Errorf("%q is shortened to %q, want %q", given, got, want)
		}
	}
}
