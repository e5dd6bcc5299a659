package limit

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestNoSpanOfTheWindowHoldsMoreThanTheLimit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		rule := Rule{Max: 1 + random.IntN(8), Window: time.Duration(1+random.IntN(60)) * time.Minute}
		count := Count{}
		var taken []time.Time
		now := time.Unix(1_700_000_000, random.Int64N(1e9))
		for range 400 {
			now = now.Add(time.Duration(random.Int64N(int64(rule.Window) / 4)))
			if wait := count.Take(rule, now); wait == 0 {
				taken = append(taken, now)
			} else if wait > rule.Lifetime()+time.Second {
				t.Fatalf("%+v asks to wait %v", rule, wait)
			}
		}
		for i := rule.Max; i < len(taken); i++ {
			if span := taken[i].Sub(taken[i-rule.Max]); span <= rule.Window {
				t.Fatalf("%+v let %d events pass in %v", rule, rule.Max+1, span)
			}
		}
		if len(taken) < rule.Max {
			t.Fatalf("%+v let only %d events pass", rule, len(taken))
		}
	}
}

func TestThereIsRoomAfterTheWaitThatWasTold(t *testing.T) {
	rule := Rule{Max: 5, Window: 15 * time.Minute}
	now := time.Unix(1_700_000_000, 0)
	count := Count{}
	for range rule.Max {
		if wait := count.Take(rule, now); wait != 0 {
			t.Fatalf("no room for one of the first %d: wait %v", rule.Max, wait)
		}
		now = now.Add(time.Minute)
	}
	wait := count.Take(rule, now)
	if wait <= 0 || wait > rule.Window {
		t.Fatalf("wait is %v", wait)
	}
	if again := count.Take(rule, now.Add(wait-2*time.Second)); again == 0 {
		t.Error("there was room before the wait was over")
	}
	if again := count.Take(rule, now.Add(wait)); again != 0 {
		t.Errorf("after the wait there is still %v to wait", again)
	}
}

func TestAClockThatStepsBackDoesNotMakeRoom(t *testing.T) {
	rule := Rule{Max: 1, Window: time.Hour}
	now := time.Unix(1_700_000_000, 0)
	count := Count{}
	if count.Take(rule, now) != 0 {
		t.Fatal("no room for the first")
	}
	if count.Take(rule, now.Add(-2*time.Hour)) == 0 {
		t.Error("stepping the clock back made room")
	}
}

func TestACountHoldsNoMoreSlotsThanItsWindow(t *testing.T) {
	rule := Rule{Max: 1_000_000, Window: time.Hour}
	now := time.Unix(1_700_000_000, 0)
	count := Count{}
	for range 10_000 {
		now = now.Add(30 * time.Second)
		count.Take(rule, now)
		if len(count) > slotsInWindow+1 {
			t.Fatalf("it holds %d slots", len(count))
		}
	}
}

// Instances differ while a configuration is rolled out.
func TestAnotherWindowForgetsNothing(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, first := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour} {
		for _, second := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour} {
			count := Count{}
			for i := range 5 {
				count.Take(Rule{Max: 5, Window: []time.Duration{first, second}[i%2]}, now)
			}
			if count.Take(Rule{Max: 5, Window: first}, now) == 0 || count.Take(Rule{Max: 5, Window: second}, now) == 0 {
				t.Errorf("with windows of %v and %v a sixth event has room", first, second)
			}
		}
	}
}
