package main

import (
	"fmt"
	"math"
	"net/http"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/redis/go-redis/v9"
)

// How many people sign in in one round, how many of them at a time, and how
// many bare looks into Redis are made.
const (
	wholeSignIns = 1000
	visitors     = 16
	bareLooks    = 50_000
)

// What the needs are computed for: so many sign-ins, and machines that are
// busy half of the time, so that one may fail and a peak may come.
const (
	signInsAnHour  = 1_000_000
	requestsEach   = 100 // gated ones, of everybody who signed in, in that hour
	coresAnMachine = 2
	busy           = 0.5
)

// costs is what was measured, in seconds of CPU.
type costs struct {
	signIn      float64 // of the gate, for one sign-in
	gated       float64 // of the gate, for one request through reverse_proxy
	redisSignIn float64 // of Redis, for one sign-in
	redisCheck  float64 // of Redis, for one look for a session
	calls       float64 // of scripts, for one sign-in
}

// measureScaling has people sign in over HTTP, with Redis and a mail server,
// and computes what many of them would need.
func (s *stand) measureScaling() (section, error) {
	c, err := s.wholeSignIns()
	if err != nil {
		return section{}, err
	}
	if len(s.figures.gated.cpu) == 0 { // picked alone
		if _, err := s.measureProxied(); err != nil {
			return section{}, err
		}
	}
	c.gated = s.figures.gated.cpu.median()
	return section{title: "From one machine to many", lines: c.lines()}, nil
}

func (c costs) lines() []string {
	perSecond := float64(signInsAnHour) / 3600
	gate := perSecond * (c.signIn + requestsEach*c.gated)
	redis := perSecond * (c.redisSignIn + requestsEach*c.redisCheck)
	return []string{
		fmt.Sprintf("One sign-in, from the first request to the app, with all pages, mail by SMTP, and Redis: %.2f ms of CPU of the gate, %.3f ms of Redis, %.1f scripts in Redis.",
			c.signIn*1e3, c.redisSignIn*1e3, c.calls),
		fmt.Sprintf("One gated request through `reverse_proxy`, Caddy's own work included: %.1f µs of CPU. One look for a session in Redis: %.1f µs of CPU of Redis.", c.gated*1e6, c.redisCheck*1e6),
		fmt.Sprintf("One core carries %.0f sign-ins or %.0f gated requests a second. One Redis carries %.0f sign-ins or %.0f looks a second.",
			1/c.signIn, 1/c.gated, 1/c.redisSignIn, 1/c.redisCheck),
		fmt.Sprintf("%s sign-ins an hour are %.0f a second. With %d gated requests of each person in that hour that is %.1f cores of gates: %d instances with %d cores each, busy %.0f %% of the time.",
			thousands(signInsAnHour), perSecond, requestsEach, gate, needed(gate, coresAnMachine*busy), coresAnMachine, busy*100),
		fmt.Sprintf("If none of these requests is answered from the cache of an instance, Redis is busy %.0f %% of one core: %d Redis, busy %.0f %% of the time at most. If all are, %.0f %%.",
			100*redis, needed(redis, busy), busy*100, 100*perSecond*c.redisSignIn),
	}
}

// needed is how many of something with a capacity it takes, one at least.
func needed(demand, capacity float64) int { return max(int(math.Ceil(demand/capacity)), 1) }

// wholeSignIns measures all but gated.
func (s *stand) wholeSignIns() (c costs, err error) {
	server, err := redistest.Start()
	if err != nil {
		return c, err
	}
	defer server.Kill()
	mail, err := startMailbox()
	if err != nil {
		return c, err
	}
	defer mail.server.Close()
	at, err := newPlace()
	if err != nil {
		return c, err
	}
	g, err := s.start(at, setup{
		gated: true, behind: respond, store: "redis " + server.URL(), mailer: "mailer smtp " + mail.address + " {\ntls off\n}",
	}, refusedProgram)
	if err != nil {
		return c, err
	}
	defer g.stop()
	assets, err := assetsOf(g, "/_doorpost/sign-in")
	if err != nil {
		return c, err
	}
	if len(assets) != 1 {
		return c, fmt.Errorf("the sign-in page loads %d things, not its script alone", len(assets))
	}
	transport := &http.Transport{MaxIdleConnsPerHost: visitors}
	defer transport.CloseIdleConnections()
	n := s.size(wholeSignIns)
	var rounds [3]series
	for round := range min(s.rounds, maxStarts) + 1 {
		spent, err := spentBy(g, server, func() error {
			_, err := inParallel(visitors, n, func(i int) error {
				b, err := newBrowser("http://"+g.host, transport)
				if err != nil {
					return err
				}
				return b.signIn(s.ctx, mail, fmt.Sprintf("person-%d-%d@example.com", round, i), assets[0])
			})
			return err
		})
		if err != nil {
			return c, err
		}
		for i := range rounds {
			if round > 0 { // the first warms up
				rounds[i] = append(rounds[i], spent[i]/float64(n))
			}
		}
	}
	c.signIn, c.redisSignIn, c.calls = rounds[0].median(), rounds[1].median(), rounds[2].median()
	c.redisCheck, err = s.redisCheck(g, server)
	return c, err
}

// redisCheck is what one look for a session takes of Redis, for many clients.
func (s *stand) redisCheck(g *gateway, server *redistest.Server) (float64, error) {
	client := redis.NewClient(&redis.Options{Addr: server.Address})
	defer client.Close()
	if err := client.Set(s.ctx, "bare", strings.Repeat("x", recordLength), 0).Err(); err != nil {
		return 0, fmt.Errorf("writing to Redis: %w", err)
	}
	n := s.size(bareLooks)
	spent, err := spentBy(g, server, func() error {
		_, err := inParallel(storeClients, n, func(int) error { return client.Get(s.ctx, "bare").Err() })
		return err
	})
	return spent[1] / float64(n), err
}

// spentBy is what CPU time of the gate and of Redis something took, and how
// many scripts it ran.
func spentBy(g *gateway, server *redistest.Server, do func() error) (spent [3]float64, err error) {
	for _, sign := range []float64{-1, 1} {
		if sign > 0 {
			if err := do(); err != nil {
				return spent, err
			}
		}
		gate, err := cpuTime(g.pid())
		if err != nil {
			return spent, err
		}
		redis, err := redisCPU(server)
		if err != nil {
			return spent, err
		}
		scripts, err := commandCalls(server, "evalsha")
		if err != nil {
			return spent, err
		}
		for i, now := range []float64{gate.Seconds(), redis.Seconds(), float64(scripts)} {
			spent[i] += sign * now
		}
	}
	return spent, nil
}
