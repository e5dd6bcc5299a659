package acceptance

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"
)

// roster is who was told that they are signed in, while instances come and go.
type roster struct {
	mu       sync.Mutex
	sessions []rosterEntry
	requests int
}

type rosterEntry struct {
	address string
	cookies map[string]string
}

func (r *roster) note(e rosterEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions = append(r.sessions, e)
}

func (r *roster) served() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
}

func (r *roster) count() (sessions, requests int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions), r.requests
}

// keepComing signs new people in, by link and by code in turn, and uses each
// session, until it is told to stop.
func (p *pair) keepComing(worker int, done *roster, stop <-chan struct{}) error {
	const visits = 8
	v := p.visitor()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		clear(v.cookies)
		address, err := fmt.Sprintf("w%d-i%d@example.com", worker, i), error(nil)
		if (worker+i)%2 == 0 {
			_, err = p.a.trySignIn(v, address, "/")
		} else {
			err = p.a.trySignInByCode(v, address)
		}
		if err != nil {
			return fmt.Errorf("signing in as %s: %w", address, err)
		}
		done.note(rosterEntry{address, maps.Clone(v.cookies)})
		for range visits {
			a, err := v.try(v.navigate("/app"))
			if err != nil {
				return fmt.Errorf("a request of %s: %w", address, err)
			}
			if !a.isUpstream() || !strings.Contains(a.body, "Remote-User: "+address) {
				return fmt.Errorf("a request of %s was answered %d: %s", address, a.status, a.text())
			}
			done.served()
		}
	}
}

func TestRollingRestartFailsNoRequestAndLosesNoSession(t *testing.T) {
	t.Parallel()
	const rounds, visitors = 2, 8
	p := startPair(t, setup{silent: true})
	done := new(roster)
	stop, failed := make(chan struct{}), make(chan error, visitors)
	for worker := range visitors {
		go func() { failed <- p.keepComing(worker, done, stop) }()
	}
	awaitWork := func() {
		sessions, requests := done.count()
		await(t, "sign-ins and requests", func() bool {
			s, r := done.count()
			return s >= sessions+visitors && r >= requests+10*visitors || len(failed) > 0
		})
	}
	awaitWork()
	for range rounds {
		for i, g := range p.instances() {
			began := time.Now()
			g.gate.stop()
			stopped := time.Now()
			p.checkErrors()
			awaitWork() // with one instance
			starting := time.Now()
			g.run()
			t.Logf("instance %d stopped within %v and started within %v", i, stopped.Sub(began).Round(time.Millisecond),
				time.Since(starting).Round(time.Millisecond))
			awaitWork()
		}
	}
	close(stop)
	for range visitors {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	sessions, requests := done.count()
	t.Logf("%d sign-ins, %d requests, %d connections passed over, %d cut", sessions, requests, p.balancer.passed.Load(), p.balancer.cuts.Load())
	if cuts := p.balancer.cuts.Load(); cuts > rounds*2*visitors {
		t.Errorf("%d connections were cut, more than restarts account for", cuts)
	}
	if p.balancer.passed.Load() == 0 {
		t.Error("no instance was ever down")
	}
	for _, g := range p.instances() {
		v := p.visitor().at(g)
		for _, session := range done.sessions {
			v.cookies = maps.Clone(session.cookies)
			if who := v.who(); who != session.address {
				t.Errorf("the session of %s is lost; it says %q", session.address, who)
			}
		}
	}
	p.checkErrors()
}
