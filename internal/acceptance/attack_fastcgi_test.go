package acceptance

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/fcgi"
	"sync"
	"testing"
)

// fcgiApp is an app behind FastCGI: header names reach it as variables in which
// - and _ are the same. It answers with those that begin with REMOTE_ or
// HTTP_REMOTE_.
type fcgiApp struct {
	address string

	mu   sync.Mutex
	hits int
}

func startFastCGI(t testing.TB) *fcgiApp {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	app := &fcgiApp{address: listener.Addr().String()}
	go func() { _ = fcgi.Serve(listener, app) }()
	return app
}

func (a *fcgiApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.hits++
	a.mu.Unlock()
	said := map[string][]string{"REMOTE_USER": {fcgi.ProcessEnv(r)["REMOTE_USER"]}, "Cookie": r.Header["Cookie"]}
	for name, values := range r.Header {
		if len(name) > 6 && name[:6] == "Remote" {
			said[name] = values
		}
	}
	w.Header().Set(upstreamMark, "yes")
	_ = json.NewEncoder(w).Encode(said)
}

func (a *fcgiApp) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hits
}
