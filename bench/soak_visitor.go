package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"
)

// soakCount is what happened at a gate.
type soakCount struct {
	mu                        sync.Mutex
	signIns, requests         int
	waited                    int      // answers 503 while the store was away, to what needs it
	failed, lost, undelivered int      // requests, sessions, links
	first                     []string // what went wrong, the first times
}

func (c *soakCount) add(to *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*to++
}

// note counts something that must not happen.
func (c *soakCount) note(of *int, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *of++; len(c.first) < 10 {
		c.first = append(c.first, what)
	}
}

// soakVisitor is a person with a browser: they sign in, use the app for a while, sign out,
// and begin anew.
type soakVisitor struct {
	soak   *soak
	gate   *soakGate
	who    string
	client *http.Client
	met    bool // the gate has answered a request of this session
}

func newSoakVisitor(s *soak, g *soakGate, number int) *soakVisitor {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &soakVisitor{soak: s, gate: g, who: fmt.Sprintf("person-%d@example.com", number), client: &http.Client{
		Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 1}, Timeout: startTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (v *soakVisitor) live(ctx context.Context) {
	defer v.client.CloseIdleConnections()
	for ctx.Err() == nil {
		if !v.signIn(ctx) {
			continue
		}
		v.gate.count.add(&v.gate.count.signIns)
		v.met = false
		stays := time.Now().Add(v.soak.beat/2 + rand.N(v.soak.beat))
		in := true
		for in && time.Now().Before(stays) && wait(ctx, 100*time.Millisecond) {
			in = v.uses(ctx)
		}
		if in && ctx.Err() == nil {
			v.submit(ctx, "/_doorpost/sign-out", nil, http.StatusSeeOther)
		}
	}
}

// signIn reports whether the visitor has a session now.
func (v *soakVisitor) signIn(ctx context.Context) bool {
	inbox := v.gate.box.of(v.who)
	select {
	case <-inbox: // a copy of a message that came twice
	default:
	}
	if !v.submit(ctx, "/_doorpost/sign-in", url.Values{"email": {v.who}, "to": {"/"}}, http.StatusSeeOther) {
		return false
	}
	select {
	case token := <-inbox:
		return v.submit(ctx, "/_doorpost/link", url.Values{"token": {token}}, http.StatusSeeOther)
	case <-time.After(8 * time.Minute): // a link is good for ten
		v.gate.count.note(&v.gate.count.undelivered, "no message came for "+v.who)
	case <-ctx.Done():
	}
	return false
}

// uses sends a request to the app, and reports whether the session goes on.
func (v *soakVisitor) uses(ctx context.Context) bool {
	status, said, err := v.do(ctx, http.MethodGet, "/", nil)
	c := &v.gate.count
	switch {
	case ctx.Err() != nil:
		return true
	case err != nil:
		c.note(&c.failed, "GET / failed: "+err.Error())
	case status == http.StatusOK:
		v.met = true
		c.add(&c.requests)
	case status == http.StatusServiceUnavailable && v.gate.name == "redis" && !v.met: // only what the gate has met goes on without the store
		c.add(&c.waited)
	case status == http.StatusSeeOther || status == http.StatusUnauthorized:
		c.note(&c.lost, fmt.Sprintf("%s has no session any more", v.who))
		return false
	default:
		c.note(&c.failed, fmt.Sprintf("GET / was answered %d: %.200s", status, said))
	}
	return true
}

// submit sends a form until the store takes it, as people do, and reports whether the
// answer is as it should be.
func (v *soakVisitor) submit(ctx context.Context, path string, form url.Values, want int) bool {
	c := &v.gate.count
	for {
		status, said, err := v.do(ctx, http.MethodPost, path, form)
		switch {
		case ctx.Err() != nil:
			return false
		case err == nil && status == want:
			return true
		case err == nil && status == http.StatusServiceUnavailable && v.gate.name == "redis":
			c.add(&c.waited)
			wait(ctx, 500*time.Millisecond)
			continue
		case err != nil:
			c.note(&c.failed, fmt.Sprintf("POST %s failed: %v", path, err))
		default:
			c.note(&c.failed, fmt.Sprintf("POST %s was answered %d: %.200s", path, status, said))
		}
		wait(ctx, 100*time.Millisecond)
		return false
	}
}

// do sends one request, and once more if the server closed the connection on it.
func (v *soakVisitor) do(ctx context.Context, method, path string, form url.Values) (status int, said string, err error) {
	v.soak.resting.RLock()
	defer v.soak.resting.RUnlock()
	for range 2 {
		if status, said, err = v.try(ctx, method, path, form); err == nil || ctx.Err() != nil {
			break
		}
	}
	return status, said, err
}

func (v *soakVisitor) try(ctx context.Context, method, path string, form url.Values) (status int, said string, err error) {
	origin := "http://" + v.gate.host()
	r, err := http.NewRequestWithContext(ctx, method, origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	for _, line := range navigation {
		if name, value, _ := strings.Cut(line, ": "); name != "Connection" && name != "Accept-Encoding" {
			r.Header.Set(name, value)
		}
	}
	if method == http.MethodPost {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
	}
	response, err := v.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}
