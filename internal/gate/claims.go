package gate

import (
	"iter"
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// settle leaves one of several cookies of one name. What is not signed for this scope
// does not count: a sibling host, or an earlier cookie_domain, cannot lock anybody out.
// Of two that are signed for different sessions neither does: somebody planted one.
func (v *Visit) settle() {
	good, known := "", session.ID{}
	for value := range v.sent.session.each {
		id, signed := v.Cookie().Read(value)
		if signed && good != "" && id != known {
			good = ""
			break
		}
		if signed {
			good, known = value, id
		}
	}
	v.sent.session.first = good
}

// HadSessionCookie reports whether the browser sent something under the name of
// our session cookie.
func (v *Visit) HadSessionCookie() bool { return v.sent.session.sent }

// StrayCookies clear what a browser sent under the name of our session cookie and
// what does not count, wherever it may lie but in the place of our own. path is the
// escaped path of the request. Only after Session.
func (v *Visit) StrayCookies(path string) []*http.Cookie {
	if !v.sent.session.sent || v.sent.session.more == nil && v.session != nil {
		return nil
	}
	origin, _ := v.Origin()
	return v.Cookie().ClearElsewhere(origin.Host(), path)
}

// SmallCookies are the values of the cookie that marks a browser that asked, or, at a site
// with a portal, one on its way there.
func (v *Visit) SmallCookies() iter.Seq[string] { return v.sent.small.each }
