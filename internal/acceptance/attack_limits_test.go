package acceptance

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// trustLocal lets the test say where a visitor comes from, as a proxy in front
// does that is trusted.
func trustLocal(t *testing.T, g *stage) {
	t.Helper()
	replaceInFile(t, g.caddyfile(), "skip_install_trust\n", "skip_install_trust\nservers {\ntrusted_proxies static 127.0.0.1/32\ntrusted_proxies_strict\n}\n")
}

// Two hundred networks ask at the same time for one mailbox, each in another
// spelling.
func TestAttackRL01OneMailboxFromManyPeers(t *testing.T) {
	t.Parallel()
	const peers, limit = 200, 5
	g := prepare(t, setup{})
	g.configure(setup{silent: true, site: "allow *", limits: "limit client 10 1m\nlimit total 10000 1h"}) // limit address as it is
	trustLocal(t, g)
	g.run()
	random := rand.New(rand.NewPCG(11, 1))
	spell := func() string {
		local := ""
		for i, c := range "alice" {
			if i > 0 && random.IntN(3) == 0 {
				local += "."
			}
			local += string(c)
		}
		if random.IntN(2) == 0 {
			local += fmt.Sprintf("+tag%d", random.IntN(1000))
		}
		domain := []string{"gmail.com", "GMAIL.com", "googlemail.com"}[random.IntN(3)]
		if random.IntN(2) == 0 {
			local = strings.ToUpper(local)
		}
		return local + "@" + domain
	}
	answers := make([]string, peers)
	failed := make(chan error, peers)
	var asking sync.WaitGroup
	for i := range peers {
		v := g.visitor()
		r := v.form("/_doorpost/sign-in", "email", spell())
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.%d.%d", i/100, i%100+1))
		asking.Go(func() {
			a, err := v.try(r)
			if err != nil {
				failed <- err
				return
			}
			answers[i] = comparableAnswer(a)
		})
	}
	asking.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	for i, a := range answers {
		if a != answers[0] {
			t.Errorf("peer %d was answered\n%s\nand the first\n%s", i, a, answers[0])
		}
	}
	g.comesToRest()
	g.gate.stop()
	g.mail.mu.Lock()
	defer g.mail.mu.Unlock()
	if n := len(g.mail.messages); n == 0 || n > limit {
		t.Errorf("%d messages went to one mailbox, want at most %d", n, limit)
	}
}

// Whose word on the visitor's address counts is Caddy's to say. Without a
// trusted proxy nobody's does; behind one the nearest that it does not trust.
func TestAttackRL02TheAddressOfAVisitorIsNotTheirWord(t *testing.T) {
	t.Parallel()
	const limit = 5
	lies := func(random *rand.Rand) (name, value string) {
		names := []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Cf-Connecting-Ip", "True-Client-Ip", "X-Client-Ip", "Fastly-Client-Ip", "X-Cluster-Client-Ip", "X-Originating-Ip", "x_forwarded_for"}
		values := []string{
			fmt.Sprintf("198.51.%d.%d", random.IntN(255), random.IntN(255)), fmt.Sprintf("for=198.51.100.%d", random.IntN(255)), fmt.Sprintf("[2001:db8:%x::1]:443", random.IntN(1<<16)), "a", "", "127.0.0.1", "unknown", "-1", "0x7f.1",
			strings.Repeat(fmt.Sprintf("10.0.0.%d, ", random.IntN(255)), 100) + "10.0.0.1", fmt.Sprintf("198.51.100.%d, a", random.IntN(255)), fmt.Sprintf("198.51.100.%d:80, 127.0.0.1", random.IntN(255)),
		}
		return names[random.IntN(len(names))], values[random.IntN(len(values))]
	}
	for name, behind := range map[string]bool{"alone": false, "behind a proxy": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := prepare(t, setup{})
			g.configure(setup{silent: true, limits: fmt.Sprintf("limit client %d 1h", limit)})
			if behind {
				trustLocal(t, g)
			}
			g.run()
			random := rand.New(rand.NewPCG(12, 2))
			let := 0
			for range 60 {
				v := g.visitor()
				r := v.form("/_doorpost/sign-in", "email", "ada@example.com")
				header, value := lies(random)
				if behind {
					// The proxy adds the address that it saw, at the right.
					header, value = "X-Forwarded-For", value+", 203.0.113.7"
				}
				r.Header.Set(header, value)
				switch a := v.do(r); a.status {
				case http.StatusSeeOther:
					let++
				case http.StatusTooManyRequests:
				default:
					t.Errorf("with %s: %s the answer is %d", header, value, a.status)
				}
			}
			if let != limit {
				t.Errorf("%d requests of one network were taken, want %d", let, limit)
			}
		})
	}
}

// Somebody uses up what a victim's mailbox may get, and more than that. What the
// victim has already works, and so does everybody else's.
func TestAttackRL04NoLockOut(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	g.configure(setup{silent: true, limits: "limit client 50 1h\nlimit address 3 1h\nlimit total 1000 1h"})
	trustLocal(t, g)
	g.run()
	victim := g.visitor()
	here := g.visitor()
	here.ask("victim@example.com", "/")
	here.submit("/_doorpost/link", "token", g.mail.await("victim@example.com").token).leadsTo(t, "/")
	victim.ask("victim@example.com", "/wanted")
	m := g.mail.await("victim@example.com")
	attacker := g.visitor()
	for i := range 120 {
		r := attacker.form("/_doorpost/sign-in", "email", "victim@example.com")
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i/40))
		attacker.do(r)
		if i%10 == 0 {
			attacker.submit("/_doorpost/code", "code", "AAAA-AAAA").setsNoSession(t) // guesses of theirs count against theirs
		}
	}
	here.open("/").echo(t)
	victim.submit("/_doorpost/code", "code", m.code).leadsTo(t, "/wanted")
	other := g.visitor()
	r := other.form("/_doorpost/sign-in", "email", "other@example.com")
	r.Header.Set("X-Forwarded-For", "198.51.100.1")
	other.do(r).leadsTo(t, "/_doorpost/check-mail")
	other.submit("/_doorpost/link", "token", g.mail.await("other@example.com").token).leadsTo(t, "/")
	g.comesToRest()
	g.gate.stop()
	if n := len(g.mail.received("victim@example.com")); n > 4 { // the one that was used counts no more
		t.Errorf("%d messages went to the victim, want at most 3 beside the one that was used", n)
	}
}

// Many addresses from many networks end at the bound for all, and only new
// sign-ins notice.
func TestAttackRL05TheBillIsBounded(t *testing.T) {
	t.Parallel()
	const total = 20
	g := prepare(t, setup{})
	g.configure(setup{silent: true, site: "allow *", limits: fmt.Sprintf("limit client 100 1h\nlimit address 5 1h\nlimit total %d 1h", total)})
	trustLocal(t, g)
	g.run()
	member, asked := g.signedIn("member@example.com"), g.visitor()
	asked.ask("asked@example.com", "/")
	m := g.mail.await("asked@example.com")
	v := g.visitor()
	for i := range 200 {
		r := v.form("/_doorpost/sign-in", "email", fmt.Sprintf("u%d@h%d.example", i, i%7))
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.%d.113.1", i%250))
		v.do(r).leadsTo(t, "/_doorpost/check-mail")
		clear(v.cookies)
	}
	member.open("/").echo(t)
	asked.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
	g.comesToRest()
	g.gate.stop()
	g.mail.mu.Lock()
	defer g.mail.mu.Unlock()
	if n := len(g.mail.messages); n > total {
		t.Errorf("%d messages were sent, want at most %d", n, total)
	}
	if !strings.Contains(g.gate.Output(), "total") {
		t.Error("the log does not say that the bound for all was met")
	}
}

// A limit is not forgotten by a restart, and none is lifted by a store that is
// not there.
func TestAttackRL07LimitsOutliveRestarts(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	for name, s := range map[string]setup{"bolt": {}, "redis": {store: patientRedis(server.URL()), global: "secret " + newSecret()}} {
		t.Run(name, func(t *testing.T) {
			s.silent, s.limits = true, "limit client 4 1h"
			g := start(t, s)
			for range 4 {
				g.visitor().ask("ada@example.com", "/").leadsTo(t, "/_doorpost/check-mail")
			}
			refused := func() {
				t.Helper()
				v := g.visitor()
				a := v.ask("bob@example.com", "/").is(t, http.StatusTooManyRequests)
				if a.header.Get("Retry-After") == "" {
					t.Error("there is no Retry-After")
				}
			}
			refused()
			g.restart()
			refused()
			if name == "redis" {
				server.Kill()
				v := g.visitor()
				v.comeBackLater(v.form("/_doorpost/sign-in", "email", "bob@example.com"))
			}
			g.gate.stop()
			if n := len(g.mail.received("bob@example.com")); n != 0 {
				t.Errorf("%d messages were sent over the limit", n)
			}
		})
	}
}
