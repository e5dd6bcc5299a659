package acceptance

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	promised = 200 // messages
	deaths   = 20  // of processes, while they are asked for and sent
	askers   = 4
)

// A process that dies loses no message that it has promised, and the next one
// does not send it again and again.
func TestEveryPromisedMessageArrives(t *testing.T) {
	t.Parallel()
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		service := startSMTP(t, nil)
		g := service.sendsThrough(t, setup{site: "allow *", silent: true})
		dieWhileAsked(t, service, g)
	})
	t.Run("redis, two instances", func(t *testing.T) {
		t.Parallel()
		service := startMailgun(t, nil)
		p := startPair(t, setup{mailer: service.mailer, silent: true})
		dieWhileAsked(t, service, p.a, p.b)
	})
}

// dieWhileAsked kills gates at random moments while links are asked for, and
// starts each again. What was promised has to arrive.
func dieWhileAsked(t *testing.T, service *mailService, gates ...*stage) {
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
	var early []string // promised before the last death
	began := time.Now()
	for death := range deaths {
		soFar := death * promised / deaths
		p.allow((death + 1) * promised / deaths)
		after := soFar + 1 + random.IntN(promised/deaths-1)
		await(t, "promises", func() bool { return p.count() >= after || len(p.errors()) > 0 })
		if len(gates) == 1 {
			// Whether a message arrived that two processes died over, nobody can
			// know. The second death comes when those of the first are through.
			await(t, "messages from before the last death", func() bool { return len(service.missing(early)) == 0 })
		}
		g := gates[random.IntN(len(gates))]
		g.gate.kill()
		early = p.addresses()
		said.WriteString(g.gate.output())
		g.run()
	}
	await(t, "all promises", func() bool { return p.count() >= promised || len(p.errors()) > 0 })
	p.end()
	asking.Wait()
	p.check(t)
	lastDeath := time.Now()
	p.haveArrived(t, service)

	// What came since then is noted before anybody could send it once more.
	await(t, "the messages to be known as sent", func() bool {
		var all string
		for _, g := range gates {
			all += g.gate.output()
		}
		return service.areKnown(sentMessages(all), lastDeath)
	})
	for i, one := range p.made {
		if i%10 == 0 { // spread over all deaths
			v := gates[i/10%len(gates)].visitor().at(gates[i/10%len(gates)])
			v.cookies = one.cookies
			v.submit("/_doorpost/link", "token", service.at(one.address)[0].token).leadsTo(t, "/")
		}
	}
	for _, g := range gates {
		g.gate.stop()
		said.WriteString(g.gate.output())
	}
	for _, secret := range service.secrets() {
		if strings.Contains(said.String(), secret) {
			t.Error("a log has a token or a code in it")
		}
	}
	t.Logf("%d promised of %d asked for, %d deaths in %v, the last message %v after the last, %d extra copies",
		p.count(), p.asked, deaths, lastDeath.Sub(began).Round(time.Second), time.Since(lastDeath).Round(time.Second), service.checkCopies(t))
	if p.count() < promised {
		t.Errorf("%d messages were promised, not %d", p.count(), promised)
	}
}
