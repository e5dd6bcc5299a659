package web

import (
	"encoding/binary"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// familiarLife is how long a browser keeps its mark after somebody signed in there or
// asked there again. The mark is a random number that does not name anybody. Strangers
// may use up the limit of an address, or its owner may stop their messages; thanks to
// the mark neither locks the owner out on their own devices. Half a year is longer
// than most people stay away from a site that they use.
const familiarLife = 180 * 24 * time.Hour

// mark is the content of the request cookie: which browser this is, not which address
// was asked for.
type mark struct {
	browser  signin.Browser // zero if the browser has no mark
	familiar bool           // somebody has signed in here

	offered time.Time // when it was last offered to make a passkey; to the second, zero for never
}

// familiarFlag follows the bytes of the browser if somebody has signed in there. After it
// comes when a passkey was offered, if one was: four bytes, in seconds.
const familiarFlag = 1

func (m mark) bytes() []byte {
	raw := m.browser[:]
	if m.familiar {
		raw = append(raw, familiarFlag)
	}
	if m.familiar && !m.offered.IsZero() {
		raw = binary.BigEndian.AppendUint32(raw, uint32(m.offered.Unix())) // #nosec G115 -- until 2106
	}
	return raw
}

func parseMark(raw []byte) (m mark) {
	const flag, offered, end = len(m.browser), len(m.browser) + 1, len(m.browser) + 5
	if len(raw) != flag && (len(raw) != offered && len(raw) != end || raw[flag] != familiarFlag) {
		return mark{}
	}
	m.browser, m.familiar = signin.Browser(raw[:flag]), len(raw) > flag
	if len(raw) == end {
		m.offered = time.Unix(int64(binary.BigEndian.Uint32(raw[offered:])), 0)
	}
	return m
}

// mark returns the mark of the browser, zero if it has none. Of two that differ
// neither counts: somebody planted one of them.
func (d *Door) mark(c *call) (found mark) {
	for value := range c.visit.SmallCookies() {
		raw, ok := d.request.Open(requestCookieSigned(c), value)
		if !ok {
			continue
		}
		m := parseMark(raw)
		if found.browser != (signin.Browser{}) && m.browser != found.browser {
			return mark{}
		}
		found = m
	}
	return found
}

// setMark sets the request cookie. A browser in which nobody has signed in keeps it
// for as long as its request is remembered.
func (d *Door) setMark(c *call, m mark) {
	value, err := d.request.Sign(requestCookieSigned(c), m.bytes())
	if err != nil {
		// Without the cookie the code will not work; the link will, after one more click.
		d.Logger.Error("signing the request cookie", "error", err)
		return
	}
	life := d.Service.LinkLife + signin.Remembered
	if m.familiar {
		life = familiarLife
	}
	http.SetCookie(c.w, &http.Cookie{
		Name: gate.RequestCookieName(c.origin), Value: value, Path: "/", MaxAge: int(life / time.Second),
		Secure: c.origin.IsSecure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// requestCookieSigned is the name under which the request cookie is signed, so that
// the cookie of one site is worthless at another.
func requestCookieSigned(c *call) string {
	return gate.RequestCookieName(c.origin) + "|" + c.origin.String()
}
