package acceptance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// siege is many connections to a gate that say a byte every 20 seconds and come
// to no end, each with another part of a request. What the gate gives up is
// opened anew.
type siege struct {
	port  string
	heads []string
	gate  chan struct{} // bounds how many are being opened
}

// besiege opens connections, and keeps as many open until the test ends.
func besiege(g *stage, count int) {
	s := &siege{port: g.port, gate: make(chan struct{}, 20), heads: []string{
		"GET /app HTTP/1.1\nHo", g.line("GET", "/", ""), endlessForm(g),
		g.line("POST", "/_doorpost/sign-in", "") + "Content-Type: application/x-www-form-urlencoded\nContent-Le",
	}}
	ctx, cancel := context.WithCancel(context.Background())
	var held sync.WaitGroup
	g.t.Cleanup(func() {
		cancel()
		held.Wait()
	})
	for i := range count {
		held.Go(func() {
			for ctx.Err() == nil {
				s.hold(ctx, strings.ReplaceAll(s.heads[i%len(s.heads)], "\n", "\r\n"))
			}
		})
	}
}

// hold opens one connection and says a byte now and then, until the gate or the
// context ends it.
func (s *siege) hold(ctx context.Context, head string) {
	s.gate <- struct{}{}
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", "127.0.0.1:"+s.port)
	<-s.gate
	if err != nil {
		return // the gate is asked how many it has
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	said, pause := head, rand.N(20*time.Second)
	for buffer := make([]byte, 512); ; said, pause = "a", 20*time.Second {
		if _, err := io.WriteString(conn, said); err != nil {
			return
		}
		for deadline := time.Now().Add(pause); ; {
			_ = conn.SetReadDeadline(deadline)
			if _, err := conn.Read(buffer); errors.Is(err, os.ErrDeadlineExceeded) {
				break
			} else if err != nil {
				return
			}
		}
	}
}

// endlessForm is the beginning of a form of which more is said to come.
func endlessForm(g *stage) string {
	return g.line("POST", "/_doorpost/sign-in", "") + "Origin: " + g.origin + "\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 1000\n\nemail=a"
}

// openFiles counts the files and connections that the gate has open.
func (g *stage) openFiles() int {
	g.t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", g.gate.PID()))
	if err != nil {
		g.t.Fatal(err)
	}
	return len(open)
}

// Many connections that say a byte now and then do not keep others waiting. A
// second gate, which nobody besieges, is asked in turn with the first, so that
// whatever else the machine does weighs on both.
func TestAttackDS03SlowClients(t *testing.T) {
	t.Parallel()
	const slow, rounds = 5000, 500
	besieged, free := start(t, setup{silent: true}), start(t, setup{silent: true})
	members := map[*stage]*visitor{besieged: besieged.signedIn("ada@example.com"), free: free.signedIn("ada@example.com")}
	times := make(map[*stage][]time.Duration)
	visit := func(g *stage) {
		began := time.Now()
		members[g].open("/").echo(t)                                                                  // over a connection that is kept
		g.mustRaw(g.line("GET", "/_doorpost/sign-in", "")+"Connection: close\n").is(t, http.StatusOK) // over a new one
		times[g] = append(times[g], time.Since(began))
	}
	for range 50 {
		visit(besieged)
		visit(free)
	}
	besiege(besieged, slow)
	await(t, "the gate to have them all", func() bool { return besieged.openFiles() > slow })
	each := time.NewTicker(50 * time.Millisecond) // 25 seconds in all: each connection says something, and forms come to their end
	defer each.Stop()
	// What the machine does beside may hit the one gate and not the other, but
	// not always the same one.
	slower := true
	for series := 0; series < 3 && slower; series++ {
		clear(times)
		fewest := slow
		for i := range rounds {
			<-each.C
			first, second := besieged, free
			if i%2 == 1 {
				first, second = free, besieged
			}
			visit(first)
			visit(second)
			if i%50 == 0 {
				fewest = min(fewest, besieged.openFiles())
			}
		}
		for _, of := range times {
			slices.Sort(of)
		}
		at := func(g *stage, percent int) time.Duration { return times[g][rounds*percent/100] }
		t.Logf("with %d slow connections, at least %d of them open: half of the visits took at most %v, without %v; 99 of 100 at most %v, without %v",
			slow, fewest, at(besieged, 50), at(free, 50), at(besieged, 99), at(free, 99))
		if fewest < slow*9/10 {
			t.Fatalf("the gate had only %d connections open: it was not besieged", fewest)
		}
		slower = at(besieged, 50) > 2*at(free, 50)+10*time.Millisecond || at(besieged, 99) > 3*at(free, 99)+50*time.Millisecond
	}
	if slower {
		t.Error("visits take longer with slow connections than without, each time that it was measured")
	}
	besieged.signedIn("bob@example.com")
}

// A byte each second does not keep a form alive beyond its time.
func TestAttackDS03AFormHasItsTimeInAll(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	conn, err := net.Dial("tcp", "127.0.0.1:"+g.port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	if _, err := io.WriteString(conn, strings.ReplaceAll(endlessForm(g), "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	answered := make(chan int, 1)
	go func() {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			answered <- 0
			return
		}
		_ = response.Body.Close()
		answered <- response.StatusCode
	}()
	each := time.NewTicker(time.Second)
	defer each.Stop()
	for status := -1; status < 0; {
		select {
		case status = <-answered:
			if status >= 500 || status != 0 && status < 400 {
				t.Errorf("a form that never ends was answered %d", status)
			}
		case <-each.C:
			_, _ = io.WriteString(conn, "a")
		}
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("a form that never ends was given up after %v", took)
	}
}
