package main

import (
	"slices"
	"testing"
)

func TestMedianIsTheMiddleValue(t *testing.T) {
	for _, c := range []struct {
		of   series
		want float64
	}{
		{nil, 0}, {series{3}, 3}, {series{9, 1, 5}, 5}, {series{4, 1, 3, 100}, 3.5},
	} {
		if got := c.of.median(); got != c.want {
			t.Errorf("the median of %v is %v, want %v", c.of, got, c.want)
		}
	}
	unsorted := series{3, 1, 2}
	unsorted.median()
	if !slices.Equal(unsorted, series{3, 1, 2}) {
		t.Errorf("asking for the median changed the order of rounds to %v", unsorted)
	}
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	// The second round was disturbed as a whole: the ratio does not show it.
	got := series{2, 20, 3}.over(series{1, 10, 2})
	if !slices.Equal(got, series{2, 2, 1.5}) {
		t.Errorf("the ratios are %v", got)
	}
	if got := (series{1, 2}).over(series{0, 1}); !slices.Equal(got, series{2}) {
		t.Errorf("with a round in which nothing was measured the ratios are %v", got)
	}
	if got := (series{5, 7}).less(series{1, 10}); !slices.Equal(got, series{4, -3}) {
		t.Errorf("the differences are %v", got)
	}
}

func TestSpread(t *testing.T) {
	if got := (series{1.5, 0.25, 1}).spread("%.2f"); got != "0.25 to 1.50" {
		t.Errorf("the spread is %q", got)
	}
	if got := (series{1}).spread("%.2f"); got != "" {
		t.Errorf("one value has the spread %q", got)
	}
}
