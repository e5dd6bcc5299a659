package acceptance

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// acknowledged is what the gate told visitors that it did, before it died.
type acknowledged struct {
	mu       sync.Mutex
	signedIn []*visitor
	names    []string
	redeemed []string // tokens of links
	signOuts []*visitor
}

func (a *acknowledged) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.signedIn)
}

// load signs people in until the gate dies, and notes what was acknowledged. It
// returns what went wrong while the gate lived.
func (g *stage) load(worker, round int, done *acknowledged, dead <-chan struct{}) error {
	for i := 0; ; i++ {
		v := g.visitor()
		name := fmt.Sprintf("w%d-r%d-i%d@example.com", worker, round, i)
		if _, err := v.try(v.form("/_doorpost/sign-in", "email", name, "to", "/")); err != nil {
			return unlessDead(dead, err)
		}
		var m message
		arrived := testkit.HoldsWithin(patience, func() bool {
			select {
			case <-dead:
				return true
			default:
			}
			all := g.mail.received(name)
			if len(all) > 0 {
				m = all[0]
			}
			return len(all) > 0
		})
		if m.token == "" {
			if arrived {
				return nil
			}
			return fmt.Errorf("no message for %s came", name)
		}
		a, err := v.try(v.form("/_doorpost/link", "token", m.token))
		if err != nil {
			return unlessDead(dead, err)
		}
		if a.status != http.StatusSeeOther {
			return fmt.Errorf("redeeming the link of %s was answered %d: %s", name, a.status, a.text())
		}
		signOut := (i+worker)%3 == 2
		if signOut {
			// The thief's copy is what must not work again.
			copied := v.twin()
			if _, err := v.try(v.form("/_doorpost/sign-out")); err != nil {
				return unlessDead(dead, err)
			}
			v = copied
		}
		done.mu.Lock()
		done.redeemed = append(done.redeemed, m.token)
		if signOut {
			done.signOuts = append(done.signOuts, v)
		} else {
			done.signedIn, done.names = append(done.signedIn, v), append(done.names, name)
		}
		done.mu.Unlock()
	}
}

// unlessDead is the error, if the gate is alive.
func unlessDead(dead <-chan struct{}, err error) error {
	// The connection breaks a moment before the end of the process is known.
	if testkit.HoldsWithin(patience, func() bool {
		select {
		case <-dead:
			return true
		default:
			return false
		}
	}) {
		return nil
	}
	return err
}

func TestSuddenDeathLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	const rounds, workers, signIns = 10, 4, 6
	g := start(t, setup{silent: true})
	done := new(acknowledged)
	for round := range rounds {
		dead := make(chan struct{})
		failed := make(chan error, workers)
		for worker := range workers {
			go func() { failed <- g.load(worker, round, done, dead) }()
		}
		before := done.count()
		await(t, "sign-ins to be acknowledged", func() bool { return done.count() >= before+signIns })
		g.gate.kill()
		close(dead)
		for range workers {
			if err := <-failed; err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		g.run()
	}
	t.Logf("%d sessions, %d sign-outs, %d links", len(done.signedIn), len(done.signOuts), len(done.redeemed))
	for i, v := range done.signedIn {
		if who := v.who(); who != done.names[i] {
			t.Errorf("the session of %s did not survive; it says %q", done.names[i], who)
		}
	}
	for _, v := range done.signOuts {
		if who := v.who(); who != "" {
			t.Errorf("the session of %s came back after its end", who)
		}
	}
	v := g.visitor()
	for _, token := range done.redeemed {
		v.submit("/_doorpost/link", "token", token).is(t, http.StatusGone).setsNoSession(t)
	}
	if errors := g.loggedErrors(); len(errors) > 0 {
		t.Errorf("the gate logged errors: %s", strings.Join(errors, "\n"))
	}
}
