package redisstore

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// instance is one Doorpost of several that share a server.
type instance struct {
	*session.Keeper
	store  *Store
	cookie *session.Cookie
}

func newInstance(t testing.TB, store *Store) *instance {
	t.Helper()
	cache := session.NewCache(1000)
	t.Cleanup(store.OnEnd(cache.End))
	t.Cleanup(store.OnDoubt(cache.Distrust))
	limits := session.Limits{Idle: 7 * 24 * time.Hour, Absolute: 30 * 24 * time.Hour, Grace: 5 * time.Minute}
	return &instance{
		Keeper: session.NewKeeper(store, cache, limits, slog.New(slog.DiscardHandler)), store: store, cookie: newCookie(t),
	}
}

// find tells whether the instance takes the visitor for signed in.
func (i *instance) find(t testing.TB, v *visit) (bool, error) {
	t.Helper()
	issued, err := i.cookie.Issue(v.session)
	if err != nil {
		t.Fatal(err)
	}
	if v.cookie == "" { // a browser has one value, and two issues have two
		v.cookie = issued.Value
	}
	found, err := i.Find(t.Context(), i.cookie, v.cookie)
	return found != nil, err
}

func (i *instance) wantFound(t testing.TB, v *visit, want bool) {
	t.Helper()
	if found, err := i.find(t, v); err != nil || found != want {
		t.Fatalf("the session is found: %v, %v, want %v", found, err, want)
	}
}

// ring signs the cookies of all instances, as one secret does.
var ring = sync.OnceValues(func() (keys.Ring, error) { return keys.NewRing(keys.Generate()) })

func newCookie(t testing.TB) *session.Cookie {
	t.Helper()
	return session.NewCookie(shared(t, ring), session.CookieOptions{Scope: site, Secure: true, Lifetime: 30 * 24 * time.Hour})
}
