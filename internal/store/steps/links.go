package steps

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Links are the links that were sent, by a signin.LinkKey.
var Links = newTable("links")

func linkKey(key signin.LinkKey) Key { return hashed(Links, key[:]) }

// remembered is until when a link or a request is kept that ends at a time.
func remembered(expires int64) time.Time { return codec.Time(expires).Add(signin.Remembered) }

// Promise implements signin.Store.
func (s Steps) Promise(ctx context.Context, p signin.Promised) (signin.SilentReason, error) {
	return result(ctx, s.change("promise"), ofAddress(p.Link.Address), func(t *tx) signin.SilentReason { return promise(t, p) })
}

func promise(t *tx, p signin.Promised) signin.SilentReason {
	who, signsIn := p.Link.Address, p.Link.Purpose == signin.ToSignIn
	reader := person(t, who)
	if signsIn && mayNotSignIn(t, who, reader) {
		return signin.SilentNotAllowed
	}
	if silent := notify(t, who, reader, p.Message, p.Now); silent != signin.NotSilent {
		return silent
	}
	if signsIn && !reader.IsKnown() {
		reader = keepPerson(t, who, reader, reader, p.Now)
	}
	saveLink(t, p.Link.Key, codec.PackPromised(p, reader.Revision()), p.Now)
	return signin.NotSilent
}

// Link implements signin.Store.
func (s Steps) Link(ctx context.Context, u signin.Use) (signin.Link, signin.LinkState, error) {
	return results(ctx, s.look("link"), []Key{linkKey(u.Link)}, func(t *tx) (signin.Link, signin.LinkState) { return lookUp(t, u) })
}

// lookUp finds a link that does not sign in, and how it stands. Nothing is told
// of one that is not of the purpose and site, nor of access requests to an owner who may not
// sign in any more.
func lookUp(t *tx, u signin.Use) (signin.Link, signin.LinkState) {
	l, state := findLink(t, u.Link, u.Now)
	right := l.Purpose == u.Purpose && l.Origin == u.Origin && l.Purpose != signin.ToSignIn
	switch {
	case l.Purpose == signin.ToDecide && mayNotSignIn(t, l.Address, person(t, l.Address)):
		return signin.Link{}, signin.LinkUnknown
	case state == signin.LinkGood && !right:
		return signin.Link{}, signin.LinkUnknown
	case state == signin.LinkGood, state == signin.LinkUsed && right && l.Purpose == signin.ToDecide: // to be told what was decided
		return l.Unpack(u.Link), state
	}
	return signin.Link{}, state
}

// use closes a link if it is good.
func use(t *tx, u signin.Use) (signin.Link, signin.LinkState) {
	link, state := lookUp(t, u)
	if state == signin.LinkGood {
		closeLink(t, u.Link, u.Now)
	}
	return link, state
}

// saveLink keeps a link and opens it.
func saveLink(t *tx, key signin.LinkKey, l codec.Link, now time.Time) {
	save(t, linkKey(key), l, remembered(l.Expires), ofAddress(l.Address)...)
	changeAddress(t, l.Address, now, func(a *codec.Address) {
		a.Links = append(a.Links, codec.OpenLink{
			Key: key, Expires: l.Expires, Purpose: l.Purpose, Familiar: l.Familiar, Promised: l.Browser == (signin.BrowserKey{}),
		})
	})
}

// findLink finds a link and how it stands. It was a link once if its signature
// is ours, so one that is not kept is too old.
func findLink(t *tx, key signin.LinkKey, now time.Time) (codec.Link, signin.LinkState) {
	l, found := load[codec.Link](t, linkKey(key))
	if !found {
		return l, signin.LinkTooOld
	}
	switch of, _ := load[codec.Address](t, addressKey(l.Address)); {
	case !of.HasOpen(key):
		return l, signin.LinkUsed
	case l.Expires <= codec.Millis(now):
		return l, signin.LinkTooOld
	}
	return l, signin.LinkGood
}

// closeLinks closes links of an address, and returns how many.
func closeLinks(t *tx, who address.Address, now time.Time, which func(codec.OpenLink) bool) (closed int) {
	if of, _ := load[codec.Address](t, addressKey(who)); of.Close(which) == 0 {
		return 0
	}
	changeAddress(t, who, now, func(a *codec.Address) { closed = a.Close(which) })
	return closed
}
