// Command bench measures what Doorpost costs, beside the same Caddy without it,
// and writes one table of ratios and targets. From the root of the repository:
//
//	go -C bench run .                  everything, ten to twenty minutes; writes bench/RESULTS.md
//	go -C bench run . -quick           a look in a few minutes, to standard output
//	go -C bench run . -only 'gated'    some of it, to standard output
//	go -C bench run . soak -for 1h     is anything lost, or does anything grow, in an hour of use and faults?
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
	"strings"
	"syscall"
	"time"
)

// measurements are all there are, in the order of the table. Their names are
// what -only picks them by.
var measurements = []struct {
	name    string
	measure func(*stand) ([]row, error)
}{
	{"gated", (*stand).measureGated},
	{"proxied", (*stand).measureProxied},
	{"refused", (*stand).measureRefused},
	{"allocations", (*stand).measureAllocations},
	{"sign-ins", (*stand).measureSignIns},
	{"size", (*stand).measureSize},
	{"start", (*stand).measureStart},
	{"pages", (*stand).measurePages},
	{"memory", (*stand).measureMemory},
	{"growth", (*stand).measureGrowth},
	{"copy", (*stand).measureCopy},
}

// partVariable names the part that this program plays when it starts itself.
const partVariable = "DOORPOST_BENCH_PART"

var parts = map[string]func(io.Reader, io.Writer) error{"load": loadPart, "app": appPart}

func main() {
	var err error
	if part, found := parts[os.Getenv(partVariable)]; found {
		err = part(os.Stdin, os.Stdout)
	} else if len(os.Args) > 1 && os.Args[1] == "soak" {
		err = runSoak(os.Args[2:], os.Stdout)
	} else {
		err = run(os.Args[1:])
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "short rounds and a tenth of the sessions; the figures are rough")
	rounds := flags.Int("rounds", 5, "`number` of rounds of each comparison; quick: 2")
	duration := flags.Duration("duration", 2*time.Second, "of each load in a round; quick: 1s")
	only := flags.String("only", "", "`regexp` of what to measure: "+strings.Join(names(), ", "))
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *quick {
		*rounds, *duration = 2, time.Second
	}
	picked, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only is not a regular expression: %w", err)
	}
	if *rounds < 1 || *duration < time.Second {
		return errors.New("-rounds is at least 1, and -duration at least 1s")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	s, err := newStand(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.buildBoth(); err != nil {
		return err
	}
	s.rounds, s.duration, s.quick = *rounds, *duration, *quick
	found := results{facts: s.facts()}
	for _, m := range measurements {
		if !picked.MatchString(m.name) {
			continue
		}
		fmt.Fprint(os.Stderr, m.name, " … ")
		from := time.Now()
		rows, err := m.measure(s)
		s.stopAll()
		fmt.Fprintln(os.Stderr, time.Since(from).Round(time.Second))
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err != nil {
			return fmt.Errorf("measuring %s: %w", m.name, err)
		}
		found.rows = append(found.rows, rows...)
	}
	if len(found.rows) == 0 {
		return fmt.Errorf("-only names none of: %s", strings.Join(names(), ", "))
	}
	found.facts = append(found.facts, [2]string{"took", time.Since(began).Round(time.Second).String()})
	fmt.Print(found)
	if *quick || *only != "" {
		return nil
	}
	if err := os.WriteFile("RESULTS.md", []byte(found.String()), 0o644); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

func names() (all []string) {
	for _, m := range measurements {
		all = append(all, m.name)
	}
	return all
}
