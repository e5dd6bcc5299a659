package steps

import (
	"slices"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// desk is a transaction over nothing but what it has written itself.
type desk struct {
	Draft
	counts map[string]limit.Count
}

func (d *desk) Get(k Key) ([]byte, error)                { return d.Written[k].Value, nil }
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

var now = time.Unix(1_700_000_000, 0)

// open makes a link of somebody that is open for a while.
func open(t *testing.T, tx Tx, key byte, l codec.Link) []byte {
	t.Helper()
	name := signin.LinkKey{key}
	if l.Address == "" {
		l.Address = "a@example.com"
	}
	if l.Expires == 0 {
		l.Expires = codec.Millis(now.Add(time.Minute))
	}
	if err := saveLink(tx, name[:], l, now); err != nil {
		t.Fatal(err)
	}
	return name[:]
}

func wantState(t *testing.T, tx Tx, key []byte, at time.Time, want signin.LinkState) {
	t.Helper()
	if _, got, err := findLink(tx, key, at); got != want || err != nil {
		t.Errorf("link %d has state %d, %v, want %d", key[0], got, err, want)
	}
}

func TestALinkIsUsedAsSoonAsItIsNotOpenAnyMore(t *testing.T) {
	tx := &desk{}
	first, second := open(t, tx, 1, codec.Link{}), open(t, tx, 2, codec.Link{Purpose: signin.ToDecide})
	wantState(t, tx, first, now, signin.LinkGood)
	wantState(t, tx, first, now.Add(time.Minute), signin.LinkTooOld)
	closed, err := closeLinks(tx, "a@example.com", now, func(l codec.OpenLink) bool { return l.Purpose == signin.ToSignIn })
	if closed != 1 || err != nil {
		t.Fatalf("%d links were closed, %v", closed, err)
	}
	wantState(t, tx, first, now, signin.LinkUsed)
	wantState(t, tx, first, now.Add(time.Minute), signin.LinkUsed)
	wantState(t, tx, second, now, signin.LinkGood)
	wantState(t, tx, []byte{9}, now, signin.LinkTooOld)
}

func TestTheRecordOfAnAddressIsKeptUntilTheLastOfItIsOver(t *testing.T) {
	tx, key := &desk{}, addressKey("a@example.com")
	open(t, tx, 1, codec.Link{})
	until := func() time.Time { return tx.Written[key].Until }
	if want := now.Add(time.Minute + signin.Remembered); !until().Equal(want) {
		t.Errorf("with a link it is kept until %v, want %v", until(), want)
	}
	if err := addSession(tx, session.Key{1}, codec.Session{Address: "a@example.com", Expires: codec.Millis(now.Add(24 * time.Hour))}, now); err != nil {
		t.Fatal(err)
	}
	if want := now.Add(24 * time.Hour); !until().Equal(want) {
		t.Errorf("with a session it is kept until %v, want %v", until(), want)
	}
	later := now.Add(25 * time.Hour)
	if err := changeAddress(tx, "a@example.com", later, func(*codec.Address) {}); err != nil || tx.Written[key].Value != nil {
		t.Errorf("when all is over it is %q, %v", tx.Written[key].Value, err)
	}
}

func TestASessionThatEndsTakesItsProposalAlong(t *testing.T) {
	tx, key := &desk{}, session.Key{1}
	if err := addSession(tx, key, codec.Session{Address: "a@example.com", Expires: codec.Millis(now.Add(time.Hour))}, now); err != nil {
		t.Fatal(err)
	}
	if err := save(tx, changeKey(key), codec.Change{}, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := endSession(tx, key, now); err != nil {
		t.Fatal(err)
	}
	for _, k := range []Key{sessionKey(key), changeKey(key)} {
		if tx.Written[k].Value != nil {
			t.Errorf("the record of %s stays", k.Table)
		}
	}
	if !slices.Equal(tx.EndedSessions, []session.Key{key}) {
		t.Errorf("told of are %v", tx.EndedSessions)
	}
}

func TestOneKindOfLimitDoesNotCountForAnother(t *testing.T) {
	tx, one := &desk{}, limit.Use{Name: "a", Rule: limit.Rule{Max: 1, Window: time.Hour}}
	for _, kind := range []string{clientLimit, mailboxLimit, familiarLimit, totalLimit} {
		if wait, err := tx.Take(limited(kind, one), now); wait != 0 || err != nil {
			t.Errorf("the first of the kind %s waits %v, %v", kind, wait, err)
		}
		if wait, _ := tx.Take(limited(kind, one), now); wait == 0 {
			t.Errorf("the second of the kind %s does not wait", kind)
		}
	}
}

func TestAStandingHasOneForm(t *testing.T) {
	got := tidy(people.Standing{
		Groups: []string{"staff", "admins", "staff"},
		Grants: []people.Grant{{Site: "a", Until: now.Add(time.Hour)}, {Site: "b", Until: now}, {Site: "a"}},
	}, now)
	if !slices.Equal(got.Groups, []string{"admins", "staff"}) || !slices.Equal(got.Grants, []people.Grant{{Site: "a"}}) {
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
		Queued: []QueueChange{{Now: Dequeued}, {Now: Enqueued}, {Now: Requeued}},
	}
	draft.TellTo(&h)
	if want := []string{"ended", "changed", "waiting"}; !slices.Equal(told, want) {
		t.Errorf("told was %q, want %q", told, want)
	}
	told = nil
	(&Draft{Queued: []QueueChange{{Now: Dequeued}}}).TellTo(&h)
	for _, cancel := range cancels {
		cancel()
	}
	draft.TellTo(&h)
	if len(told) != 0 {
		t.Errorf("told was %q", told)
	}
}
