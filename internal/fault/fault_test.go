package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestWhatAStoreRefusesStaysWhatItIsAndAllElseIsItsFailure(t *testing.T) {
	if Store("looking", nil) != nil {
		t.Error("no error became one")
	}
	broken := errors.New("connection refused")
	failed := Store("looking up a person", broken)
	if KindOf(failed) != Unavailable || !errors.Is(failed, broken) || failed.Error() != "the store does not answer: looking up a person: connection refused" {
		t.Errorf("a failure is %v, of kind %d", failed, KindOf(failed))
	}
	if again := Store("showing a page", failed); again != failed {
		t.Errorf("sorted twice it is %v", again)
	}
	for _, kind := range []Kind{Unavailable, Unknown, Taken, Invalid} {
		refused := New(kind, "refused")
		wrapped := fmt.Errorf("deciding: %w", refused)
		if got := Store("deciding", wrapped); got != wrapped || KindOf(got) != kind {
			t.Errorf("a refusal of kind %d became %v, of kind %d", kind, got, KindOf(got))
		}
	}
	if KindOf(broken) != Internal || KindOf(nil) != Internal {
		t.Error("an error that nobody sorted has a kind")
	}
	if New(Unknown, "x") == New(Unknown, "x") {
		t.Error("two refusals are one because their words are equal")
	}
}
