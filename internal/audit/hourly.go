package audit

import (
	"sync"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// Hourly keeps an event that comes with each request from being written as often: it
// tells the first of a person at a place in each hour of the clock. The zero value is
// ready, and safe for concurrent use.
type Hourly struct {
	mu   sync.Mutex
	hour time.Time
	told map[personAtPlace]struct{}
}

type personAtPlace struct {
	who   address.Address
	place string
}

// maxTold bounds the memory. Where more are told in an hour, all are forgotten: some
// are told twice then.
const maxTold = 10_000

// First reports whether it was not asked about the person at the place in this hour.
func (h *Hourly) First(who address.Address, place string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if hour := now.Truncate(time.Hour); h.told == nil || !hour.Equal(h.hour) {
		h.hour, h.told = hour, make(map[personAtPlace]struct{})
	}
	key := personAtPlace{who, place}
	if _, known := h.told[key]; known {
		return false
	}
	if len(h.told) >= maxTold {
		clear(h.told)
	}
	h.told[key] = struct{}{}
	return true
}
