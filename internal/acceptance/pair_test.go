package acceptance

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// revocationTime is how soon the end of a session reaches every instance.
const revocationTime = time.Second

// pair is two instances of one gate: one secret, one Redis, one origin, and a
// balancer in front.
type pair struct {
	t        testing.TB
	redis    *redistest.Server
	balancer *balancer
	mail     *mailServer
	a, b     *stage
}

// startPair starts two instances. The setup says what both have beside.
func startPair(t testing.TB, s setup) *pair {
	t.Helper()
	p := &pair{t: t, redis: redistest.Single(t)}
	s.store = "redis " + p.redis.URL()
	s.global += "\nsecret " + newSecret()
	p.a, p.b = prepare(t, setup{}), prepare(t, setup{})
	p.b.mail, p.b.upstream, p.mail = p.a.mail, p.a.upstream, p.a.mail
	p.balancer = startBalancer(t, "127.0.0.1:"+p.a.port, "127.0.0.1:"+p.b.port)
	if s.site == "" {
		s.site = "allow *@example.com"
	}
	s.origin, s.site = p.balancer.origin, s.site+"\nurl "+p.balancer.origin
	for _, g := range p.instances() {
		s.address = "http://:" + g.port
		g.configure(s)
		g.run()
	}
	return p
}

func newSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return hex.EncodeToString(key)
}

func (p *pair) instances() []*stage { return []*stage{p.a, p.b} }

// visitor is a browser whose requests go through the balancer.
func (p *pair) visitor() *visitor { return newVisitor(p.t, p.balancer.origin, p.balancer.address) }

// at is the same browser with the same cookies, as if the balancer sent all its
// requests to one instance.
func (v *visitor) at(g *stage) *visitor {
	there := newVisitor(v.t, g.origin, "127.0.0.1:"+g.port)
	there.cookies, there.agent = v.cookies, v.agent
	return there
}

// trySignInByCode is trySignIn with the code.
func (g *stage) trySignInByCode(v *visitor, address string) error {
	a, err := v.try(v.form("/_doorpost/sign-in", "email", address))
	if err != nil {
		return err
	}
	if a.status != http.StatusSeeOther {
		return fmt.Errorf("asking for a code for %s: answered %d: %s", address, a.status, a.text())
	}
	m, ok := g.mail.next(address)
	if !ok {
		return fmt.Errorf("no message for %s came", address)
	}
	if a, err = v.try(v.form("/_doorpost/code", "code", m.code)); err != nil {
		return err
	}
	if _, value := v.sessionCookie(); a.status != http.StatusSeeOther || value == "" {
		return fmt.Errorf("redeeming the code of %s: answered %d: %s", address, a.status, a.text())
	}
	return nil
}

// isKnown fails the test unless a browser's requests pass as somebody's at
// both instances.
func (p *pair) isKnown(v *visitor, address string) {
	p.t.Helper()
	for _, g := range p.instances() {
		if got := v.at(g).open("/").echo(p.t).values("Remote-User"); len(got) != 1 || got[0] != address {
			p.t.Errorf("the app is told %q, want %s", got, address)
		}
	}
}

// endsSoon fails the test unless a session ends in time, and returns how long
// it took.
func (v *visitor) endsSoon(since time.Time, within time.Duration) time.Duration {
	v.t.Helper()
	ended := testkit.HoldsWithin(within, func() bool { return v.who() == "" })
	took := time.Since(since)
	if !ended || took > within {
		v.t.Errorf("a session that was ended goes on for %v", took)
	}
	v.do(v.script(http.MethodGet, "/")).isProblem(v.t, http.StatusUnauthorized)
	return took.Round(time.Millisecond)
}

// checkErrors fails the test if an instance logged errors.
func (p *pair) checkErrors() {
	p.t.Helper()
	for _, g := range p.instances() {
		if errors := g.loggedErrors(); len(errors) > 0 {
			p.t.Errorf("an instance logged errors: %s", strings.Join(errors, "\n"))
		}
	}
}
