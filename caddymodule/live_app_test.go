package caddymodule

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
	"testing"
	"time"
)

// lastingApp is an app whose answers last: until the other end goes away, or
// until the test ends them.
type lastingApp struct {
	server *httptest.Server
	finish chan struct{} // closed, it ends all downloads in good order

	mu   sync.Mutex
	open map[string]int // by who and path
}

func newLastingApp(t testing.TB) *lastingApp {
	a := &lastingApp{open: make(map[string]int), finish: make(chan struct{})}
	a.server = httptest.NewServer(a)
	t.Cleanup(a.server.Close)
	return a
}

func (a *lastingApp) address() string { return a.server.Listener.Addr().String() }

// isOpen tells whether an answer to somebody is under way.
func (a *lastingApp) isOpen(who, path string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open[who+path] > 0
}

func (a *lastingApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.Header.Get("Remote-User") + r.URL.Path
	note := func(n int) {
		a.mu.Lock()
		a.open[name] += n
		a.mu.Unlock()
	}
	note(1)
	defer note(-1)
	switch path.Base(r.URL.Path) {
	case "socket":
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, _ = io.Copy(conn, buffered)
	case "silent":
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: hello\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case "stream":
		w.Header().Set("Content-Type", "text/event-stream")
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		for {
			if _, err := io.WriteString(w, "data: tick\n\n"); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-again.C:
			}
		}
	case "download":
		chunk := make([]byte, 64<<10)
		for {
			select {
			case <-a.finish:
				_, _ = io.WriteString(w, "the end")
				return
			default:
			}
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

// lasting are the kinds of answers that last.
var lasting = []string{"socket", "silent", "stream", "download"}
