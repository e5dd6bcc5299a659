package gate

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
)

// Verdict is what a block decides about a request. The zero value lets nobody
// through.
type Verdict int

// The verdicts.
const (
	Unavailable  Verdict = iota // it cannot be decided just now
	Pass                        // to the app, as a request of whoever is signed in
	PassUnnamed                 // to the app, which is not told who is signed in
	OwnPage                     // one of ours, not for the app
	WrongHost                   // the Host names no origin of the site
	NoSession                   // nobody is signed in
	NotAdmitted                 // somebody is signed in, and the rules do not admit them
	NotRecent                   // somebody is signed in who would be admitted, but proved their address too long ago
	TokenRefused                // a program has a token that is not good for this, see Visit.Problem
	NoPasskey                   // somebody is signed in who would be admitted, but not by a passkey, or too long ago
	Forbidden                   // no app gets such a request: CONNECT to some host, TRACE
)

// Decide decides about a request. sent is the URL as the visitor sent it, which
// a rewrite may have changed since. Where the verdict is Pass, the headers of
// the request say who is signed in. The error is that of the block's matcher.
func (b *Block) Decide(v *Visit, r *http.Request, sent *url.URL) (Verdict, error) {
	if IsOwnPath(sent.Path) {
		return OwnPage, nil
	}
	verdict, err := b.decide(v, r, sent)
	if verdict == Pass || verdict == PassUnnamed {
		if IsForNoApp(r) {
			return Forbidden, nil
		}
		v.cleared |= v.bit(b)
	}
	return verdict, err
}

func (b *Block) decide(v *Visit, r *http.Request, sent *url.URL) (Verdict, error) {
	needed, err := b.NeedsSession(r, sent)
	switch {
	case err != nil:
		return Unavailable, err
	case needed && v.isPreflight(r):
		return PassUnnamed, nil
	case needed:
		return b.Check(v, r, sent), nil
	case b.Greet(v, r, sent):
		return Pass, nil
	}
	return PassUnnamed, nil
}

// NeedsSession reports whether the block protects a request: its matcher
// matches, and the path is not public.
func (b *Block) NeedsSession(r *http.Request, sent *url.URL) (bool, error) {
	if b.Matches != nil && !(b.ByPath && !HasPlainPath(r, sent)) && !(b.ByMethod && !HasPlainMethod(r)) && !(b.ByQuery && !HasPlainQuery(r)) {
		if matched, err := b.matches(r, sent); err != nil || !matched {
			return false, err
		}
	}
	return !b.IsPublic(r, sent), nil
}

// matches reports whether the block is for a request by the path that it has now, or by one
// that the visitor asked for: an app is told both, and many go by the latter.
func (b *Block) matches(r *http.Request, sent *url.URL) (bool, error) {
	matched, err := b.Matches(r)
	if !b.ByPath || sent.Path == r.URL.Path {
		return matched, err
	}
	now := *r.URL // is changed in its place: placeholders read it there
	for _, cut := range b.Cuts {
		if asked := without(sent.Path, cut); !matched && err == nil && asked != now.Path {
			r.URL.Path, r.URL.RawPath, r.URL.RawQuery = asked, "", sent.RawQuery
			matched, err = b.Matches(r)
		}
	}
	*r.URL = now
	return matched, err
}

// without is a path without a beginning that was cut off.
func without(path, cut string) string {
	if len(path) < len(cut) || !strings.EqualFold(path[:len(cut)], cut) {
		return path
	}
	return cmp.Or(path[len(cut):], "/")
}

// IsForNoApp reports whether a request is one that no app behind a gate gets: a
// TRACE, which shows a script what it may not read, or a CONNECT to some host or for a
// tunnel. One that opens a WebSocket over HTTP/2 or HTTP/3 (RFC 8441, RFC 9220) is not.
// Nor does an app get a method with small letters: a rule about POST does not see
// post, which some apps read as POST.
func IsForNoApp(r *http.Request) bool {
	if r.Method == http.MethodGet {
		return false
	}
	return strings.ContainsAny(r.Method, "abcdefghijklmnopqrstuvwxyz") ||
		r.Method == http.MethodTrace || r.Method == http.MethodConnect && r.Header.Get(":protocol") != "websocket" && r.Proto != "websocket"
}
