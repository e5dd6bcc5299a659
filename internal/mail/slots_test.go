package mail

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// distant is a mailer whose service is silent about recipients of some domains, and takes its
// time for those of another.
type distant struct {
	*fakeMailer
	mu                  sync.Mutex
	silent, most, slept int
}

const (
	silentDomain = "silent" // and a number
	slowDomain   = "slow.example"
	slowTime     = 9 * time.Second
)

func (d *distant) Send(ctx context.Context, m Message) (Receipt, error) {
	domain := Mailbox{Address: m.To}.Domain()
	if strings.HasPrefix(domain, silentDomain) {
		domain = silentDomain
	}
	switch domain {
	case silentDomain:
		d.count(1)
		defer d.count(-1)
		<-ctx.Done()
		return Receipt{}, &SendError{Mailer: d.name, Temporary: true, AboutMessage: true, Err: context.Cause(ctx)}
	case slowDomain:
		d.slept++
		if !pause(ctx, slowTime) {
			return Receipt{}, &SendError{Mailer: d.name, Temporary: true, Err: context.Cause(ctx)}
		}
	}
	return d.fakeMailer.Send(ctx, m)
}

func (d *distant) count(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.silent += n
	d.most = max(d.most, d.silent)
}

func (d *distant) mostSilent() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.most
}

// However many there are, and however often they are tried again.
func TestMessagesToSilentServersKeepNoOthersWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		to := func(who string) string {
			return put(t, store, time.Hour, func(m *outbox.Message) { m.To = address.Address(who) })
		}
		var silent []string
		for i := range 200 {
			silent = append(silent, to(fmt.Sprintf("bob@%s%d.example", silentDomain, i)))
		}
		slow := to("carol@" + slowDomain)
		mailer := &distant{fakeMailer: &fakeMailer{name: "fake"}}
		w.courier(t, store, NewFailover(quiet, mailer), CourierOptions{})
		time.Sleep(time.Minute + slowTime) // 201 of them, eight every two seconds
		if m := look(t, store, slow); m.State != outbox.Sent || mailer.slept != 1 {
			t.Errorf("what is slow is %s after %d attempts: %s", m.State, mailer.slept, m.Problem)
		}
		for range 100 {
			id := to("alice@example.org")
			time.Sleep(time.Second)
			if m := look(t, store, id); m.State != outbox.Sent {
				t.Fatalf("after a second it is %s: %s", m.State, m.Problem)
			}
		}
		if most := mailer.mostSilent(); most < 48 || most > 56 { // eight may be about to end
			t.Errorf("%d run at once", most)
		}
		madeWay := 0
		for _, id := range silent {
			m := look(t, store, id)
			if m.State != outbox.Deferred || m.Copies != 0 {
				t.Fatalf("one to a silent server is %+v", m)
			}
			if strings.Contains(m.Problem, errMadeWay.Error()) {
				madeWay++
			}
		}
		if madeWay == 0 {
			t.Error("none made way")
		}
	})
}
