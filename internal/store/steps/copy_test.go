package steps

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// shelf is a store in memory that takes so many records, and no more.
type shelf struct {
	Backend
	items []Item
	room  int
}

var errFull = errors.New("there is no room")

func (s *shelf) Look(_ context.Context, _ []Key, f Step) error {
	_, err := f(&desk{})
	return err
}

func (s *shelf) Change(_ context.Context, _ []Key, f Step) error {
	draft, err := f(&desk{})
	if err != nil {
		return err
	}
	if len(draft.Written) > s.room {
		return errFull
	}
	for k, r := range draft.Written {
		s.items = append(s.items, Item{k, r})
	}
	s.room -= len(draft.Written)
	return nil
}

func (s *shelf) Walk(_ context.Context, f func([]Item) error) error {
	for from := 0; from < len(s.items); from += 100 {
		if err := f(s.items[from:min(from+100, len(s.items))]); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) Find(context.Context, []Key) ([]Item, error) { return nil, nil }

func TestACopyTellsOfRecordsThatAreThereAndOfNoOthers(t *testing.T) {
	source := &shelf{}
	for i := range 3 * writtenAtOnce {
		source.items = append(source.items, Item{Key{People, fmt.Sprint(i)}, Record{Value: []byte("somebody")}})
	}
	for room, want := range map[int]int{0: 0, 100: 0, writtenAtOnce - 1: 0, writtenAtOnce + 1: writtenAtOnce, 2*writtenAtOnce + 100: 2 * writtenAtOnce} {
		target := &shelf{room: room}
		told := 0
		_, err := Steps{backend: target}.CopyFrom(t.Context(), Steps{backend: source}, "a", func(done string, records int) {
			if records > len(target.items) {
				t.Errorf("with room for %d it says that %d records are %s, when %d are there", room, records, done, len(target.items))
			}
			told = records
		})
		if !errors.Is(err, errFull) || told != want {
			t.Errorf("with room for %d it tells of %d records and ends with %v, want %d", room, told, err, want)
		}
	}

	other := &shelf{items: source.items[:1], room: 10 * writtenAtOnce}
	_, err := Steps{backend: other}.CopyFrom(t.Context(), Steps{backend: source}, "a", func(done string, records int) {
		t.Errorf("of a copy that is refused it says that %d records are %s", records, done)
	})
	if !errors.Is(err, ErrNotEmpty) {
		t.Errorf("the error is %v", err)
	}
}
