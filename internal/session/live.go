package session

import "context"

// Ends changes whenever this instance begins or ceases to take in that sessions
// were ended, or that word of it may have been missed. Where it is the same
// before a session was found and after something was made of it, no end came
// between.
func (k *Keeper) Ends() uint64 { return k.cache.ends.Load() }

// Vouches tells whether a session goes on by what is known here and now, without
// a look into the store. If not, Review tells.
func (k *Keeper) Vouches(s *Session) bool {
	now := k.now()
	return !s.Ended() && !s.isOver(now) && now.Sub(s.SignedIn()) < k.limits.Absolute &&
		(s.isFresh(now) || s.isPutOff(now))
}

// Review tells whether a session goes on, for what began with it and lasts: it
// answers as Find would to a new request, and does not count as use. Whoever is
// connected and sends no request is idle. It may take as long as the store does.
func (k *Keeper) Review(ctx context.Context, s *Session) bool {
	if k.Vouches(s) {
		return true
	}
	now := k.now()
	if s.Ended() || now.Sub(s.SignedIn()) >= k.limits.Absolute {
		return false
	}
	alive, err := k.confirm(ctx, s, now, false)
	return alive && err == nil
}
