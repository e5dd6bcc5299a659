package acceptance

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// promises are the requests for a link that the gate has answered, each for
// another address. What is answered is promised; what is not may or may not be.
type promises struct {
	mu      sync.Mutex
	asked   int
	made    []promise
	flaws   []error
	allowed int  // how many may be made by now
	over    bool // nothing more is asked for
}

type promise struct {
	address string
	cookies map[string]string // of the browser that asked
}

func (p *promises) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.made)
}

func (p *promises) addresses() (list []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.made {
		list = append(list, one.address)
	}
	return list
}

// allow lets askers go on until there are as many promises.
func (p *promises) allow(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = n
}

func (p *promises) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
}

// next is an address that nobody has asked for, or none if it is not the time.
func (p *promises) next() (address string, over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || len(p.made) >= p.allowed {
		return "", p.over
	}
	p.asked++
	return fmt.Sprintf("n%03d@example.com", p.asked), false
}

func (p *promises) take(address string, v *visitor, a answer, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil:
		p.flaws = append(p.flaws, err)
	case a.status != http.StatusSeeOther || a.location() != "/_doorpost/check-mail":
		p.flaws = append(p.flaws, fmt.Errorf("asking for %s was answered %d: %s", address, a.status, a.text()))
	default:
		p.made = append(p.made, promise{address, maps.Clone(v.cookies)})
	}
}

// keepAsking asks the gates in turn until the end. It is false if nothing was
// to be done for too long.
func (p *promises) keepAsking(gates ...*visitor) bool {
	for turn := 0; ; turn++ {
		address, over := "", false
		if !testkit.HoldsWithin(deliveryPatience, func() (asked bool) {
			if address == "" {
				address, over = p.next()
			}
			if address == "" {
				return over
			}
			v := gates[turn%len(gates)]
			clear(v.cookies)
			r := v.form("/_doorpost/sign-in", "email", address, "to", "/")
			delete(r.Header, "Idempotency-Key") // sent twice, it would be two requests
			a, err := v.try(r)
			if dial := (*net.OpError)(nil); errors.As(err, &dial) && dial.Op == "dial" {
				turn++ // no process takes it: perhaps the next gate does
				return false
			}
			if a.status != 0 { // otherwise the process died before it answered
				p.take(address, v, a, err)
			}
			return true
		}) {
			return false
		}
		if over {
			return true
		}
	}
}

// check fails the test if anything was answered as it should not be.
func (p *promises) check(t testing.TB) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, flaw := range p.flaws {
		t.Error(flaw)
	}
}

// keep asks for as many links as given, one after the other.
func (p *promises) keep(t testing.TB, n int, gates ...*visitor) {
	t.Helper()
	p.allow(n)
	var asking sync.WaitGroup
	asking.Go(func() { p.keepAsking(gates...) })
	await(t, fmt.Sprintf("%d promises", n), func() bool { return p.count() >= n || len(p.errors()) > 0 })
	p.end()
	asking.Wait()
	p.check(t)
}

func (p *promises) errors() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.flaws)
}
