package acceptance

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// A Redis that was not reachable for a while and has all that it had is no
// reason to refuse a session that was seen, neither while it is away nor at the
// moment when it comes back.
func TestConnectionToRedisThatIsCutAndMendedFailsNoKnownSession(t *testing.T) {
	t.Parallel()
	const visitors = 2
	server := redistest.Single(t)
	between := redistest.Between(t, server)
	g := start(t, setup{store: "redis " + between.URL(), global: "secret " + newSecret(), silent: true})
	var served atomic.Int64
	stop, failed := make(chan struct{}), make(chan error, visitors+1)
	for i := range visitors {
		who := fmt.Sprintf("member%d@example.com", i)
		v := g.signedIn(who)
		v.open("/").echo(t) // now the session was seen
		go func() { failed <- keepVisiting(v, who, &served, stop) }()
	}
	go func() { failed <- g.keepAskingInVain(stop) }()
	awaitTime := func(d time.Duration) {
		began := time.Now()
		await(t, "requests for a while", func() bool { return time.Since(began) > d || len(failed) > 0 })
	}
	between.Cut()
	awaitTime(session.Freshness + time.Second) // so that the gate asks in vain
	between.Mend(t)
	awaitTime(time.Second)
	close(stop)
	for range visitors + 1 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d requests", served.Load())
}

// keepAskingInVain asks for links as people do while nobody can sign in, and
// so keeps the gate trying.
func (g *stage) keepAskingInVain(stop <-chan struct{}) error {
	v := g.visitor()
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		a, err := v.try(v.form("/_doorpost/sign-in", "email", "new@example.com"))
		if err != nil && a.status != http.StatusServiceUnavailable {
			return err
		}
	}
}
