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
	// livePeriod is the pause between two reviews of the live requests. A request
	// whose session ended gets one to two periods to finish, so that short ones are
	// not cut. Ends without news, by expiry or by a change of the rules, are found
	// after one period more and a look into the store.
	livePeriod = 200 * time.Millisecond

	// liveReviewers is how many sessions are looked up at once in a review.
	liveReviewers = 16

	// liveShards spreads the locks and shortens the lists. A request is in the shard
	// with the number of the first byte of its session's key, which is a hash.
	liveShards = 256
)

// Cutter ends the answer to a request, and with it the connection of a WebSocket; the
// context is the request's. It is called while a handler works on the request. It must
// make the handler end soon without waiting for it. If it cannot be sure of that it
// returns false, and is called again later.
type Cutter func(context.Context, http.ResponseWriter) bool

// Live has the requests that went to an app with an identity and are not finished:
// WebSockets, event streams, downloads, and for a moment all others. They go on for as
// long as a new request of the same session to the same place would pass. Live
// outlives a configuration, as the store of their sessions does.
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
	_     [48]byte // fills a cache line
}

// exchange is what Live knows of a visit.
type exchange struct {
	prev, next *Visit
	w          http.ResponseWriter // nil for a visit that is not live
	ctx        context.Context     // of the request, which handlers may change in place
	over       uint8               // 0 while it may go on; 1 when it may not, then one more each review, up to 3
	cut        bool                // the cutter has succeeded
}

// NewLive returns a Live that reviews its requests until Close is called.
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

// Close cuts all live requests, and all that come later. Call it when the store of
// the sessions is closed.
func (l *Live) Close() {
	l.cancel()
	l.running.Wait()
	l.closed.Store(true)
	l.each(l.cutNow)
}

// Enter adds a visit that goes to the app with the identity of its session: a block
// let it pass or greeted it. If it returns true, the caller calls Leave when the
// handler of the request has returned; if false, the visit is live already.
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
	if v.site.keeper.Ends() != v.ends { // it may have ended before End could find it here
		v.session.Doubt()
	}
	if l.closed.Load() {
		shard.mu.Lock()
		l.cutNow(v)
		shard.mu.Unlock()
	}
	return true
}

// Leave removes a visit for which Enter returned true.
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

// End makes the live requests of an ended session be cut within two reviews. The
// cache of sessions must know of the end before: a request that finds the session
// there after this call would not be cut.
func (l *Live) End(key session.Key) {
	l.shards[key[0]].each(func(v *Visit) {
		if v.session.Key == key {
			v.live.end()
		}
	})
}

// Change makes a session that changed be looked up again for its live requests. The
// cache of sessions must know of the change before.
func (l *Live) Change(key session.Key) {
	l.shards[key[0]].each(func(v *Visit) {
		if v.session.Key == key {
			v.session.Doubt()
		}
	})
}

// Distrust makes the sessions of all live requests be looked up again, for when news
// of ended ones may have been missed.
func (l *Live) Distrust() {
	l.each(func(v *Visit) { v.session.Doubt() })
}

// Count is how many requests are live.
func (l *Live) Count() (n int) {
	l.each(func(*Visit) { n++ })
	return n
}

// end notes that the request may not go on. The caller holds the lock of the shard.
func (e *exchange) end() { e.over = max(e.over, 1) }

// cutNow cuts a visit. The caller holds the lock of its shard, so its handler has not
// returned.
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

// review cuts the requests that may not go on. Sessions that have to be looked up are
// looked up in the background: a store that does not answer must not delay the cuts.
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
