package acceptance

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const (
	promised = 200 // messages
	askers   = 4
)

// A process that dies loses no message that it has promised, and the next one
// does not send it again and again. Of two processes that die over the same
// message nobody can know whether it came, and there is no third attempt: so the
// next death comes when what the last one left in doubt is done. With two
// instances that takes the seconds until the other notices.
func TestEveryPromisedMessageArrives(t *testing.T) {
	t.Parallel()
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		service := startSMTP(t, nil)
		g := service.sendsThrough(t, setup{site: "allow *", silent: true})
		dieWhileAsked(t, service, 20, g)
	})
	t.Run("redis, two instances", func(t *testing.T) {
		t.Parallel()
		service := startMailgun(t, nil)
		p := startPair(t, setup{mailer: service.mailer, silent: true})
		dieWhileAsked(t, service, 20, p.a, p.b)
	})
}

// dieWhileAsked kills gates at random moments while links are asked for, and
// starts each again. What was promised has to arrive.
func dieWhileAsked(t *testing.T, service *mailService, deaths int, gates ...*stage) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	t.Logf("random seed %d", seed)
	p := new(promises)
	var asking sync.WaitGroup
	for i := range askers {
		var visitors []*visitor
		for j := range gates {
			visitors = append(visitors, gates[(i+j)%len(gates)].visitor().at(gates[(i+j)%len(gates)]))
		}
		asking.Go(func() { p.keepAsking(visitors...) })
	}
	var said strings.Builder
	doubt := make(map[string]bool) // messages that the last death may have kept from being noted as sent
	began := time.Now()
	for death := range deaths {
		if !testkit.HoldsWithin(deliveryPatience, func() bool {
			return !slices.ContainsFunc(gates[0].fates(), func(m fate) bool { return doubt[m.ID] && m.Waiting })
		}) {
			t.Fatal("what a process was sending as it died is not sent by another")
		}
		soFar := death * promised / deaths
		p.allow((death + 1) * promised / deaths)
		after := soFar + 1 + random.IntN(promised/deaths-1)
		await(t, "promises", func() bool { return p.count() >= after || len(p.errors()) > 0 })
		g := gates[random.IntN(len(gates))]
		g.gate.kill()
		said.WriteString(g.gate.Output())
		g.run()
		clear(doubt)
		for _, m := range g.fates() {
			doubt[m.ID] = m.Waiting && m.Attempts > 0
		}
	}
	await(t, "all promises", func() bool { return p.count() >= promised || len(p.errors()) > 0 })
	p.end()
	asking.Wait()
	p.check(t)
	lastDeath := time.Now()
	p.haveArrived(t, service, gates[0])
	for i, one := range p.made {
		if i%10 == 0 { // spread over all deaths
			v := gates[i/10%len(gates)].visitor().at(gates[i/10%len(gates)])
			v.cookies = one.cookies
			v.submit("/_doorpost/link", "token", service.at(one.address)[0].token).leadsTo(t, "/")
		}
	}
	for _, g := range gates {
		g.gate.stop()
		said.WriteString(g.gate.Output())
	}
	for _, secret := range service.secrets() {
		if strings.Contains(said.String(), secret) {
			t.Error("a log has a token or a code in it")
		}
	}
	service.checkCopies(t)
	t.Logf("%d promised of %d asked for, %d deaths within %v, all done %v after the last",
		p.count(), p.asked, deaths, lastDeath.Sub(began).Round(time.Second), time.Since(lastDeath).Round(time.Second))
	if p.count() < promised {
		t.Errorf("%d messages were promised, not %d", p.count(), promised)
	}
}
