// Command bench measures what Doorpost costs, beside what would be there
// without it: the same Caddy without the module, a bare call to Redis, a bare
// transaction of bbolt. It writes one table of ratios and targets.
//
//	go run ./bench                  everything; writes bench/RESULTS.md and docs/cost.svg
//	go run ./bench -quick           a look in a few minutes, to standard output
//	go run ./bench -only 'gated'    some of it, to standard output
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// partVariable names the part that this program plays when it starts itself.
const partVariable = "DOORPOST_BENCH_PART"

var parts = map[string]func(io.Reader, io.Writer) error{"load": loadPart, "upstream": upstreamPart}

func main() {
	var err error
	if part, found := parts[os.Getenv(partVariable)]; found {
		err = part(os.Stdin, os.Stdout)
	} else {
		err = run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	quick, strict, profile bool
	only                   *regexp.Regexp
	rounds                 int
	duration               time.Duration
	output, plots          string
}

func parseOptions(args []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.BoolVar(&o.quick, "quick", false, "short rounds and a tenth of the sessions; the figures are rough")
	flags.BoolVar(&o.strict, "strict", false, "exit with 1 if a target is missed")
	flags.BoolVar(&o.profile, "profile", false, "write what the gate spends its time on, too")
	flags.IntVar(&o.rounds, "rounds", 0, "`rounds` of each comparison (default 9, quick: 3)")
	flags.DurationVar(&o.duration, "duration", 0, "of each load (default 5s, quick: 1s)")
	flags.StringVar(&o.output, "o", "", "`file` for the results (default bench/RESULTS.md; standard output if not all of it is measured in full)")
	flags.StringVar(&o.plots, "plots", "", "`folder` for the plot (default docs; none if not all of it is measured in full)")
	only := flags.String("only", "", "`regexp` of what to measure: "+strings.Join(names(), ", "))
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	whole := *only == "" && !o.quick
	orElse := func(given *string, usual string) {
		if *given == "" && whole {
			*given = usual
		}
	}
	orElse(&o.output, "bench/RESULTS.md")
	orElse(&o.plots, "docs")
	rounds, duration := 9, 5*time.Second
	if o.quick {
		rounds, duration = 3, time.Second
	}
	if o.rounds < 1 {
		o.rounds = rounds
	}
	if o.duration <= 0 {
		o.duration = duration
	}
	return o, nil
}

// errMissed is what a strict run ends with if a target is missed.
var errMissed = errors.New("a target is missed")

func run() error {
	o, err := parseOptions(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	folder, err := os.MkdirTemp("", "doorpost-bench-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(folder)
	began := time.Now()
	found := &results{
		machine: describeMachine(ctx, folder),
		settings: fmt.Sprintf("%d rounds of %v each, %d connections; the gateways on cores %s, load and app on cores %s",
			o.rounds, o.duration, defaultConnections, half(false), half(true)),
	}
	s, err := newStand(ctx, folder)
	if err != nil {
		return err
	}
	defer s.close()
	s.rounds, s.duration, s.quick = o.rounds, o.duration, o.quick
	if found.sections, err = s.measureAll(o); err != nil {
		return err
	}
	found.took = time.Since(began)
	if err := o.write(found, s.figures); err != nil {
		return err
	}
	if o.strict && len(found.missed()) > 0 {
		return errMissed
	}
	return nil
}

// measureAll makes all measurements that were asked for, one after another.
func (s *stand) measureAll(o options) (sections []section, err error) {
	for _, m := range measurements {
		if !o.only.MatchString(m.name) || m.name == profiling && !o.profile {
			continue
		}
		began := time.Now()
		fmt.Fprintf(os.Stderr, "%s …", m.name)
		one, err := m.measure(s)
		if s.ctx.Err() != nil {
			return nil, errors.New("interrupted")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Fprintf(os.Stderr, " %v\n", time.Since(began).Round(100*time.Millisecond))
		sections = append(sections, one)
		runtime.GC() // of what one measurement left, the next shall know nothing
	}
	if len(sections) == 0 {
		return nil, fmt.Errorf("-only names nothing of: %s", strings.Join(names(), ", "))
	}
	return sections, nil
}

func names() (all []string) {
	for _, m := range measurements {
		all = append(all, m.name)
	}
	return slices.Clip(all)
}
