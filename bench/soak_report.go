package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// soakFigures are what must not grow, taken while nothing is asked of a gate.
type soakFigures struct {
	goroutines int   // but for those of messages that wait
	heap       int64 // bytes in use, after a collection
	memory     int64 // bytes of the process that nobody else has
	store      int64 // bytes of the file, or of Redis' memory
}

// What may be there more at the end. Messages, and what became of them, are kept for 72
// hours, so a store grows with the sign-ins for that long.
const (
	moreGoroutines = 10
	moreHeap       = 8 << 20
	moreASignIn    = 8 << 10
	moreOfStore    = 1 << 20
)

// take takes the figures of all gates while no request is on its way, nor a connection open.
func (s *soak) take(into func(*soakGate) *soakFigures) error {
	s.resting.Lock()
	defer s.resting.Unlock()
	for _, v := range s.visitors {
		v.client.CloseIdleConnections()
	}
	for _, g := range s.gates {
		f, err := g.figures()
		if err != nil {
			return fmt.Errorf("taking the figures of the gate on %s: %w", g.name, err)
		}
		*into(g) = f
	}
	return nil
}

func (g *soakGate) figures() (f soakFigures, err error) {
	if f.heap, err = g.heapAfter(); err != nil {
		return f, err
	}
	memory, err := ownMemory(g.PID()) // takes a while, in which what served the connections ends
	if err != nil {
		return f, err
	}
	f.memory = int64(memory)
	stacks, err := g.profile("/debug/pprof/goroutine?debug=1")
	if err != nil {
		return f, err
	}
	f.goroutines = goroutinesOf(stacks)
	f.store, err = g.size()
	return f, err
}

// goroutinesOf counts those of a profile, but for those that have a message each, which
// waits while mail is down.
func goroutinesOf(profile string) (count int) {
	for stack := range strings.SplitSeq(profile, "\n\n") {
		if strings.Contains(stack, "/internal/mail.(*delivery).") {
			continue
		}
		if _, after, first := strings.Cut(stack, "goroutine profile: total "); first {
			_, stack, _ = strings.Cut(after, "\n")
		}
		n, _, _ := strings.Cut(stack, " @ ")
		if n, err := strconv.Atoi(n); err == nil {
			count += n
		}
	}
	return count
}

// heapAfter is the size of the heap after a collection.
func (g *gateway) heapAfter() (int64, error) {
	const words = "\n# HeapAlloc = "
	said, err := g.profile("/debug/pprof/heap?debug=1&gc=1")
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(said, words)
	number, _, _ := strings.Cut(rest, "\n")
	if !found {
		return 0, fmt.Errorf("the profile of the heap does not say %q", words)
	}
	return strconv.ParseInt(number, 10, 64)
}

// profile is what the admin endpoint says of the process.
func (g *gateway) profile(path string) (string, error) {
	return g.manage(http.MethodGet, path, "")
}

// reload loads the same configuration anew.
func (g *soakGate) reload() error {
	content, err := os.ReadFile(g.stand.path("Caddyfile-" + g.port))
	if err != nil {
		return err
	}
	_, err = g.manage(http.MethodPost, "/load", string(content))
	return err
}

// manage sends a request to the admin endpoint, and returns its answer.
func (g *gateway) manage(method, path, caddyfile string) (string, error) {
	r, err := http.NewRequestWithContext(g.stand.ctx, method, "http://127.0.0.1:"+g.admin+path, strings.NewReader(caddyfile))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "text/caddyfile")
	r.Header.Set("Cache-Control", "must-revalidate")
	r.Close = true // the next one is a beat later, when Caddy hangs up on a connection that is idle
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("it is answered %d: %.300s", response.StatusCode, said)
	}
	return string(said), err
}

func sizeOfFile(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func sizeOfRedis(server *redistest.Server) (int64, error) {
	info, err := server.Info("memory")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(info["used_memory"], 10, 64)
}

// report writes what happened, and returns as an error what must not have.
func (s *soak) report(out io.Writer) error {
	clocks := "left alone"
	if s.stepped {
		clocks = fmt.Sprintf("stepped %v forward or back with each reload", clockStep)
	}
	fmt.Fprintf(out, "a soak of %v: %d browsers at each gate, a reload each %v, mail down half of the time, Redis killed and started again in each fifth; clocks %s\n\n",
		s.length, soakVisitors, s.beat, clocks)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(what string, value func(*soakGate) string) {
		fmt.Fprint(table, what)
		for _, g := range s.gates {
			fmt.Fprint(table, "\t", value(g))
		}
		fmt.Fprintln(table)
	}
	number := func(of func(*soakCount) int) func(*soakGate) string {
		return func(g *soakGate) string { return strconv.Itoa(of(&g.count)) }
	}
	grown := func(verb string, of func(soakFigures) float64) func(*soakGate) string {
		return func(g *soakGate) string { return fmt.Sprintf(verb+" to "+verb, of(g.begin), of(g.end)) }
	}
	row("store", func(g *soakGate) string { return g.name })
	row("sign-ins", number(func(c *soakCount) int { return c.signIns }))
	row("gated requests", number(func(c *soakCount) int { return c.requests }))
	row("answers 503 while Redis was away", number(func(c *soakCount) int { return c.waited }))
	row("requests failed", number(func(c *soakCount) int { return c.failed }))
	row("sessions lost", number(func(c *soakCount) int { return c.lost }))
	row("links that did not come", number(func(c *soakCount) int { return c.undelivered }))
	row("steps of the clock", func(g *soakGate) string { return strconv.Itoa(g.steps) })
	row("goroutines", grown("%.0f", func(f soakFigures) float64 { return float64(f.goroutines) }))
	row("heap, MiB", grown("%.1f", func(f soakFigures) float64 { return float64(f.heap) / (1 << 20) }))
	row("memory of its own, MiB", grown("%.1f", func(f soakFigures) float64 { return float64(f.memory) / (1 << 20) }))
	row("store, KiB", grown("%.0f", func(f soakFigures) float64 { return float64(f.store) / (1 << 10) }))
	if err := table.Flush(); err != nil {
		return err
	}
	var wrong []error
	for _, g := range s.gates {
		wrong = append(wrong, g.judged())
		for _, what := range g.count.first {
			fmt.Fprintf(out, "%s: %s\n", g.name, what)
		}
	}
	return errors.Join(wrong...)
}

// judged is what must not have been.
func (g *soakGate) judged() error {
	var wrong []error
	must := func(holds bool, format string, args ...any) {
		if !holds {
			wrong = append(wrong, fmt.Errorf("the gate on "+g.name+": "+format, args...))
		}
	}
	c := &g.count
	must(c.signIns > 0 && c.requests > 0, "nobody came in")
	must(c.failed == 0, "%d requests failed", c.failed)
	must(c.lost == 0, "%d sessions were lost", c.lost)
	must(c.undelivered == 0, "%d links did not come", c.undelivered)
	must(g.end.goroutines <= g.begin.goroutines+moreGoroutines, "goroutines grew from %d to %d", g.begin.goroutines, g.end.goroutines)
	must(g.end.heap <= g.begin.heap+moreHeap, "the heap grew from %d to %d bytes", g.begin.heap, g.end.heap)
	must(g.end.store <= 2*g.begin.store+moreOfStore+moreASignIn*int64(c.signIns), "the store grew from %d to %d bytes with %d sign-ins", g.begin.store, g.end.store, c.signIns)
	return errors.Join(wrong...)
}
