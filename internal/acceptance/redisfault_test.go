package acceptance

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const (
	// refusalTime is how long the gate may take to say that it cannot do
	// something now.
	refusalTime = 3 * time.Second
	// recoveryTime is how soon people can sign in once Redis answers again.
	recoveryTime = 5 * time.Second
)

// comeBackLater fails the test unless a request is answered in time that this
// cannot be done now, with all that answers have to have. It returns how long
// that took.
func (v *visitor) comeBackLater(r *http.Request) time.Duration {
	v.t.Helper()
	began := time.Now()
	a, _ := v.try(r) // the error says that it is a server error
	took := time.Since(began)
	a.is(v.t, http.StatusServiceUnavailable).setsNoCookieBut(v.t, "doorpost-"+r.URL.Port())
	if took > refusalTime {
		v.t.Errorf("%s %s was refused after %v", r.Method, r.URL, took)
	}
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds < 1 || seconds > 60 {
		v.t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
	}
	a.status = http.StatusOK // the rest is as it always is
	if flaw := a.flaw(); flaw != "" {
		v.t.Errorf("%s %s: %s", r.Method, r.URL, flaw)
	}
	return took.Round(time.Millisecond)
}

// setsNoCookieBut fails the test if another cookie is set: a link that was
// redeemed while Redis hung may have made a session.
func (a answer) setsNoCookieBut(t testing.TB, allowed string) {
	t.Helper()
	for _, line := range a.header.Values("Set-Cookie") {
		if name, _, _ := strings.Cut(line, "="); name != allowed {
			t.Errorf("a cookie was set: %s", line)
		}
	}
}

// outage is two instances whose Redis fails them.
type outage struct {
	*pair
	seen     *visitor // signed in as ada, seen by both instances
	unseen   *visitor // signed in as bob at B, not seen by A
	asked    *visitor // asked as eve and did not redeem yet
	link     message  // of eve
	redeemed string   // token of a link that was used
}

func startOutage(t testing.TB) *outage {
	t.Helper()
	o := &outage{pair: startPair(t, setup{})}
	o.seen, o.unseen, o.asked = o.visitor(), o.visitor(), o.visitor()
	o.seen.at(o.a).ask("ada@example.com", "/")
	o.redeemed = o.mail.await("ada@example.com").token
	o.seen.at(o.b).submit("/_doorpost/link", "token", o.redeemed).leadsTo(t, "/")
	o.isKnown(o.seen, "ada@example.com")
	o.b.signIn(o.unseen.at(o.b), "bob@example.com", "/")
	o.asked.at(o.a).ask("eve@example.com", "/")
	o.link = o.mail.await("eve@example.com")
	return o
}

// lasts checks what works and what does not while Redis is not there.
func (o *outage) lasts() {
	o.t.Helper()
	// After this time an instance relies no more on what it knows: it asks.
	onA, onB, began := o.seen.at(o.a), o.seen.at(o.b), time.Now()
	await(o.t, "both instances to find that Redis is not there", func() bool {
		onA.open("/").echo(o.t)
		onB.open("/").echo(o.t)
		return time.Since(began) > session.Freshness+time.Second
	})
	o.isKnown(o.seen, "ada@example.com")
	hits := o.a.upstream.count()
	unseen := o.unseen.twin().at(o.a)
	o.t.Logf("a program was refused after %v", unseen.comeBackLater(unseen.script(http.MethodGet, "/")))
	unseen.comeBackLater(unseen.navigate("/"))
	began = time.Now()
	unseen.open("/_doorpost/sign-in").is(o.t, http.StatusOK)
	for _, g := range o.instances() {
		v := o.visitor().at(g)
		v.do(v.script(http.MethodGet, "/")).isProblem(o.t, http.StatusUnauthorized)
		v.open("/x?y").leadsTo(o.t, "/_doorpost/sign-in?to=%2Fx%3Fy")
		v.open("/_doorpost/sign-in?to=%2Fx%3Fy").is(o.t, http.StatusOK)
		v.open("/_doorpost/link").is(o.t, http.StatusOK)
		if took := time.Since(began); took > refusalTime {
			o.t.Errorf("pages that need no store took %v", took)
		}
		o.t.Logf("asking was refused after %v", v.comeBackLater(v.form("/_doorpost/sign-in", "email", "new@example.com", "to", "/")))
		began = time.Now()
	}
	redeeming := o.asked.at(o.a)
	o.t.Logf("redeeming was refused after %v", redeeming.comeBackLater(redeeming.form("/_doorpost/link", "token", o.link.token)))
	if o.a.upstream.count() != hits {
		o.t.Error("the app was reached by somebody who is not known to be signed in")
	}
	o.isKnown(o.seen, "ada@example.com")
}

// ends waits until somebody can sign in at each instance, and checks that it
// was soon.
func (o *outage) ends(since time.Time) {
	o.t.Helper()
	for _, g := range o.instances() {
		v := o.visitor().at(g)
		await(o.t, "somebody to be able to sign in", func() bool {
			_, err := g.trySignIn(v, "new@example.com", "/")
			return err == nil
		})
		took := time.Since(since)
		o.t.Logf("somebody could sign in after %v", took.Round(time.Millisecond))
		if took > recoveryTime {
			o.t.Errorf("somebody could sign in only after %v", took)
		}
		o.isKnown(v, "new@example.com")
	}
	// Each sign-in took the one message that came for it: asking in vain sent none.
	for _, g := range o.instances() {
		g.gate.stop()
	}
	if sent := len(o.mail.received("new@example.com")); sent != len(o.instances()) {
		o.t.Errorf("%d messages were sent for %d requests that were accepted", sent, len(o.instances()))
	}
}

func TestRedisThatHangsAndGoesOnSignsNobodyOut(t *testing.T) {
	t.Parallel()
	o := startOutage(t)
	o.redis.Pause(t)
	o.lasts()
	resumed := time.Now()
	o.redis.Resume(t)
	defer o.ends(resumed)
	await(t, "the session that was not seen to count", func() bool {
		a, err := o.unseen.at(o.a).try(o.unseen.navigate("/"))
		return err == nil && a.isUpstream()
	})
	t.Logf("a session that was not seen before counted after %v", time.Since(resumed).Round(time.Millisecond))
	await(t, "the other instance to work again", func() bool {
		a, err := o.unseen.at(o.b).try(o.unseen.navigate("/"))
		return err == nil && a.isUpstream()
	})
	o.isKnown(o.seen, "ada@example.com")
	// Redis got the step that redeems the link and did it, to nobody's
	// knowledge, or did not. Trying again goes on from there.
	o.asked.at(o.b).submit("/_doorpost/link", "token", o.link.token)
	o.isKnown(o.asked, "eve@example.com")
	// The instances hear of ends again.
	ended := time.Now()
	copied := o.seen.twin()
	o.seen.at(o.a).submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	t.Logf("after the outage a session ended elsewhere within %v", copied.at(o.b).endsSoon(ended, revocationTime))
}

func TestRedisThatDiesAndComesBackEmptyKnowsNobody(t *testing.T) {
	t.Parallel()
	o := startOutage(t)
	o.redis.Kill()
	o.lasts()
	o.redis.Restart(t)
	back := time.Now()
	for _, g := range o.instances() {
		for _, v := range []*visitor{o.seen, o.unseen} {
			t.Logf("a session was gone after %v", v.twin().at(g).endsSoonAfterOutage(back))
		}
		for _, token := range []string{o.redeemed, o.link.token} {
			v := o.seen.at(g)
			if a := v.submit("/_doorpost/link", "token", token).setsNoSession(t); a.status < 400 {
				t.Errorf("a link that Redis forgot is answered %d", a.status)
			}
		}
	}
	o.ends(back)
}

// endsSoonAfterOutage is endsSoon for a session of which nothing can be told at
// first.
func (v *visitor) endsSoonAfterOutage(since time.Time) time.Duration {
	v.t.Helper()
	testkit.HoldsWithin(recoveryTime, func() bool {
		who, err := v.tryWho()
		return err == nil && who == ""
	})
	return v.endsSoon(since, recoveryTime)
}
