package gate

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
)

const (
	// livePeriod is the pause between two reviews of what is live. A request that
	// may not go on has one to two of them to be answered to the end, so that what
	// is short is not cut. What ends without a word of it, by expiry or by a change
	// of the rules, is found out after one more, and a look into the store.
	livePeriod = 200 * time.Millisecond

	// liveReviewers is how many sessions are looked up at once in a review.
	liveReviewers = 16

	// liveShards spreads the locks and shortens the lists: each has what is live
	// of the sessions whose keys, which are hashes, begin with its number.
	liveShards = 256
)

// Cutter ends the answer to a request, and with it the connection of a
// WebSocket; the context is the request's. It is called while a handler works on
// the request, must not wait for it, and must make it end soon. Where it cannot
// be sure that it did, the answer is false, and it is called again after a while.
type Cutter func(context.Context, http.ResponseWriter) bool

// Live are the requests that went to an app as somebody's and are not answered
// to the end: WebSockets, event streams, downloads, and for a moment all others.
// They go on for as long as a new request of the same session to the same place
// would be let through. Live outlives a configuration, as the store does whose
// sessions they are of.
type Live struct {
	cut       Cutter
	closed    atomic.Bool
	reviewing atomic.Bool
	cancel    context.CancelFunc
	running   sync.WaitGroup

	mu    sync.Mutex
	inUse []*configuration // the newest last

	shards [liveShards]liveShard
}

type liveShard struct {
	mu    sync.Mutex
	first *Visit
	_     [48]byte // a cache line for each
}

// exchange is what Live keeps of a visit.
type exchange struct {
	prev, next *Visit
	w          http.ResponseWriter // nil for a visit that is not live
	ctx        context.Context     // of the request, which handlers may change in place
	over       uint8               // reviews since it may not go on, and one, up to three; 0 if it may
	cut        bool                // for good
}

// NewLive makes it, and begins to review. Close ends that.
func NewLive(cut Cutter) *Live {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Live{cut: cut, cancel: cancel}
	l.running.Go(func() {
		again := time.NewTicker(livePeriod)
		defer again.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-again.C:
				l.review(ctx)
			}
		}
	})
	return l
}

// Close cuts what is still live, and whatever comes later. Call it when nobody
// keeps the sessions any more.
func (l *Live) Close() {
	l.cancel()
	l.running.Wait()
	l.closed.Store(true)
	l.each(l.cutNow)
}

// Enter notes that a visit goes on to the app as its session's: a block let it
// pass, or greeted it. Where it returns true, the caller calls Leave when the
// handler of the request has returned; a visit that is live already is noted
// once.
func (l *Live) Enter(v *Visit, w http.ResponseWriter, r *http.Request) bool {
	if v.live.w != nil {
		return false
	}
	v.live = exchange{w: w, ctx: r.Context()}
	shard := &l.shards[v.session.Key[0]]
	shard.mu.Lock()
	if v.live.next = shard.first; v.live.next != nil {
		v.live.next.live.prev = v
	}
	shard.first = v
	shard.mu.Unlock()
	if v.site.keeper.Ends() != v.ends { // it may have ended before End could see it here
		v.session.Doubt()
	}
	if l.closed.Load() {
		shard.mu.Lock()
		l.cutNow(v)
		shard.mu.Unlock()
	}
	return true
}

// Leave notes that a visit for which Enter returned true is over.
func (l *Live) Leave(v *Visit) {
	shard := &l.shards[v.session.Key[0]]
	shard.mu.Lock()
	if v.live.prev != nil {
		v.live.prev.live.next = v.live.next
	} else {
		shard.first = v.live.next
	}
	if v.live.next != nil {
		v.live.next.live.prev = v.live.prev
	}
	shard.mu.Unlock()
	v.live = exchange{}
}

// End makes what is live of a session that has ended be cut within two reviews.
// The cache of sessions is told first: what it still finds afterwards would not
// be cut.
func (l *Live) End(key session.Key) {
	l.shards[key[0]].each(func(v *Visit) {
		if v.session.Key == key {
			v.live.end()
		}
	})
}

// Change makes a session of which something changed be looked up again, for what
// is live of it. The cache of sessions is told first.
func (l *Live) Change(key session.Key) {
	l.shards[key[0]].each(func(v *Visit) {
		if v.session.Key == key {
			v.session.Doubt()
		}
	})
}

// Distrust makes the sessions of all that is live be looked up again, for when
// word of ended ones may have been missed.
func (l *Live) Distrust() {
	l.each(func(v *Visit) { v.session.Doubt() })
}

// Count is how many requests are live.
func (l *Live) Count() (n int) {
	l.each(func(*Visit) { n++ })
	return n
}

// end notes that what is live may not go on. The lock of the shard is held.
func (e *exchange) end() { e.over = max(e.over, 1) }

// cutNow cuts a visit. The lock of its shard is held, so its handler is at work.
func (l *Live) cutNow(v *Visit) {
	if !v.live.cut {
		v.live.cut = l.cut(v.live.ctx, v.live.w)
	}
}

func (l *Live) each(do func(*Visit)) {
	for i := range l.shards {
		l.shards[i].each(do)
	}
}

func (s *liveShard) each(do func(*Visit)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := s.first; v != nil; v = v.live.next {
		do(v)
	}
}

// review cuts what may not go on. Sessions that have to be looked up are, beside
// it: a store that does not answer must not keep the others from their end.
func (l *Live) review(ctx context.Context) {
	due := make(map[*session.Session]*session.Keeper)
	l.mu.Lock()
	l.each(func(v *Visit) {
		keeper := l.keeper(v)
		switch {
		case keeper == nil || v.session.Ended():
			v.live.end()
		case v.live.over == 0 && !keeper.Vouches(v.session):
			due[v.session] = keeper
		}
		if v.live.over > 0 {
			v.live.over = min(v.live.over+1, 3)
		}
		if v.live.over > 2 {
			l.cutNow(v)
		}
	})
	l.mu.Unlock()
	if len(due) > 0 && l.reviewing.CompareAndSwap(false, true) {
		l.running.Go(func() {
			defer l.reviewing.Store(false)
			l.lookUp(ctx, due)
		})
	}
}

func (l *Live) lookUp(ctx context.Context, due map[*session.Session]*session.Keeper) {
	var looking sync.WaitGroup
	room := make(chan struct{}, liveReviewers)
	for s, keeper := range due {
		room <- struct{}{}
		looking.Go(func() {
			defer func() { <-room }()
			if keeper.Review(ctx, s) {
				return
			}
			l.shards[s.Key[0]].each(func(v *Visit) {
				if v.session == s {
					v.live.end()
				}
			})
		})
	}
	looking.Wait()
}
