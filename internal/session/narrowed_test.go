package session

import (
	"testing"
	"time"
)

// A site where sessions end earlier writes their use down as for all sites: it may be
// in use at others, too.
func TestASessionEndsEarlierWhereItIsNarrowedDown(t *testing.T) {
	for name, c := range map[string]struct {
		idle, absolute time.Duration
		last           time.Duration // of the session, if it is used every five minutes
	}{
		"idle":     {10 * time.Minute, testLimits.Absolute, 0},
		"absolute": {testLimits.Idle, time.Hour, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeep(t)
			began := k.clock
			k.Keeper = k.Narrowed(c.idle, c.absolute)
			k.now = func() time.Time { return k.clock }
			for range 11 {
				k.clock = k.clock.Add(5 * time.Minute)
				if s := k.mustFind(t); s.Expires().After(k.clock.Add(c.idle)) || s.Expires().After(began.Add(c.absolute)) {
					t.Fatalf("after %v it ends at %v", k.clock.Sub(began), s.Expires())
				}
			}
			if kept := k.store.records[k.key]; !kept.Expires.Equal(testLimits.Expiry(kept.SignedIn, kept.Seen)) {
				t.Errorf("the store keeps it until %v, used at %v", kept.Expires, kept.Seen)
			}
			if c.last != 0 {
				k.clock = began.Add(c.last)
			} else {
				k.clock = k.clock.Add(c.idle)
			}
			k.mustNotFind(t)
			k.clock = k.clock.Add(Freshness)
			k.mustNotFind(t)
		})
	}
}

// Behind a portal all sites share the time of the last use; a bank that ends sessions early
// must not be held open by a kiosk.
func TestUseOfOtherSitesDoesNotCountWhereIdleIsNarrowedDown(t *testing.T) {
	const idle = 10 * time.Minute
	for name, c := range map[string]struct {
		idle  time.Duration
		found bool
	}{"a site like all": {testLimits.Idle, true}, "one that ends sessions early": {idle, false}} {
		t.Run(name, func(t *testing.T) {
			k := newKeep(t)
			k.Keeper = k.Narrowed(c.idle, testLimits.Absolute)
			k.now = func() time.Time { return k.clock }
			r := k.store.records[k.key]
			r.Used = k.clock
			k.clock = k.clock.Add(idle)
			r.Seen, r.Expires = k.clock, testLimits.Expiry(r.SignedIn, k.clock) // at another site
			k.store.records[k.key] = r
			if c.found {
				k.mustFind(t)
			} else {
				k.mustNotFind(t)
			}
		})
	}
}
