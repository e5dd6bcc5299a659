package session

import (
	"context"
	"testing"
	"time"
)

func TestReviewAnswersAsFindWouldAndDoesNotCountAsUse(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(k *keep)
		goesOn    bool
	}{
		"nothing happens":                      {func(*keep) {}, true},
		"the last look is old":                 {func(k *keep) { k.clock = k.clock.Add(Freshness) }, true},
		"it ends":                              {func(k *keep) { _ = k.store.End(context.Background(), "alice@example.com", k.key) }, false},
		"it ends and no word of it comes":      {func(k *keep) { delete(k.store.records, k.key); k.clock = k.clock.Add(Freshness) }, false},
		"word of its end may have been missed": {func(k *keep) { delete(k.store.records, k.key); k.cache.Distrust() }, false},
		"it is idle for too long":              {func(k *keep) { k.clock = k.clock.Add(testLimits.Idle) }, false},
		"it is too old":                        {func(k *keep) { k.clock = k.clock.Add(testLimits.Absolute) }, false},
		"the store is down":                    {func(k *keep) { k.store.down = true; k.clock = k.clock.Add(time.Minute) }, true},
		"the store is down beyond the grace":   {func(k *keep) { k.store.down = true; k.clock = k.clock.Add(testLimits.Grace) }, false},
		"it expires while the store is down": {func(k *keep) {
			k.store.down = true
			k.clock = k.clock.Add(testLimits.Idle)
		}, false},
		"another instance sees it": {func(k *keep) {
			k.clock = k.clock.Add(testLimits.Idle)
			record := k.store.records[k.key]
			record.Seen, record.Expires = k.clock, k.clock.Add(time.Hour)
			k.store.records[k.key] = record
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeep(t)
			s := k.mustFind(t)
			c.meanwhile(k)
			if k.Vouches(s) && !c.goesOn {
				t.Error("the keeper vouches for it")
			}
			if got := k.Review(t.Context(), s); got != c.goesOn {
				t.Errorf("it goes on: %v, want %v", got, c.goesOn)
			}
			if k.store.touches != 0 {
				t.Error("a review counts as use")
			}
			if found, _ := k.find(t); (found != nil) != c.goesOn {
				t.Errorf("Find gives %v", found)
			}
		})
	}
}

func TestASessionThatIsIdleHereAndUsedElsewhereIsFound(t *testing.T) {
	k := newKeep(t)
	k.mustFind(t)
	k.clock = k.clock.Add(testLimits.Idle + time.Hour)
	record := k.store.records[k.key]
	record.Seen, record.Expires = k.clock.Add(-time.Minute), k.clock.Add(testLimits.Idle)
	k.store.records[k.key] = record
	k.mustFind(t)
}
