package acceptance

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// apiCall is one call of Mailgun's Messages API.
type apiCall struct {
	path     string
	user     string
	password string
	fields   map[string][]string
}

// one is the only value of a field.
func (c apiCall) one(t testing.TB, name string) string {
	t.Helper()
	if len(c.fields[name]) != 1 {
		t.Fatalf("the call has %d fields %s, want one; it has %v", len(c.fields[name]), name, slices.Sorted(maps.Keys(c.fields)))
	}
	return c.fields[name][0]
}

// mailgunDouble stands in for Mailgun's API.
type mailgunDouble struct {
	base string

	mu    sync.Mutex
	calls []apiCall
}

func startMailgunDouble(t testing.TB) *mailgunDouble {
	t.Helper()
	d := new(mailgunDouble)
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	d.base = server.URL
	return d
}

func (d *mailgunDouble) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	call := apiCall{path: r.Method + " " + r.URL.Path, fields: r.MultipartForm.Value}
	call.user, call.password, _ = r.BasicAuth()
	d.mu.Lock()
	d.calls = append(d.calls, call)
	number := len(d.calls)
	d.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id":"<%d@mg.example.com>","message":"Queued. Thank you."}`, number)
}

func (d *mailgunDouble) received() []apiCall {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}
