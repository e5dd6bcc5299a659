package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// soakVisitors are the browsers that use each gate.
const soakVisitors = 20

// soak is a gate on each store in use, while what goes wrong in operation goes wrong.
type soak struct {
	*stand
	length   time.Duration
	beat     time.Duration // between two reloads; mail is down in the first half of each
	stepped  bool          // the clocks of the gates are stepped
	ahead    time.Duration // by which they are ahead of ours
	mailDown atomic.Bool
	resting  sync.RWMutex // written while figures are taken: no request is on its way then
	redis    *redistest.Server
	gates    []*soakGate
	visitors []*soakVisitor
}

// soakGate is one of the gates, and what happened at it.
type soakGate struct {
	*gateway
	name       string
	size       func() (int64, error) // of what the store keeps
	box        *postbox
	count      soakCount
	steps      int // of its clock
	begin, end soakFigures
}

// runSoak is the command soak. Its error says what was lost, or grew.
func runSoak(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench soak", flag.ContinueOnError)
	length := flags.Duration("for", time.Hour, "how long; at least 5s")
	checked := flags.Bool("race", false, "build the gate with Go's race detector")
	stepped := flags.Bool("steps", true, "step the clock of the gates; for this Go compiles everything anew, which takes minutes the first time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *length < 5*time.Second || flags.NArg() > 0 {
		return errors.New("soak takes -for and a duration of at least 5s, for instance -for 1h")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	stand, err := newStand(ctx)
	if err != nil {
		return err
	}
	defer stand.close()
	defer stand.stopAll()
	s := &soak{stand: stand, length: *length, beat: min(time.Minute, *length/10), stepped: *stepped}
	if err := s.buildGate(*checked); err != nil {
		return err
	}
	if err := s.prepare(); err != nil {
		return err
	}
	if err := s.run(); err != nil {
		return err
	}
	return s.report(out)
}

func (s *soak) buildGate(checked bool) error {
	options := []string{fmt.Sprintf("-race=%t", checked)}
	if s.stepped {
		overlay, err := s.steppedClock()
		if err != nil {
			return err
		}
		options = append(options, "-overlay="+overlay)
	}
	return s.build(s.gate, "./cmd/doorpost", nil, options...)
}

// prepare starts mail, stores and gates.
func (s *soak) prepare() (err error) {
	// What Redis acknowledged survives its death, as what bolt did survives that of the gate.
	if s.redis, err = redistest.Start("--appendonly", "yes", "--appendfsync", "always"); err != nil {
		return err
	}
	s.stops = append(s.stops, s.redis.Kill)
	file := s.path("soak.db")
	for _, g := range []*soakGate{
		{name: "bolt", size: func() (int64, error) { return sizeOfFile(file) }},
		{name: "redis", size: func() (int64, error) { return sizeOfRedis(s.redis) }},
	} {
		g.box = &postbox{tokens: make(map[string]chan string)}
		mail, err := testkit.StartMailServer(testkit.MailOptions{Take: g.box.take, Conduct: func(at testkit.MailStep, _ string) string {
			if at == testkit.AtGreeting && s.mailDown.Load() {
				return "421 4.3.2 come back later"
			}
			return ""
		}})
		if err != nil {
			return err
		}
		s.stops = append(s.stops, mail.Close)
		store := "bolt " + file
		if g.name == "redis" {
			store = "redis " + s.redis.URL()
		}
		g.gateway, err = s.start(testkit.FreePort(), setup{gated: true, behind: respond, store: store, mailer: "smtp " + mail.Address + " {\ntls off\n}"}, refusedProgram)
		if err != nil {
			return err
		}
		s.gates = append(s.gates, g)
	}
	return nil
}

// run has visitors at the gates for as long as the soak is, and takes the first figures
// after two beats: everything is warm then.
func (s *soak) run() error {
	ctx, stop := context.WithTimeout(s.ctx, s.length)
	defer stop()
	for _, g := range s.gates {
		for i := range soakVisitors {
			s.visitors = append(s.visitors, newSoakVisitor(s, g, i))
		}
	}
	var visitors sync.WaitGroup
	for _, v := range s.visitors {
		visitors.Go(func() { v.live(ctx) })
	}
	err := s.trouble(ctx, func() error { return s.take(func(g *soakGate) *soakFigures { return &g.begin }) })
	stop()
	visitors.Wait()
	if err != nil || s.ctx.Err() != nil {
		return errors.Join(err, s.ctx.Err())
	}
	return s.take(func(g *soakGate) *soakFigures { return &g.end })
}

// trouble is what goes wrong, in each beat: mail is down for half of it, then the
// configuration is loaded anew, and the clocks are stepped. In every fifth Redis dies before
// that, and is back after a moment. warm is called once, when two beats are over.
func (s *soak) trouble(ctx context.Context, warm func() error) error {
	for beat := 0; ; beat++ {
		if beat == 2 {
			if err := warm(); err != nil {
				return err
			}
		}
		s.mailDown.Store(true)
		if !wait(ctx, s.beat/2) {
			return nil
		}
		s.mailDown.Store(false)
		for _, g := range s.gates {
			if err := g.reload(); err != nil {
				return fmt.Errorf("reloading the gate on %s: %w", g.name, err)
			}
		}
		dies := beat%5 == 3
		if dies {
			s.redis.Kill()
		}
		if err := s.stepClocks(); err != nil {
			return err
		}
		if dies {
			wait(ctx, min(5*time.Second, s.beat/4))
			if err := s.redis.StartAgain(); err != nil {
				return err
			}
		}
		if !wait(ctx, s.beat/2) {
			return nil
		}
	}
}

// wait reports whether a time has passed; otherwise the soak is over.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
