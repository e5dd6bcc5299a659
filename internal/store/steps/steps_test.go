package steps

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// desk is a transaction over nothing but some records.
type desk struct {
	records map[Key][]byte
	counts  map[string]limit.Count
}

func (d *desk) Get(k Key) ([]byte, error)                { return d.records[k], nil }
func (d *desk) Fetch(...Key) error                       { return nil }
func (d *desk) IDs(Table, string, int) ([]string, error) { return nil, nil }
func (d *desk) Take(use limit.Use, now time.Time) (time.Duration, error) {
	if d.counts == nil {
		d.counts = make(map[string]limit.Count)
	}
	if d.counts[use.Name] == nil {
		d.counts[use.Name] = limit.Count{}
	}
	return d.counts[use.Name].Take(use.Rule, now), nil
}

func (d *desk) GiveBack(name string, slot int64) error {
	if d.counts[name] != nil {
		d.counts[name].GiveBack(slot)
	}
	return nil
}

func newTx() *tx { return &tx{backend: &desk{}} }

var now = time.Unix(1_700_000_000, 0)

// open makes a link of somebody that is open for a while.
func open(t *testing.T, tx *tx, key byte, l codec.Link) signin.LinkKey {
	t.Helper()
	name := signin.LinkKey{key}
	if l.Address == "" {
		l.Address = "a@example.com"
	}
	if l.Expires == 0 {
		l.Expires = codec.Millis(now.Add(time.Minute))
	}
	saveLink(tx, name, l, now)
	return name
}

func wantState(t *testing.T, tx *tx, key signin.LinkKey, at time.Time, want signin.LinkState) {
	t.Helper()
	if _, got := findLink(tx, key, at); got != want || tx.err != nil {
		t.Errorf("link %d has state %d, %v, want %d", key[0], got, tx.err, want)
	}
}

func TestALinkIsUsedAsSoonAsItIsNotOpenAnyMore(t *testing.T) {
	tx := newTx()
	first, second := open(t, tx, 1, codec.Link{}), open(t, tx, 2, codec.Link{Purpose: signin.ToDecide})
	wantState(t, tx, first, now, signin.LinkGood)
	wantState(t, tx, first, now.Add(time.Minute), signin.LinkTooOld)
	if closed := closeLinks(tx, "a@example.com", now, func(l codec.OpenLink) bool { return l.Purpose == signin.ToSignIn }); closed != 1 {
		t.Fatalf("%d links were closed, %v", closed, tx.err)
	}
	wantState(t, tx, first, now, signin.LinkUsed)
	wantState(t, tx, first, now.Add(time.Minute), signin.LinkUsed)
	wantState(t, tx, second, now, signin.LinkGood)
	wantState(t, tx, signin.LinkKey{9}, now, signin.LinkTooOld)
}

func TestTheRecordOfAnAddressIsKeptUntilTheLastOfItIsOver(t *testing.T) {
	tx := newTx()
	key := addressKey("a@example.com")
	open(t, tx, 1, codec.Link{})
	until := func() time.Time { return tx.draft.Written[key].Until }
	if want := now.Add(time.Minute + signin.Remembered); !until().Equal(want) {
		t.Errorf("with a link it is kept until %v, want %v", until(), want)
	}
	addSession(tx, session.Key{1}, codec.Session{Address: "a@example.com", Expires: codec.Millis(now.Add(24 * time.Hour))}, now)
	if want := now.Add(24 * time.Hour); !until().Equal(want) {
		t.Errorf("with a session it is kept until %v, want %v", until(), want)
	}
	later := now.Add(25 * time.Hour)
	changeAddress(tx, "a@example.com", later, func(*codec.Address) {})
	if tx.err != nil || tx.draft.Written[key].Value != nil {
		t.Errorf("when all is over it is %q, %v", tx.draft.Written[key].Value, tx.err)
	}
}

func TestASessionThatEndsTakesItsProposalAlong(t *testing.T) {
	tx := newTx()
	key := session.Key{1}
	addSession(tx, key, codec.Session{Address: "a@example.com", Expires: codec.Millis(now.Add(time.Hour))}, now)
	save(tx, changeKey(key), codec.Change{}, now.Add(time.Hour))
	if tx.draft.Written[sessionKey(key)].Value == nil || tx.draft.Written[changeKey(key)].Value == nil {
		t.Fatalf("written is %+v, %v", tx.draft.Written, tx.err)
	}
	endSession(tx, key, now)
	for _, k := range []Key{sessionKey(key), changeKey(key)} {
		if tx.draft.Written[k].Value != nil {
			t.Errorf("the record of %s stays", k.Table)
		}
	}
	if !slices.Equal(tx.draft.EndedSessions, []session.Key{key}) {
		t.Errorf("told of are %v", tx.draft.EndedSessions)
	}
}

func TestOneKindOfLimitDoesNotCountForAnother(t *testing.T) {
	tx := newTx()
	one := limit.Use{Name: "a", Rule: limit.Rule{Max: 1, Window: time.Hour}}
	kinds := []string{clientLimit, familiarLimit, totalLimit}
	for _, kind := range typed {
		kinds = append(kinds, string(kind))
	}
	for _, kind := range kinds {
		if wait := tx.take(limited(kind, one), now); wait != 0 || tx.err != nil {
			t.Errorf("the first of the kind %s waits %v, %v", kind, wait, tx.err)
		}
		if wait := tx.take(limited(kind, one), now); wait == 0 {
			t.Errorf("the second of the kind %s does not wait", kind)
		}
	}
}

func TestAStandingHasOneForm(t *testing.T) {
	got := tidy(people.Standing{
		Groups: []string{"staff", "admins", "staff"},
		Grants: []people.Grant{{Origin: "a", Until: now.Add(time.Hour)}, {Origin: "b", Until: now}, {Origin: "a"}},
	}, now)
	if !slices.Equal(got.Groups, []string{"admins", "staff"}) || !slices.Equal(got.Grants, []people.Grant{{Origin: "a"}}) {
		t.Errorf("it is %+v", got)
	}
}

func TestHooksAreToldUntilTheyAreCancelled(t *testing.T) {
	var h Hooks
	var told []string
	note := func(what string) func(session.Key) { return func(session.Key) { told = append(told, what) } }
	cancels := []func(){h.OnEnd(note("ended")), h.OnChange(note("changed")), h.OnWaiting(func() { told = append(told, "waiting") })}
	draft := Draft{
		EndedSessions: []session.Key{{1}}, ChangedSessions: []session.Key{{2}},
		Queued: []QueueChange{{}, {Waits: true}, {Waits: true}},
	}
	draft.TellTo(&h)
	if want := []string{"ended", "changed", "waiting"}; !slices.Equal(told, want) {
		t.Errorf("told was %q, want %q", told, want)
	}
	told = nil
	(&Draft{Queued: []QueueChange{{}}}).TellTo(&h)
	for _, cancel := range cancels {
		cancel()
	}
	draft.TellTo(&h)
	if len(told) != 0 {
		t.Errorf("told was %q", told)
	}
}

func TestAfterAnErrorNothingIsFoundAndTheFirstErrorStays(t *testing.T) {
	broken, whole := addressKey("a@example.com"), addressKey("b@example.com")
	good, err := codec.Encode(codec.Address{})
	if err != nil {
		t.Fatal(err)
	}
	tx := &tx{backend: &desk{records: map[Key][]byte{broken: []byte("not a record"), whole: good}}}
	if _, found := load[codec.Address](tx, whole); !found || tx.err != nil {
		t.Fatalf("what is there is found: %v, %v", found, tx.err)
	}
	if _, found := load[codec.Address](tx, broken); found || tx.err == nil {
		t.Fatalf("what cannot be read is found: %v, %v", found, tx.err)
	}
	first := tx.err
	tx.fail(people.ErrUnknown)
	if _, found := load[codec.Address](tx, whole); found || tx.err != first {
		t.Errorf("after an error something is found: %v, %v", found, tx.err)
	}
}

func TestWhatAStepThatFailsReturnsIsDropped(t *testing.T) {
	in := func(_ context.Context, _ []Key, f Step) error {
		_, err := f(&desk{})
		return err
	}
	got, err := result(t.Context(), in, nil, func(tx *tx) string {
		tx.fail(people.ErrUnknown)
		return "made of nothing"
	})
	if got != "" || !errors.Is(err, people.ErrUnknown) {
		t.Errorf("the step returns %q, %v", got, err)
	}
}
