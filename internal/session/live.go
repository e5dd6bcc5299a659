package session

import "context"

// Ends is a counter, raised before and after each end or change is applied, and
// when news of some may have been missed. Unchanged between two reads: no session
// ended in between.
func (k *Keeper) Ends() uint64 { return k.cache.ends.Load() }

// Vouches reports whether a session goes on, as far as that is known without asking
// the store. If it is false, Review finds out.
func (k *Keeper) Vouches(s *Session) bool {
	now := k.now()
	return !k.isSpent(s, now) && (s.isFresh(now) || s.isPutOff(now))
}

// Review reports whether a session goes on, for a long request that began with it.
// It answers as Find would for a new request, but does not count as use: somebody
// who is connected and sends no request is idle. It may take as long as the store
// does.
func (k *Keeper) Review(ctx context.Context, s *Session) bool {
	if k.Vouches(s) {
		return true
	}
	now := k.now()
	if s.Ended() || s.program() == nil && now.Sub(s.SignedIn()) >= k.limits.Absolute {
		return false
	}
	alive, err := k.confirm(ctx, s, now, false)
	return alive && err == nil
}
