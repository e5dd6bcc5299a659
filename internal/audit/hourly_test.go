package audit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
)

func TestAPersonIsToldOnceForASiteAndHour(t *testing.T) {
	var h Hourly
	now := time.Date(2026, 7, 1, 10, 59, 59, 0, time.UTC)
	for _, c := range []struct {
		who   address.Address
		site  string
		later time.Duration
		first bool
	}{
		{"alice@example.com", "https://a.example", 0, true},
		{"alice@example.com", "https://a.example", 0, false},
		{"alice@example.com", "https://b.example", 0, true},
		{"bob@example.com", "https://a.example", 0, true},
		{"alice@example.com", "https://a.example", time.Second, true},
		{"alice@example.com", "https://a.example", time.Hour, false},
		{"alice@example.com", "https://a.example", time.Hour + time.Second, true},
	} {
		if got := h.First(c.who, c.site, now.Add(c.later)); got != c.first {
			t.Errorf("%s at %s, %v later: first is %v", c.who, c.site, c.later, got)
		}
	}
}

func TestManyRefusedPeopleTakeLittleMemory(t *testing.T) {
	var h Hourly
	now, most := time.Now(), 0
	for i := range 3 * maxTold {
		if who := address.Address(fmt.Sprint(i, "@example.com")); !h.First(who, "https://a.example", now) || h.First(who, "https://a.example", now) {
			t.Fatalf("%s is not told once", who)
		}
		most = max(most, len(h.told))
	}
	if most > maxTold {
		t.Errorf("%d are kept, at most %d should be", most, maxTold)
	}
}

func TestOfManyAtOnceOneIsFirst(t *testing.T) {
	var h Hourly
	var first atomic.Int32
	var all sync.WaitGroup
	now := time.Now()
	for range 100 {
		all.Go(func() {
			if h.First("alice@example.com", "https://a.example", now) {
				first.Add(1)
			}
		})
	}
	all.Wait()
	if got := first.Load(); got != 1 {
		t.Errorf("%d were first", got)
	}
}
