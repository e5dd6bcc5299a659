package storetest

import (
	"sync"
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// listener hears which sessions end, or change. Those of other tests, and one
// told twice, do not matter.
type listener struct {
	mu     sync.Mutex
	told   map[session.Key]bool
	cancel func()
}

func (f *fixture) listen() *listener { return f.listenTo(f.OnEnd) }

func (f *fixture) listenTo(event func(func(session.Key)) (cancel func())) *listener {
	l := &listener{told: make(map[session.Key]bool)}
	l.cancel = event(func(key session.Key) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.told[key] = true
	})
	f.Cleanup(l.cancel) // once more does no harm
	return l
}

func (l *listener) want(f *fixture, key session.Key, want bool) {
	f.Helper()
	if got := l.was(key); got != want {
		f.Fatalf("the session was told: %v, want %v", got, want)
	}
}

// was reports whether a session was told.
func (l *listener) was(key session.Key) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told[key]
}

var onEndPromises = []promise{
	{"AnEndIsToldBeforeTheCallReturns", func(f *fixture) {
		who := f.person("a")
		one, all := f.listen(), f.listen()
		a, b, c, kept := f.signIn(who), f.signIn(who), f.signIn(who), f.signIn(who)
		f.must(f.End(f.Context(), who, a.Key))
		one.want(f, a.Key, true)
		one.want(f, b.Key, false)
		f.must(f.EndAll(f.Context(), who, kept.Key))
		for _, l := range []*listener{one, all} {
			l.want(f, a.Key, true)
			l.want(f, b.Key, true)
			l.want(f, c.Key, true)
			l.want(f, kept.Key, false)
		}
	}},
	{"NothingIsToldAfterCancel", func(f *fixture) {
		who := f.person("a")
		gone, stays := f.listen(), f.listen()
		a, b := f.signIn(who), f.signIn(who)
		gone.cancel()
		f.must(f.End(f.Context(), who, a.Key))
		f.must(f.EndAll(f.Context(), who, session.Key{}))
		for _, key := range []session.Key{a.Key, b.Key} {
			stays.want(f, key, true)
			gone.want(f, key, false)
		}
	}},
	{"ASessionThatIsLeftAloneIsNotTold", func(f *fixture) {
		who, other := f.person("a"), f.person("b")
		l := f.listen()
		s := f.signIn(who)
		f.must(f.End(f.Context(), other, s.Key))
		f.must(f.EndAll(f.Context(), other, session.Key{}))
		f.must(f.EndAll(f.Context(), who, s.Key))
		f.must(f.Touch(f.Context(), s.Key, f.now.Add(time.Second), s.Expires))
		l.want(f, s.Key, false)
	}},
}
