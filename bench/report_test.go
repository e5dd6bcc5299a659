package main

import (
	"slices"
	"strings"
	"testing"
)

func TestMedianIsTheMiddleValue(t *testing.T) {
	for _, c := range []struct {
		of   series
		want float64
	}{{nil, 0}, {series{3}, 3}, {series{9, 1, 5}, 5}, {series{4, 1, 3, 100}, 3.5}} {
		if got := c.of.median(); got != c.want {
			t.Errorf("the median of %v is %v, want %v", c.of, got, c.want)
		}
	}
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	// The second round was disturbed as a whole: the ratio does not show it.
	if got := (series{2, 20, 3}).over(series{1, 10, 2}); !slices.Equal(got, series{2, 2, 1.5}) {
		t.Errorf("the ratios are %v", got)
	}
	if got := (series{5, 7}).less(series{1, 10}); !slices.Equal(got, series{4, -3}) {
		t.Errorf("the differences are %v", got)
	}
}

func TestARowSaysWhetherItsMedianKeepsToTheTarget(t *testing.T) {
	for _, c := range []struct {
		row  row
		want string
	}{
		{row{what: "a", measured: series{1.04, 1, 1.2}, verb: "%.3f", target: atMost(1.04)}, "a|1.040|1.000 to 1.200|at most 1.04|yes|"},
		{row{what: "b", measured: series{451}, verb: "%.0f bytes", target: atMost(450)}, "b|451 bytes||at most 450 bytes|**no**|"},
		{row{what: "c", measured: series{999}, verb: "%.0f", target: atLeast(1000), note: "n"}, "c|999||at least 1000|**no**|n"},
		{row{what: "d", verb: "%.0f", target: atMost(1)}, "d|nothing||at most 1|**no**|"},
		{row{what: "e", measured: series{1}, verb: "%.1f %%"}, "e|1.0 %||||"},
		{row{what: "f", measured: series{1}, verb: "%.1f %%", target: atMost(20)}, "f|1.0 %||at most 20 %|yes|"},
	} {
		if got := strings.Join(c.row.cells(), "|"); got != c.want {
			t.Errorf("the row is %s, want %s", got, c.want)
		}
	}
	said := results{rows: []row{{what: "a", measured: series{2}, verb: "%.0f", target: atMost(1)}, {what: "b", measured: series{2}, verb: "%.0f"}}}.String()
	if !strings.Contains(said, "| a    | 2      |") || !strings.Contains(said, "1 of 1 targets missed.") {
		t.Errorf("the results are:\n%s", said)
	}
}
