package main

import (
	"strings"
	"testing"
)

func TestNeeded(t *testing.T) {
	for _, c := range []struct {
		demand, capacity float64
		want             int
	}{{0.01, 0.5, 1}, {0.5, 0.5, 1}, {0.51, 0.5, 2}, {3.2, 1, 4}} {
		if got := needed(c.demand, c.capacity); got != c.want {
			t.Errorf("%v needs %d of %v, want %d", c.demand, got, c.capacity, c.want)
		}
	}
}

func TestAMillionSignInsAnHour(t *testing.T) {
	// 278 sign-ins a second at 1 ms and 27,778 requests at 100 µs are 3.06
	// cores, that is 4 machines that are busy half of the time. Redis has 278
	// times 0.2 ms and 27,778 times 10 µs: a third of a core, and 6 % without.
	all := strings.Join(costs{signIn: 1e-3, gated: 100e-6, redisSignIn: 200e-6, redisCheck: 10e-6, calls: 2}.lines(), "\n")
	for _, want := range []string{
		"1,000,000 sign-ins an hour are 278 a second", "3.1 cores of gates: 4 instances", "Redis is busy 33 % of one core: 1 Redis", "If all are, 6 %",
		"One core carries 1000 sign-ins or 10000 gated requests a second", "One Redis carries 5000 sign-ins or 100000 looks a second",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("it does not say %q:\n%s", want, all)
		}
	}
}
