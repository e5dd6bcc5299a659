package acceptance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// gmailSpellings are ten ways to write one mailbox at Gmail.
func gmailSpellings(random *rand.Rand, local string) (list []string) {
	seen := make(map[string]bool)
	for len(list) < 10 {
		var dotted strings.Builder
		for i, c := range local {
			if i > 0 && random.IntN(3) == 0 {
				dotted.WriteByte('.')
			}
			if random.IntN(3) == 0 {
				c = c - 'a' + 'A'
			}
			dotted.WriteRune(c)
		}
		if random.IntN(2) == 0 {
			fmt.Fprintf(&dotted, "+tag%d", random.IntN(1000))
		}
		spelling := dotted.String() + "@" + []string{"gmail.com", "GMAIL.com", "Gmail.Com"}[random.IntN(3)]
		if !seen[spelling] {
			seen[spelling] = true
			list = append(list, spelling)
		}
	}
	return list
}

// networks are addresses of clients, each of another network: an IPv4 address,
// or an IPv6 /64.
func networks(n int) (list []string) {
	for i := range n {
		if i%2 == 0 {
			list = append(list, fmt.Sprintf("203.0.%d.%d", i/200, i%200+1))
		} else {
			list = append(list, fmt.Sprintf("2001:db8:%x:%x::%x", i/16, i%16, i+1))
		}
	}
	return list
}

// askFrom asks for a link from each network at the same time, and returns the
// answers as far as they may not differ.
func askFrom(t *testing.T, g *stage, clients []string, address func(i int) string) []string {
	t.Helper()
	answers := make([]string, len(clients))
	failed := make(chan error, len(clients))
	var asking sync.WaitGroup
	for i, client := range clients {
		v := g.visitor()
		r := v.form("/_doorpost/sign-in", "email", address(i), "to", "/")
		r.Header.Set("X-Forwarded-For", client)
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
		t.Fatal(err)
	}
	return answers
}

// Two hundred networks ask for one mailbox in ten spellings. It gets as many
// messages as the limit allows, somebody who is not allowed gets none, and all
// are answered alike.
func TestMailboxGetsNoMoreThanItsLimitFromManyNetworks(t *testing.T) {
	t.Parallel()
	const asking, limit = 200, 5 // messages in 15 minutes, as it is by default
	server := redistest.Single(t)
	for name, s := range map[string]setup{"bolt": {}, "redis": {store: patientRedis(server.URL()), global: "secret " + newSecret()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(5, 200))
			s.silent, s.site, s.limits = true, "allow *@gmail.com", "limit total 10000 1h"
			g := prepare(t, setup{})
			g.configure(s)
			trustLocal(t, g)
			g.run()
			ways, clients := gmailSpellings(random, "alice"), networks(2*asking)
			answers := askFrom(t, g, clients[:asking], func(i int) string { return ways[i%len(ways)] })
			answers = append(answers, askFrom(t, g, clients[asking:], func(int) string { return "eve@example.net" })...)
			for i, a := range answers {
				if a != answers[0] {
					t.Fatalf("request %d was answered\n%s\nand the first\n%s", i, a, answers[0])
				}
			}
			g.comesToRest()
			g.gate.stop()
			g.mail.mu.Lock()
			defer g.mail.mu.Unlock()
			mailbox := 0
			for _, m := range g.mail.messages {
				for _, to := range m.recipients {
					switch _, domain, _ := strings.Cut(to, "@"); domain {
					case "gmail.com":
						mailbox++
					case "example.net":
						t.Errorf("%s got a message, and is not allowed", to)
					}
				}
			}
			if mailbox != limit {
				t.Errorf("the mailbox got %d messages, want %d", mailbox, limit)
			}
		})
	}
}
