package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/portal"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// How often in a row a browser is sent to the portal because a ticket did not work, and
// because it came without the session that it had just got. Then it gets a page: the
// browser keeps no cookies, or something on the way takes them out.
const (
	maxTried   = 2
	maxEntered = 2
)

// hopLife is how long a browser keeps its hop: somebody reads their mail meanwhile. It
// counts for enteredLife how often the browser has entered.
const (
	hopLife     = 10 * time.Minute
	enteredLife = time.Minute
)

// hop is the content of the cookie of a browser on its way to the portal and back. All
// tabs have one.
type hop struct {
	portal.Hop
	last    [4]byte // the beginning of the key of the session that the browser got last
	entered int     // how often it got that one lately
}

// bytes are those of the cookie that look random.
func (h hop) bytes() []byte { return append(h.Hop[:], h.last[:]...) }

// leadsToPortal reports whether people sign in to this site at a portal.
func (d *Door) leadsToPortal() bool { return d.Portal != (gate.Origin{}) && d.Behind == nil }

// hop is that of this browser, false if it has none.
func (d *Door) hop(c *call) (h hop, found bool) {
	for value := range c.visit.SmallCookies() {
		encoded, entered, _ := strings.Cut(value, ".")
		raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
		n, err2 := strconv.Atoi(entered)
		if err != nil || err2 != nil || len(raw) != len(h.bytes()) {
			continue
		}
		if read := (hop{portal.Hop(raw), [4]byte(raw[len(h.Hop):]), min(max(n, 0), maxEntered)}); !found {
			h, found = read, true
		} else if read.Hop != h.Hop { // somebody planted one of them
			return hop{}, false
		}
	}
	return h, found
}

// setHop gives the browser its hop for a time, in whole seconds. A time of 0 takes it away.
func (c *call) setHop(h hop, life time.Duration) {
	maxAge := int(life / time.Second)
	if maxAge == 0 {
		maxAge = -1 // 0 would keep it until the browser is closed
	}
	http.SetCookie(c.w, &http.Cookie{
		Name:  gate.HopCookieName(c.origin),
		Value: base64.RawURLEncoding.EncodeToString(h.bytes()) + "." + strconv.Itoa(h.entered),
		Path:  "/", MaxAge: maxAge, Secure: c.origin.IsSecure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// errand is why a browser is sent to the portal.
type errand struct {
	to    string // where the person wants to go, a path of this site
	again string // the proof that is asked for, see againAnyhow; "" for none
	tried int    // how often a ticket did not work

	chosen bool // the person has followed a link to sign in: it is no loop
}

// leave sends a browser to the portal, from where it comes back with a ticket.
func (d *Door) leave(c *call, e errand) {
	h, found := d.hop(c)
	switch {
	case !found:
		h = hop{Hop: portal.NewHop()}
	case e.chosen || e.again != "":
		h.entered = 0
	case h.entered >= maxEntered:
		d.cannotEnter(c, e.to)
		return
	}
	c.renews = e.to == gate.RenewPath
	query := siteField + "=" + url.QueryEscape(c.origin.String()) + "&" + toField + "=" + url.QueryEscape(e.to) + "&" + hopField + "=" + h.Hash().String()
	if e.again != "" {
		query += "&" + againField + "=" + e.again
	}
	if e.tried > 0 {
		query += "&" + triedField + "=" + strconv.Itoa(e.tried)
	}
	c.setHop(h, hopLife)
	c.seeOther(d.Portal.String() + gate.EnterPath + "?" + query)
}

// cannotEnter says that going to the portal once more would not help. The page leads to
// sign-in, which begins anew.
func (d *Door) cannotEnter(c *call, to string) {
	d.show(c, http.StatusForbidden, view.CannotEnter{Frame: frame(c), To: to})
}

// signInAtPortal is where links of ours lead to sign in.
func (d *Door) signInAtPortal(c *call) {
	query := c.r.URL.Query()
	d.leave(c, errand{to: gate.ReturnTo(query.Get(toField)), again: readAgain(query), chosen: true})
}

// enter takes a ticket of the portal, and makes the session of this site. It is the one
// GET that signs somebody in, like the callback of OAuth 2.0 (RFC 6749, section 4.1.2): the
// ticket is good once, here, in the browser that this site has sent to the portal.
func (d *Door) enter(c *call) {
	query := c.r.URL.Query()
	to := d.wants(c, query.Get(toField))
	if c.r.Method == http.MethodHead {
		c.seeOther(to)
		return
	}
	if len(query[ticketField]) == 1 {
		h, found := d.hop(c)
		var known *portal.Hop
		if found {
			known = &h.Hop
		}
		ctx := audit.WithRequest(c.r.Context(), c.client)
		id, outcome, err := d.Tickets.Enter(ctx, c.origin.String(), c.visit.Cookie().Scope(), known, query.Get(ticketField))
		switch {
		case err != nil:
			d.failed(c, gate.SignInFor(to), err)
			return
		case outcome == portal.Entered:
			d.entered(c, id, h, to)
			return
		}
	}
	if s, err := c.visit.Session(c.r); err == nil && s != nil {
		c.seeOther(to)
		return
	}
	tried, err := strconv.Atoi(query.Get(triedField))
	if err != nil || tried < 0 {
		tried = 0
	}
	if tried >= maxTried {
		d.cannotEnter(c, to)
		return
	}
	d.leave(c, errand{to: to, tried: tried + 1})
}

func (d *Door) entered(c *call, id session.ID, h hop, to string) {
	if !d.setSession(c, id) {
		d.problem(c, http.StatusInternalServerError)
		return
	}
	if key := id.Key(); [4]byte(key[:]) != h.last { // somebody has signed in meanwhile
		h.last, h.entered = [4]byte(key[:]), 0
	}
	h.entered++
	c.setHop(h, enteredLife)
	c.seeOther(to)
}
