package session

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// tokenStore is a store of tokens that counts what it is asked. Its other methods panic.
type tokenStore struct {
	Store
	mu      sync.Mutex
	records map[token.ID]token.Record
	down    bool
	looks   int
	uses    int
	onLook  func()
}

func (s *tokenStore) Token(_ context.Context, id token.ID, _ time.Time) (token.Record, bool, error) {
	s.mu.Lock()
	s.looks++
	r, found := s.records[id]
	down, onLook := s.down, s.onLook
	s.mu.Unlock()
	if onLook != nil {
		onLook()
	}
	if down {
		return token.Record{}, false, errDown
	}
	return r, found, nil
}

func (s *tokenStore) UseToken(_ context.Context, id token.ID, network string, now time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return false, errDown
	}
	s.uses++
	r := s.records[id]
	first, _ := r.NoteUse(network, now)
	s.records[id] = r
	return first, nil
}

// robot is a keeper with one token in its store, and a clock to turn.
type robot struct {
	*Keeper
	store *tokenStore
	clock time.Time
	id    token.ID
	text  string
}

func newRobot(*testing.T) *robot {
	r := &robot{clock: time.Now().Truncate(time.Hour), store: &tokenStore{records: make(map[token.ID]token.Record)}}
	r.Keeper = NewKeeper(r.store, NewCache(1000), testLimits, slog.New(slog.DiscardHandler))
	r.now = func() time.Time { return r.clock }
	r.id, r.text = r.made("")
	return r
}

// made is one more token.
func (r *robot) made(owner string) (token.ID, string) {
	id := token.NewID()
	text := token.NewText(id, owner != "")
	t := token.Token{ID: id, Name: "backup", Sites: []string{"https://app.example.com"}, Groups: []string{"robots", "staff"}, Made: r.clock, Expires: r.clock.Add(token.UsualLife)}
	if owner != "" {
		t.Owner, t.Groups = "alice@example.com", nil
	}
	r.store.records[id] = token.Record{Token: t, Sum: token.SumOf(text)}
	return id, text
}

// change changes the record in the store, without news.
func (r *robot) change(change func(t *token.Record)) {
	t := r.store.records[r.id]
	change(&t)
	r.store.records[r.id] = t
}

// rotate gives the token another text, with news.
func (r *robot) rotate(overlap time.Duration) (text string) {
	text = token.NewText(r.id, false)
	before := r.store.records[r.id]
	r.change(func(t *token.Record) {
		t.Former, t.FormerUntil, t.Sum = t.Sum, r.clock.Add(overlap), token.SumOf(text)
	})
	r.cache.Change(TokenKey(before.Sum))
	r.cache.Change(TokenKey(before.Former))
	return text
}

func (r *robot) want(t *testing.T, text string, want bool) *Session {
	t.Helper()
	s, err := r.FindToken(t.Context(), text)
	if err != nil || (s != nil) != want {
		t.Fatalf("the token finds %v, %v, want one: %v", s, err, want)
	}
	return s
}

func (r *robot) wantLooks(t *testing.T, want int) {
	t.Helper()
	if r.store.looks != want {
		t.Fatalf("the store was asked %d times, want %d", r.store.looks, want)
	}
}

func TestATokenIsWhoItIsOf(t *testing.T) {
	r := newRobot(t)
	s := r.want(t, r.text, true)
	user, groups := s.ServiceIdentity()
	if user != "service:backup" || groups != "robots,staff" || s.Address != "" || s.Method() != ByToken || s.Token().ID != r.id || s.Standing() != nil {
		t.Errorf("a service is %q, %q, %+v", user, groups, s)
	}
	id, text := r.made("alice")
	of := r.store.records[id]
	of.Standing = &people.Standing{Groups: []string{"staff"}}
	r.store.records[id] = of
	s = r.want(t, text, true)
	if s.Address != "alice@example.com" || s.Method() != ByToken || s.Standing() != of.Standing || s.Token().Owner != s.Address {
		t.Errorf("a person is %+v", s)
	}
	if s.Key != TokenKey(of.Sum) {
		t.Error("it has another key than instances tell each other")
	}
}

func TestATokenIsLookedUpOncePerFreshness(t *testing.T) {
	r := newRobot(t)
	for range 10 {
		r.want(t, r.text, true)
	}
	r.clock = r.clock.Add(Freshness - time.Millisecond)
	r.want(t, r.text, true)
	r.wantLooks(t, 1)
	r.clock = r.clock.Add(time.Millisecond)
	for range 10 {
		r.want(t, r.text, true)
	}
	r.wantLooks(t, 2)
}

func TestATokenThatWasCheckedAMomentAgoCostsNoMoreThanASum(t *testing.T) {
	r := newRobot(t)
	r.want(t, r.text, true)
	if n := testing.AllocsPerRun(1000, func() { r.want(t, r.text, true) }); n != 0 {
		t.Errorf("finding a token again allocates %.0f times", n)
	}
	r.wantLooks(t, 1)
}

func TestWhatIsNoTokenNeverReachesTheStore(t *testing.T) {
	r := newRobot(t)
	sum := sha256.Sum256([]byte(r.text))
	for _, text := range []string{
		"", "dpst_", r.text[:len(r.text)-1], r.text + "0", r.text[1:], "x" + r.text[1:], "dpat_" + r.text[5:], r.text[:20] + "!" + r.text[21:], string(sum[:]), fmt.Sprintf("%x", sum), string(r.id),
	} {
		for range 2 {
			r.want(t, text, false)
		}
	}
	r.wantLooks(t, 0)
	r.want(t, token.NewText(token.NewID(), false), false) // unknown
	r.want(t, token.NewText(r.id, false), false)          // of the same id
	r.wantLooks(t, 2)
	if r.cache.Len() != 0 {
		t.Error("what is not good is remembered")
	}
	r.want(t, r.text, true)
}

func TestATokenWhoseSumIsAlikeInItsFirstHalfOnlyIsRefused(t *testing.T) {
	r := newRobot(t)
	r.change(func(t *token.Record) { t.Sum[31]++ })
	r.want(t, r.text, false)
}

func TestEveryEndOfATokenIsSeen(t *testing.T) {
	gone := func(r *robot) { delete(r.store.records, r.id) }
	for name, c := range map[string]struct {
		end func(r *robot)
		err error
	}{
		"it is ended":                      {func(r *robot) { gone(r); r.cache.End(TokenKey(token.SumOf(r.text))) }, nil},
		"it is ended and no word comes":    {func(r *robot) { gone(r); r.clock = r.clock.Add(Freshness) }, nil},
		"word of its end may be missed":    {func(r *robot) { gone(r); r.cache.Distrust() }, nil},
		"word of a change, and it is gone": {func(r *robot) { gone(r); r.cache.Change(TokenKey(token.SumOf(r.text))) }, nil},
		"it is rotated":                    {func(r *robot) { r.rotate(0) }, nil},
		"it is rotated and no word comes":  {func(r *robot) { r.change(func(t *token.Record) { t.Sum[0]++ }); r.clock = r.clock.Add(Freshness) }, nil},
		"it is rotated twice":              {func(r *robot) { r.rotate(time.Hour); r.rotate(time.Hour) }, nil},
		"the overlap is over":              {func(r *robot) { r.rotate(time.Second); r.clock = r.clock.Add(time.Second) }, nil},
		"the overlap is over while trusted": {func(r *robot) {
			r.rotate(time.Second)
			_, _ = r.FindToken(context.Background(), r.text)
			r.clock = r.clock.Add(time.Second)
		}, nil},
		"it expires": {func(r *robot) { r.clock = r.clock.Add(token.UsualLife) }, ErrTokenOver},
		"it expires while it is trusted": {func(r *robot) {
			r.clock = r.clock.Add(token.UsualLife - time.Second)
			_, _ = r.FindToken(context.Background(), r.text)
			r.clock = r.clock.Add(time.Second)
		}, ErrTokenOver},
		"it expires before the overlap is over": {func(r *robot) {
			r.rotate(2 * token.UsualLife)
			r.clock = r.clock.Add(token.UsualLife - time.Second)
			_, _ = r.FindToken(context.Background(), r.text)
			r.clock = r.clock.Add(time.Second)
		}, nil},
		"it expires while the store is down": {func(r *robot) {
			r.clock = r.clock.Add(token.UsualLife - time.Second)
			_, _ = r.FindToken(context.Background(), r.text)
			r.clock, r.store.down = r.clock.Add(time.Second), true
		}, errDown},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRobot(t)
			s := r.want(t, r.text, true)
			c.end(r)
			if r.Vouches(s) {
				t.Error("the keeper vouches for it")
			}
			if r.Review(t.Context(), s) {
				t.Error("an open connection goes on")
			}
			for range 2 {
				found, err := r.FindToken(t.Context(), r.text)
				if found != nil || c.err != errDown && err != c.err || c.err == errDown && fault.KindOf(err) != fault.Unavailable {
					t.Errorf("the token finds %v, %v", found, err)
				}
			}
		})
	}
}

func TestOnlyWhoHasATokenIsToldThatItExpired(t *testing.T) {
	r := newRobot(t)
	r.clock = r.clock.Add(token.UsualLife)
	r.want(t, token.NewText(r.id, false), false)
	if _, err := r.FindToken(t.Context(), r.text); err != ErrTokenOver {
		t.Errorf("whoever has it is told %v", err)
	}
}

func TestBothTextsOfARotatedTokenAreGood(t *testing.T) {
	r := newRobot(t)
	before := r.want(t, r.text, true)
	text := r.rotate(time.Hour)
	after := r.want(t, text, true)
	if r.want(t, r.text, true) != before || before == after {
		t.Error("the two texts are not known apart")
	}
	if want := r.clock.Add(time.Hour); !before.Expires().Equal(want) {
		t.Errorf("the text before ends at %v, want %v", before.Expires(), want)
	}
	r.clock = r.clock.Add(time.Hour)
	r.want(t, r.text, false)
	if r.want(t, text, true) != after || !after.Expires().Equal(r.store.records[r.id].Expires) {
		t.Errorf("the text after ends at %v", after.Expires())
	}
}

func TestATokenForEverIsFoundAfterManyYears(t *testing.T) {
	r := newRobot(t)
	r.change(func(t *token.Record) { t.Expires = time.Time{} })
	s := r.want(t, r.text, true)
	r.clock = r.clock.AddDate(50, 0, 0)
	if r.want(t, r.text, true) != s {
		t.Error("it was forgotten in between")
	}
	r.rotate(time.Hour)
	if r.want(t, r.text, true); !s.Expires().Equal(r.clock.Add(time.Hour)) {
		t.Errorf("rotated, the text before ends at %v", s.Expires())
	}
}

func TestATokenFollowsTheStandingAndTheAddressOfItsOwner(t *testing.T) {
	r := newRobot(t)
	r.id, r.text = r.made("alice")
	s := r.want(t, r.text, true)
	r.change(func(t *token.Record) { t.Standing = &people.Standing{Groups: []string{"staff"}} })
	r.cache.Change(s.Key)
	if got := r.want(t, r.text, true); got != s || s.Standing().Groups[0] != "staff" {
		t.Errorf("the standing is %v", got.Standing())
	}
	r.change(func(t *token.Record) { t.Owner = "alice@example.net" })
	r.cache.End(s.Key) // it is somebody else's
	if got := r.want(t, r.text, true); got == s || got.Address != "alice@example.net" || !s.Ended() {
		t.Errorf("after a move it is of %s", got.Address)
	}
}

func TestTokensThatWereSeenGoOnWhileTheStoreIsDownForTheGraceOnly(t *testing.T) {
	r := newRobot(t)
	_, unseen := r.made("")
	s := r.want(t, r.text, true)
	start := r.clock
	r.store.down = true
	r.cache.Distrust()
	for r.clock.Sub(start) < testLimits.Grace {
		r.want(t, r.text, true)
		if !r.Review(t.Context(), s) {
			t.Fatal("an open connection is cut")
		}
		if _, err := r.FindToken(t.Context(), unseen); fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("one that was not seen: %v", err)
		}
		r.clock = r.clock.Add(20 * time.Second)
	}
	if found, err := r.FindToken(t.Context(), r.text); found != nil || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("after the grace: %v, %v", found, err)
	}
	r.store.down = false
	r.want(t, r.text, true)
}

func TestALookForATokenThatAnEndOvertakesIsNotRemembered(t *testing.T) {
	r := newRobot(t)
	r.store.onLook = func() {
		r.store.onLook = nil
		delete(r.store.records, r.id)
		r.cache.End(TokenKey(token.SumOf(r.text)))
	}
	if _, err := r.FindToken(t.Context(), r.text); err != nil { // the answer was older than the end
		t.Fatal(err)
	}
	r.want(t, r.text, false)
}

// endingStore has one token that ends while it is looked up and used.
type endingStore struct {
	Store
	record token.Record
	gone   atomic.Bool
}

func (s *endingStore) Token(context.Context, token.ID, time.Time) (token.Record, bool, error) {
	return s.record, !s.gone.Load(), nil
}

func (s *endingStore) UseToken(context.Context, token.ID, string, time.Time) (bool, error) {
	return false, nil
}

func TestNoRequestPassesAfterATokenEnded(t *testing.T) {
	for range 200 {
		id := token.NewID()
		text := token.NewText(id, false)
		now := time.Now()
		store := &endingStore{record: token.Record{Token: token.Token{ID: id, Name: "a", Made: now, Expires: now.Add(time.Hour)}, Sum: token.SumOf(text)}}
		keeper := NewKeeper(store, NewCache(1000), testLimits, slog.New(slog.DiscardHandler))
		var together sync.WaitGroup
		var ended atomic.Bool
		for range 3 {
			together.Go(func() {
				for !ended.Load() {
					if s, err := keeper.FindToken(t.Context(), text); err != nil {
						t.Error(err)
					} else if s != nil {
						keeper.NoteUse(t.Context(), s, netip.MustParseAddr("192.0.2.1"))
						keeper.Review(t.Context(), s)
					}
				}
			})
		}
		together.Go(func() {
			store.gone.Store(true)
			keeper.cache.End(TokenKey(token.SumOf(text)))
			s, err := keeper.FindToken(t.Context(), text)
			if s != nil || err != nil {
				t.Errorf("after its end the token finds %v, %v", s, err)
			}
			ended.Store(true)
		})
		together.Wait()
	}
}

func TestAUseIsNotedOnceInAnHourAndFromEachNewNetwork(t *testing.T) {
	r := newRobot(t)
	s := r.want(t, r.text, true)
	note := func(client string, wantFirst bool, wantUses int) {
		t.Helper()
		a, _ := netip.ParseAddr(client)
		if first := r.NoteUse(t.Context(), s, a); first != wantFirst || r.store.uses != wantUses {
			t.Fatalf("a use from %q is the first: %v, want %v; the store was told %d times, want %d", client, first, wantFirst, r.store.uses, wantUses)
		}
	}
	note("192.0.2.1", true, 1)
	for range 10 {
		note("192.0.2.2", false, 1)
		note("::ffff:192.0.2.3", false, 1)
	}
	note("2001:db8::1", true, 2)
	note("192.0.2.1", false, 2)
	note("", true, 3)
	note("", false, 3)
	r.clock = r.clock.Add(time.Hour)
	note("192.0.2.1", false, 4)
	note("2001:db8::1", false, 4)
	if got := r.store.records[r.id].UsedFrom; len(got) != 3 || got[0] != "192.0.2.0/24" || got[1] != "2001:db8::/48" || got[2] != "unknown" {
		t.Errorf("it was used from %v", got)
	}
	// Another instance, or this one after a start, learns what the store knows.
	again := NewKeeper(r.store, NewCache(1000), testLimits, slog.New(slog.DiscardHandler))
	again.now = r.now
	s, err := again.FindToken(t.Context(), r.text)
	if err != nil || again.NoteUse(t.Context(), s, netip.MustParseAddr("192.0.2.1")) || r.store.uses != 4 {
		t.Errorf("another instance: %v, the store was told %d times", err, r.store.uses)
	}
	r.store.down = true
	note("198.51.100.1", false, 4) // a use that cannot be written keeps nobody out
}
