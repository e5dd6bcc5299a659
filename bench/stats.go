package main

import (
	"cmp"
	"fmt"
	"slices"
)

// series is one quantity as it was measured in several rounds.
type series []float64

// median is the middle value, of an even number the mean of the two in the
// middle. It is 0 of none.
func (s series) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// over divides round by round: two values of one round were measured next to
// one another, so what disturbs the machine for longer disturbs both.
func (s series) over(base series) series {
	ratios := make(series, 0, len(s))
	for i := range min(len(s), len(base)) {
		if base[i] != 0 {
			ratios = append(ratios, s[i]/base[i])
		}
	}
	return ratios
}

// less subtracts round by round.
func (s series) less(base series) series {
	differences := make(series, 0, len(s))
	for i := range min(len(s), len(base)) {
		differences = append(differences, s[i]-base[i])
	}
	return differences
}

// times multiplies all values.
func (s series) times(factor float64) series {
	scaled := make(series, len(s))
	for i, v := range s {
		scaled[i] = v * factor
	}
	return scaled
}

// spread is the least and the greatest value with the verb of fmt given, empty
// where there is one value only.
func (s series) spread(verb string) string {
	if len(s) < 2 {
		return ""
	}
	return fmt.Sprintf(verb+" to "+verb, slices.MinFunc(s, cmp.Compare), slices.MaxFunc(s, cmp.Compare))
}
