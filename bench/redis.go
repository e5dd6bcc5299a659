package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/redisstore"
	"github.com/redis/go-redis/v9"
)

// redisVisits is how many sign-ins one round makes.
const redisVisits = 10_000

// recordLength is about that of a session in Redis.
const recordLength = 160

// getAndSet is the least that a step of a store does.
var getAndSet = redis.NewScript(`redis.call("GET", KEYS[1]) redis.call("SET", KEYS[1], ARGV[1]) return 1`)

// measureRedis compares the steps of the store with bare calls from a bare
// client.
func (s *stand) measureRedis() (section, error) {
	server, err := redistest.Start()
	if err != nil {
		return section{}, err
	}
	defer server.Kill()
	store, err := redisstore.Open(redisstore.Options{URLs: []string{server.URL()}}, slog.New(slog.DiscardHandler))
	if err != nil {
		return section{}, err
	}
	defer store.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Address})
	defer client.Close()
	m := redisMeasurement{stand: s, server: server, store: store, client: client, n: s.size(redisVisits)}
	for round := -1; round < s.rounds; round++ {
		if err := m.round(round >= 0); err != nil {
			return section{}, err
		}
	}
	return section{rows: []row{
		{
			what: "first check of a session on an instance: time against one bare `GET`", measured: m.check.over(m.get), verb: "%.2f", target: atMost(1.3),
			note: fmt.Sprintf("%.0f µs against %.0f µs, one after another, in turns", m.check.median()*1e6, m.get.median()*1e6),
		},
		{
			what: "ask for a link and redeem it with Redis: steps per second against bare `EVALSHA`", measured: m.eval.over(m.signIn), verb: "%.2f", target: atLeast(0.5),
			note: fmt.Sprintf("%.0f sign-ins, %.0f bare calls a second, %d clients; %.0f µs of CPU in Redis a step against %.0f µs",
				1/(steps*m.signIn.median()), 1/m.eval.median(), storeClients, m.inStep.median()*1e6, m.inEval.median()*1e6),
		},
	}}, nil
}

// redisMeasurement collects how long one of each takes, in seconds.
type redisMeasurement struct {
	stand  *stand
	server *redistest.Server
	store  *redisstore.Store
	client *redis.Client
	n      int
	visits int // made so far

	signIn, eval   series // one step of many clients
	inStep, inEval series // CPU time of Redis for one step
	check, get     series // one call of one client
}

func (m *redisMeasurement) round(counts bool) error {
	ctx := m.stand.ctx
	visits := newVisits(m.visits, m.n)
	m.visits += m.n
	before, err := redisCPU(m.server)
	if err != nil {
		return err
	}
	signIn, err := inParallel(storeClients, m.n, func(i int) error { return visits[i].signIn(ctx, m.store) })
	if err != nil {
		return err
	}
	between, err := redisCPU(m.server)
	if err != nil {
		return err
	}
	value := strings.Repeat("x", recordLength)
	eval, err := inParallel(storeClients, steps*m.n, func(i int) error {
		return getAndSet.Run(ctx, m.client, []string{"bare:" + strconv.Itoa(i)}, value).Err()
	})
	if err != nil {
		return err
	}
	after, err := redisCPU(m.server)
	if err != nil {
		return err
	}
	visits = visits[:m.n/4] // one after another takes longer
	check, get, err := m.firstChecks(ctx, visits)
	if err != nil {
		return err
	}
	if counts {
		m.signIn = append(m.signIn, signIn.Seconds()/float64(steps*m.n))
		m.eval = append(m.eval, eval.Seconds()/float64(steps*m.n))
		m.inStep = append(m.inStep, (between-before).Seconds()/float64(steps*m.n))
		m.inEval = append(m.inEval, (after-between).Seconds()/float64(steps*m.n))
		m.check = append(m.check, check.Seconds()/float64(len(visits)))
		m.get = append(m.get, get.Seconds()/float64(len(visits)))
	}
	return nil
}

// firstChecks finds sessions at an instance that has seen none of them, each
// in turn with one bare GET: the time of a single call changes within a round by
// more than the two differ.
func (m *redisMeasurement) firstChecks(ctx context.Context, visits []visit) (check, get time.Duration, err error) {
	cookie := session.NewCookie(m.stand.ring, session.CookieOptions{Scope: visitOrigin, Secure: true, Lifetime: sessionLife})
	keeper := session.NewKeeper(m.store, session.NewCache(session.DefaultCacheSize),
		session.Limits{Idle: sessionLife, Absolute: 30 * 24 * time.Hour, Grace: 5 * time.Minute}, slog.New(slog.DiscardHandler))
	values := make([]string, len(visits))
	for i, v := range visits {
		issued, err := cookie.Issue(v.id)
		if err != nil {
			return 0, 0, err
		}
		values[i] = issued.Value
	}
	for i, value := range values {
		began := time.Now()
		found, err := keeper.Find(ctx, cookie, value)
		checked := time.Now()
		if err == nil && found == nil {
			err = errors.New("a session that was made is not found")
		}
		if err == nil {
			err = m.client.Get(ctx, "bare:"+strconv.Itoa(i)).Err()
		}
		if err != nil {
			return 0, 0, err
		}
		check, get = check+checked.Sub(began), get+time.Since(checked)
	}
	return check, get, nil
}
