package modeltest

import (
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// link is what the model knows of a link.
type link struct {
	key      signin.LinkKey
	code     signin.CodeKey
	who      address.Address
	site     string
	policy   string
	revision uint64 // of its person
	browser  signin.BrowserKey
	expires  time.Time
	used     bool // redeemed, or killed
	familiar bool // to its reader was the browser that asked
	limit    string
	slot     int64
	redeemed int // how often it signed in
}

// request is what the model knows of what a browser asked for last.
type request struct {
	who     address.Address
	site    string
	expires time.Time
	tries   int
	links   []*link
}

// visit is a session.
type visit struct {
	key     session.Key
	who     address.Address
	expires time.Time
	ended   bool
	proven  time.Time
	method  session.Method
	passkey passkey.ID // that made it
}

// model is a store in a few maps.
type model struct {
	now      time.Time
	links    []*link
	requests map[signin.BrowserKey]*request
	visits   []*visit
	familiar map[address.Address][]signin.BrowserKey
	muted    map[string]time.Time // by mailbox
	known    map[address.Address]known
	trails   map[address.Address][]address.Address // which addresses somebody has had
	bars     map[address.Address][]string          // mailboxes that somebody disabled keeps out
	counts   map[string]limit.Count                // messages of a mailbox
	rings    map[address.Address]passkey.Keyring
	answered []passkey.Challenge // that were used up
	made     int                 // how many keys were made
}

func (l *link) alive(now time.Time) bool { return !l.used && l.expires.After(now) }

func (v *visit) alive(now time.Time) bool { return !v.ended && v.expires.After(now) }

// asked predicts what asking makes, and does it.
func (m *model) asked(a signin.Asking) signin.SilentReason {
	familiar := slices.Contains(m.familiar[a.Request.Address], a.Browser)
	name := map[bool]string{false: "", true: "familiar "}[familiar] + a.Request.Address.Fold()
	silent := m.mayBeSent(a, familiar, name)
	next := &request{who: a.Request.Address, site: a.Request.Origin, expires: a.Request.Expires}
	if before := m.requests[a.Browser]; before != nil && before.expires.After(m.now) && before.tries < signin.MaxCodeTries {
		next.tries = before.tries
		for _, l := range before.links {
			if l.alive(m.now) {
				next.links = append(next.links, l)
			}
		}
	}
	if silent == signin.NotSilent {
		l := &link{key: a.Link, code: a.Code, who: a.Request.Address, site: a.Request.Origin, policy: a.Policy, revision: m.known[a.Request.Address].revision, browser: a.Browser, expires: a.Request.Expires, familiar: familiar, limit: name, slot: mailboxRule.Slot(m.now)}
		m.links, next.links = append(m.links, l), append(next.links, l)
	}
	m.requests[a.Browser] = next
	return silent
}

func (m *model) mayBeSent(a signin.Asking, familiar bool, name string) signin.SilentReason {
	var alive []*link
	for _, l := range m.links {
		if l.who == a.Request.Address && l.alive(m.now) {
			alive = append(alive, l)
		}
	}
	if m.counts[name] == nil {
		m.counts[name] = limit.Count{}
	}
	crowded := len(alive) >= signin.MaxLiveLinks
	switch {
	case len(a.Admission.Ways) == 0 || m.mayNotSignIn(a.Request.Address):
		return signin.SilentNotAllowed
	case crowded && !familiar:
		return signin.SilentThreeAlive
	case m.isMuted(a.Request.Address) && !familiar:
		return signin.SilentMuted
	case m.counts[name].Take(mailboxRule, m.now) > 0:
		return signin.SilentMailbox
	case crowded:
		givesWay := slices.IndexFunc(alive, func(l *link) bool { return !l.familiar })
		alive[max(givesWay, 0)].used = true
	}
	return signin.NotSilent
}

func (m *model) isMuted(who address.Address) bool {
	until, muted := m.muted[who.Fold()]
	return muted && until.After(m.now)
}

// byLink predicts how a redemption of a link ends. What is over may have been
// forgotten, then the outcome is TooOld.
func (m *model) byLink(r signin.Redemption) (l *link, outcome signin.Outcome) {
	for _, known := range m.links {
		if known.key == r.Link {
			l = known
		}
	}
	switch {
	case l == nil || !l.expires.After(m.now):
		return l, signin.TooOld
	case l.used:
		return l, signin.Used
	case l.site != r.Origin:
		return l, signin.Unknown
	case l.browser != r.Browser && !r.Elsewhere:
		return l, signin.OtherBrowser
	}
	return l, m.judge(l, r)
}

// byCode predicts how a redemption of a code ends, and counts a wrong one.
func (m *model) byCode(r signin.Redemption) (found *link, outcome signin.Outcome) {
	asked := m.requests[r.Browser]
	switch {
	case asked == nil || asked.site != r.Origin || !asked.expires.After(m.now):
		return nil, signin.Unknown
	case asked.tries >= signin.MaxCodeTries:
		return nil, signin.RequestEnded
	}
	for _, l := range asked.links {
		if l.alive(m.now) && l.site == r.Origin && slices.Contains(r.Codes, l.code) {
			return l, m.judge(l, r)
		}
	}
	if slices.ContainsFunc(asked.links, func(l *link) bool {
		return l.used && l.expires.After(m.now) && l.site == r.Origin && slices.Contains(r.Codes, l.code)
	}) {
		return nil, signin.Used
	}
	if asked.tries++; asked.tries < signin.MaxCodeTries {
		return nil, signin.WrongCode
	}
	return nil, signin.RequestEnded // the links stay good
}

// end ends a request with its links.
func (m *model) end(asked *request) {
	for _, l := range asked.links {
		l.used = true
	}
	asked.tries, asked.links = signin.MaxCodeTries, nil
}

// signedIn is what a redemption does that signs in.
func (m *model) signedIn(l *link, r signin.Redemption) {
	for _, sibling := range m.links {
		if sibling.who == l.who {
			sibling.used = true
		}
	}
	l.redeemed++
	if counts := m.counts[l.limit]; counts[l.slot] > 0 {
		counts.GiveBack(l.slot)
	}
	if m.known[l.who] == (known{}) {
		m.known[l.who] = known{revision: 1}
	}
	m.arrived(l.who, r.Arrival, "")
}

// arrived is what every sign-in does, by mail if by no passkey.
func (m *model) arrived(who address.Address, a signin.Arrival, by passkey.ID) {
	method := session.ByMail
	if by != "" {
		method = session.ByPasskey
	}
	for _, v := range m.visits {
		if v.key == a.Replace {
			v.ended = true
		}
	}
	m.visits = append(m.visits, &visit{key: a.Session.Key, who: who, expires: a.Session.Expires, proven: m.now, method: method, passkey: by})
	if known := m.familiar[who]; a.Mark != (signin.BrowserKey{}) && !slices.Contains(known, a.Mark) {
		known = append(known, a.Mark)
		m.familiar[who] = known[max(0, len(known)-signin.MaxFamiliar):]
	}
}

// stopped is what a reader's wish for no more messages does.
func (m *model) stopped(l *link, until time.Time) {
	if asked := m.requests[l.browser]; asked != nil && slices.Contains(asked.links, l) {
		m.end(asked)
	}
	l.used = true
	m.muted[l.who.Fold()] = until
}
