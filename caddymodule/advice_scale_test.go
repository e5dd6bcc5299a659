package caddymodule

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// allocations counts those that loading a site takes: unlike its time, they are the same on
// every machine.
func allocations(t *testing.T, source string) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	provisionedApp(t, source)
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// Who has hundreds of old paths, apps or hosts loads them as fast as others load theirs: the
// checks may take time with the square of these, and examples for each of them, but not for each pair.
func TestTheChecksAtLoadGrowAtMostWithTheSquareOfASite(t *testing.T) {
	isolate(t)
	const n = 60
	for name, site := range map[string]func(n int) string{
		"rewrites": func(n int) string {
			return handles("", "localhost:1", lines(n, "rewrite /old%d /new%[1]d\n")+"GATEAPP")
		},
		"handle_path": func(n int) string {
			return handles("", "localhost:1", "GATE"+lines(n, "handle_path /a%d/* {\nreverse_proxy localhost:%[1]d\n}\n"))
		},
		"open handle_path": func(n int) string {
			return handles("", "localhost:1", lines(n, "handle_path /a%d/* {\nELSE}\n")+"handle {\nGATEAPP}")
		},
		"hosts": func(n int) string {
			return lines(n, "h%d.example.com, ") + handles("", "localhost:1", "doorpost /x* {\nallow *\n}\nhandle_path /api/* {\nELSE}\nAPP")
		},
		"hosts and handles": func(n int) string {
			return lines(n, "h%d.example.com, ") + handles("", "localhost:1", "GATE"+lines(n, "handle /a%d/* {\nAPP}\n"))
		},
		"hosts and handles of PHP": func(n int) string {
			return lines(n, "h%d.example.com, ") + handles("", "localhost:1", "@x header X-A b\nrespond @x no\nroot /srv\nGATE"+lines(n, "handle /a%d/* {\nAPP}\n")+"PHP")
		},
		"public": func(n int) string {
			return handles("", "localhost:1", "doorpost {\nallow *\n"+lines(n, "public /p%d/*\n")+"}\n"+lines(n, "handle_path /p%d/* {\nELSE}\n")+"handle {\nAPP}")
		},
		"gated sites": func(n int) string {
			return lines(n, "h%d.example.com {\ndoorpost {\nallow *\n}\nreverse_proxy localhost:%[1]d\n}\n")
		},
		"gated sites beside open ones": func(n int) string {
			return lines(n/2, "h%d.example.com {\ndoorpost {\nallow *\n}\nreverse_proxy localhost:%[1]d\n}\ng%[1]d.example.com {\nreverse_proxy app:%[1]d\n}\n")
		},
		"open folders": func(n int) string {
			return handles("", "localhost:1", "root /srv\n"+lines(n, "handle_path /a%d/* {\nroot /srv/b%[1]d\nfile_server\n}\n")+"handle {\nGATEfile_server\n}")
		},
	} {
		small, large := allocations(t, site(n)), allocations(t, site(2*n))
		if large > 3*small {
			t.Errorf("with twice as many %s loading takes %d times as much: %d and %d allocations", name, large/small, large, small)
		}
	}
}

// lines are n that differ by a number.
func lines(n int, format string) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, format, i+1)
	}
	return all.String()
}
