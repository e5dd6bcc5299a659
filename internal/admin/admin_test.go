package admin

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// scripted is a store of sessions of which a test says what it answers.
type scripted struct {
	session.Store
	owners []address.Address               // of the one session, one look after another; then it is gone
	pages  [][]address.Address             // of all sessions; then the store is down
	used   map[address.Address][]time.Time // when sessions were last used; nil: the store is down

	mu    sync.Mutex
	ended []address.Address
}

var errDown = errors.New("the store is down")

func (s *scripted) Session(context.Context, session.Key, time.Time) (r session.Record, found bool, err error) {
	if len(s.owners) == 0 {
		return r, false, nil
	}
	r.Address, s.owners = s.owners[0], s.owners[1:]
	return r, true, nil
}

func (s *scripted) AllSessions(_ context.Context, _ address.Address, _ int, _ time.Time) (list []session.Entry, next address.Address, err error) {
	if len(s.pages) == 0 {
		return nil, "", errDown
	}
	for _, who := range s.pages[0] {
		list = append(list, session.Entry{Record: session.Record{Address: who}})
		next = who
	}
	s.pages = s.pages[1:]
	return list, next, nil
}

func (s *scripted) Sessions(_ context.Context, who address.Address, _ time.Time) (list []session.Entry, err error) {
	if s.used == nil {
		return nil, errDown
	}
	for _, at := range s.used[who] {
		list = append(list, session.Entry{Record: session.Record{Address: who, SignedIn: at, Seen: at, Expires: at.Add(2 * time.Hour)}})
	}
	return list, nil
}

func (s *scripted) End(_ context.Context, who address.Address, _ session.Key) error {
	return s.EndAll(context.Background(), who, session.Key{})
}

func (s *scripted) EndAll(_ context.Context, who address.Address, _ session.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, who)
	return nil
}

// moves is a store of accounts that answers with an error.
type moves struct{ err error }

func (m moves) MovePerson(context.Context, address.Address, address.Address, time.Time) error {
	return m.err
}

func TestAMoveThatIsRefusedIsNotWrittenDown(t *testing.T) {
	s, written := newService(t, &scripted{})
	for _, c := range []struct{ said, want error }{{account.ErrTaken, account.ErrTaken}, {people.ErrUnknown, people.ErrUnknown}, {errDown, errDown}} {
		s.Accounts = moves{c.said}
		if _, err := s.Move(t.Context(), "ada@example.com", "bob@example.com"); !errors.Is(err, c.want) {
			t.Errorf("the store says %v, told is %v", c.said, err)
		}
	}
	if written.Len() > 0 {
		t.Errorf("written is %s", written)
	}
}

// newService makes a service and the log that it writes to.
func newService(t *testing.T, sessions *scripted) (*Service, *bytes.Buffer) {
	t.Helper()
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	var written bytes.Buffer
	return &Service{
		Sessions: sessions, Audit: audit.NewLog(ring, slog.New(slog.NewJSONHandler(&written, nil)), new(audit.Hourly)),
		LimitsAt: func(string) session.Limits { return session.Limits{Idle: 24 * time.Hour, Absolute: 48 * time.Hour} },
	}, &written
}

func TestASessionWhoseOwnerMovesMeanwhileIsEndedAllTheSame(t *testing.T) {
	store := &scripted{owners: []address.Address{"old@example.com", "new@example.com"}}
	s, _ := newService(t, store)
	who, err := s.EndSessionByKey(t.Context(), session.Key{1})
	if err != nil || who != "new@example.com" || !slices.Equal(store.ended, []address.Address{"old@example.com", "new@example.com"}) {
		t.Errorf("ended is that of %s (%v), after %v", who, err, store.ended)
	}
	if _, err := s.EndSessionByKey(t.Context(), session.Key{1}); !errors.Is(err, ErrNoSession) {
		t.Errorf("one that is gone ends with %v", err)
	}
}

func TestSessionsThatEndedBeforeTheStoreFailedAreWrittenDown(t *testing.T) {
	store := &scripted{pages: [][]address.Address{{"a@b.example", "a@b.example", "c@d.example"}}}
	s, written := newService(t, store)
	var progress []int
	ended, err := s.EndAll(t.Context(), func(n int) { progress = append(progress, n) })
	if ended != 3 || fault.KindOf(err) != fault.Unavailable || !slices.Equal(progress, []int{3}) {
		t.Errorf("%d ended, with %v, after %v", ended, err, progress)
	}
	slices.Sort(store.ended)
	if !slices.Equal(store.ended, []address.Address{"a@b.example", "c@d.example"}) {
		t.Errorf("shown out are %v, want each person once", store.ended)
	}
	if line := written.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, `"everybody":false,"sessions":3`) {
		t.Errorf("written down is %s", line)
	}
}

func TestWhoEndsTheirOwnSessionsIsWrittenDownOnce(t *testing.T) {
	m := Member{Origin: "https://app.example.com", Address: "ada@example.com", Session: session.Key{1}}
	for want, end := range map[string]func(*Service) error{
		`"msg":"signed out","site":"https://app.example.com","session":"01000000000000000000000000000000","all":false`: func(s *Service) error { return s.SignOut(t.Context(), m) },
		`"msg":"signed out","site":"https://app.example.com","session":"01000000000000000000000000000000","all":true`:  func(s *Service) error { return s.SignOutEverywhere(t.Context(), m) },
		`"msg":"ended","site":"https://app.example.com","kept":"01000000","all":true`:                                  func(s *Service) error { return s.SignOutElsewhere(t.Context(), m) },
		`"msg":"ended","site":"https://app.example.com","session":"02000000000000000000000000000000","kept":`:          func(s *Service) error { return s.SignOutOne(t.Context(), m, session.Key{2}) },
	} {
		store := &scripted{}
		s, written := newService(t, store)
		if err := end(s); err != nil || len(store.ended) != 1 {
			t.Errorf("%s: %v, ended are those of %v", want, err, store.ended)
		}
		if lines := written.String(); strings.Count(lines, "\n") != 1 || !strings.Contains(lines, want) {
			t.Errorf("written is %s, want %s", lines, want)
		}
	}
}

// listing is a store with sessions, whatever is asked for.
type listing struct {
	session.Store
	list  []session.Entry
	ended []address.Address
}

func (l *listing) Sessions(context.Context, address.Address, time.Time) ([]session.Entry, error) {
	return slices.Clone(l.list), nil
}

func (l *listing) AllSessions(context.Context, address.Address, int, time.Time) ([]session.Entry, address.Address, error) {
	return slices.Clone(l.list), "", nil
}

func (l *listing) EndAll(_ context.Context, who address.Address, _ session.Key) error {
	l.ended = append(l.ended, who)
	return nil
}

func TestSessionsAreListedWithTheEndThatHoldsAtTheirSite(t *testing.T) {
	const narrow, wide = "https://narrow.example.com", "https://wide.example.com"
	limits := map[string]session.Limits{narrow: {Idle: time.Hour, Absolute: 2 * time.Hour}, wide: {Idle: 24 * time.Hour, Absolute: 48 * time.Hour}}
	now := time.Now()
	used := func(scope string, ago time.Duration) session.Entry {
		r := session.Record{Address: "ada@example.com", Scope: scope, SignedIn: now.Add(-ago), Seen: now.Add(-ago)}
		r.Expires = limits[wide].Expiry(r.SignedIn, r.Seen) // as the store has it
		return session.Entry{Record: r}
	}
	store := &listing{list: []session.Entry{used(narrow, time.Minute), used(wide, 2*time.Minute), used(narrow, time.Hour)}}
	s, _ := newService(t, nil)
	s.Sessions, s.LimitsAt = store, func(scope string) session.Limits { return limits[scope] }
	of, err := s.SessionsOf(t.Context(), "ada@example.com")
	all, _, err2 := s.AllSessions(t.Context(), "", 10)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]session.Entry{of, all} {
		if len(list) != 2 || !list[0].Expires.Equal(now.Add(59*time.Minute)) || !list[1].Expires.Equal(now.Add(24*time.Hour-2*time.Minute)) {
			t.Errorf("listed are %+v", list)
		}
	}
	store.list = store.list[2:] // over there, and good again if the site is given longer sessions
	if _, err := s.EndAll(t.Context(), func(int) {}); err != nil || len(store.ended) != 1 {
		t.Errorf("ended are those of %q (%v)", store.ended, err)
	}
}

func TestSomebodyWasLastSeenInTheSessionThatWasUsedLast(t *testing.T) {
	late := time.Now()
	early := late.Add(-time.Hour)
	store := &scripted{used: map[address.Address][]time.Time{"ada@example.com": {early, late}, "bob@example.com": {early}}}
	s, _ := newService(t, store)
	list := []people.Person{{Address: "ada@example.com"}, {Address: "alan@example.com"}, {Address: "bob@example.com"}}
	got, err := s.LastSeen(t.Context(), list)
	if want := []time.Time{late, {}, early}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
	store.used = nil
	if _, err := s.LastSeen(t.Context(), list); !errors.Is(err, errDown) || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v from a store that is down", err)
	}
}
