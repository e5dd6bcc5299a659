package acceptance

import (
	"net/http"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const pending = 100 // messages, while the mail service does not answer

// deaf makes a service deaf until the returned function is called. It takes
// then what it was given before, also from those who did not wait for that.
func deaf(t testing.TB) (hear func(), wait func()) {
	heard := make(chan struct{})
	hear = sync.OnceFunc(func() { close(heard) })
	t.Cleanup(hear)
	return hear, func() { <-heard }
}

// A reload while messages wait loses none, whatever becomes of the attempts
// that it breaks off.
func TestReloadLosesNoMessageThatWaits(t *testing.T) {
	t.Parallel()
	hear, wait := deaf(t)
	service := startMailgun(t, func(http.ResponseWriter, *http.Request, string, int) bool {
		wait()
		return true
	})
	t.Cleanup(hear)
	g := service.sendsThrough(t, setup{silent: true})
	p := new(promises)
	p.keep(t, pending, g.visitor())
	await(t, "messages to be sent", func() bool { return service.asked() > 0 })
	next := g.setup
	next.site = "allow *@example.com\npublic /new/*"
	g.configure(next)
	if code, output := runToEnd(t, g.home, "reload", "--config", g.caddyfile(), "--address", g.admin); code != 0 {
		t.Fatalf("the reload ended with %d: %s", code, output)
	}
	g.visitor().open("/new/x").echo(t)
	if len(service.missing(p.addresses())) != pending {
		t.Error("a deaf service took a message")
	}
	hear()
	p.haveArrived(t, service, g)
	g.gate.stop()
	service.checkCopies(t)
}

// Two instances are restarted one after the other while messages wait.
func TestRollingRestartLosesNoMessageThatWaits(t *testing.T) {
	t.Parallel()
	hear, wait := deaf(t)
	service := startSMTP(t, func(at testkit.MailStep, _ string, _ int) string {
		if at == testkit.AtDot {
			wait()
		}
		return ""
	})
	t.Cleanup(hear)
	p := startPair(t, setup{mailer: service.mailer, silent: true})
	asked := new(promises)
	asked.keep(t, pending, p.visitor().at(p.a), p.visitor().at(p.b))
	for _, g := range p.instances() {
		g.restart()
	}
	if len(service.missing(asked.addresses())) != pending {
		t.Error("a deaf service took a message")
	}
	hear()
	asked.haveArrived(t, service, p.a)
	for _, g := range p.instances() {
		g.gate.stop()
	}
	service.checkCopies(t)
}
