package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// How many people sign in in one round, and how many of them at a time.
const (
	signInsARound = 2000
	visitors      = 64
)

// measureSignIns has people sign in over HTTP, with a mail server beside: they
// ask for a link, the message comes, they redeem it. What two cores of gates
// carry is computed from the CPU time, so it holds where Redis, mail and load
// are elsewhere.
func (s *stand) measureSignIns() ([]row, error) {
	server, err := s.startRedis()
	if err != nil {
		return nil, err
	}
	onRedis, err := s.signIns("redis "+server.URL(), server.PID())
	if err != nil {
		return nil, err
	}
	onBolt, err := s.signIns("bolt "+s.path("sign-ins.db"), 0)
	if err != nil {
		return nil, err
	}
	const cores = 2
	carried := onRedis.gate.into(cores)
	for i, most := range onRedis.store.into(1) {
		carried[i] = min(carried[i], most)
	}
	return []row{
		{
			what: "sign-ins a second that one Redis and two cores of gates carry", measured: carried, verb: "%.0f", target: atLeast(1000),
			note: fmt.Sprintf("%.2f ms of CPU of the gate and %.3f ms of Redis each; %.0f a second here, with load and mail on the same machine",
				onRedis.gate.median()*1e3, onRedis.store.median()*1e3, onRedis.perSecond.median()),
		},
		{
			what: "sign-ins a second with bolt, here", measured: onBolt.perSecond, verb: "%.0f",
			note: fmt.Sprintf("%.2f ms of CPU of the gate each; each step is on the disk when it is answered", onBolt.gate.median()*1e3),
		},
	}, nil
}

// signInCosts are seconds of CPU of a gate and of its store for one sign-in, and
// how many there were a second.
type signInCosts struct{ gate, store, perSecond series }

// signIns measures with a store, which may be a process.
func (s *stand) signIns(store string, storePID int) (costs signInCosts, err error) {
	mail := &postbox{tokens: make(map[string]chan string)}
	server, err := testkit.StartMailServer(testkit.MailOptions{Take: mail.take})
	if err != nil {
		return costs, err
	}
	s.stops = append(s.stops, server.Close)
	g, err := s.start(testkit.FreePort(), setup{gated: true, behind: respond, store: store, mailer: "smtp " + server.Address + " {\ntls off\n}"}, refusedProgram)
	if err != nil {
		return costs, err
	}
	client := &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: visitors}, Timeout: startTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	spent := func() (gate, store time.Duration, err error) {
		if gate, err = cpuTime(g.PID()); err == nil && storePID != 0 {
			store, err = cpuTime(storePID)
		}
		return gate, store, err
	}
	n := s.size(signInsARound)
	for round := range min(s.rounds, 3) + 1 {
		gateBefore, storeBefore, err := spent()
		if err != nil {
			return costs, err
		}
		began := time.Now()
		if err := inParallel(visitors, n, func(i int) error {
			return signInOver(s.ctx, client, "http://"+g.host(), mail, fmt.Sprintf("person-%d-%d@example.com", round, i))
		}); err != nil {
			return costs, err
		}
		took := time.Since(began)
		gateAfter, storeAfter, err := spent()
		if err != nil {
			return costs, err
		}
		if round > 0 { // the first warms up
			costs.gate = append(costs.gate, (gateAfter-gateBefore).Seconds()/float64(n))
			costs.store = append(costs.store, (storeAfter-storeBefore).Seconds()/float64(n))
			costs.perSecond = append(costs.perSecond, float64(n)/took.Seconds())
		}
	}
	return costs, nil
}

// signInOver signs somebody in and wants a session.
func signInOver(ctx context.Context, client *http.Client, origin string, mail *postbox, who string) error {
	asked, err := post(ctx, client, origin, "/_doorpost/sign-in", url.Values{"email": {who}, "to": {"/"}}, nil)
	if err != nil {
		return err
	}
	var token string
	select {
	case token = <-mail.of(who):
	case <-time.After(startTime):
		return fmt.Errorf("no message came for %s", who)
	}
	redeemed, err := post(ctx, client, origin, "/_doorpost/link", url.Values{"token": {token}}, asked)
	if err != nil {
		return err
	}
	for _, cookie := range redeemed {
		if strings.HasPrefix(cookie.Name, "doorpost") && !strings.HasPrefix(cookie.Name, "doorpost-ask") && cookie.Value != "" {
			return nil
		}
	}
	return fmt.Errorf("%s has no session", who)
}

// post sends a form of the site's own pages, and wants to be sent on.
func post(ctx context.Context, client *http.Client, origin, path string, form url.Values, cookies []*http.Cookie) ([]*http.Cookie, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	for _, line := range navigation {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", origin)
	for _, cookie := range cookies {
		r.AddCookie(cookie)
	}
	response, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusSeeOther {
		err = fmt.Errorf("POST %s was answered %d: %.300s", path, response.StatusCode, said)
	}
	return response.Cookies(), err
}

// postbox hands out the tokens that messages bring.
type postbox struct {
	mu     sync.Mutex
	tokens map[string]chan string // by recipient
}

// of is where the token for a recipient arrives.
func (m *postbox) of(recipient string) chan string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tokens[recipient] == nil {
		m.tokens[recipient] = make(chan string, 1)
	}
	return m.tokens[recipient]
}

var tokenInText = regexp.MustCompile(`/_doorpost/link#([a-z2-7]+)`)

func (m *postbox) take(l testkit.Letter) {
	// Heads of parts are not quoted-printable, but nothing in them looks as if.
	text, _ := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(l.Raw)))
	if found := tokenInText.FindSubmatch(text); found != nil {
		select {
		case m.of(l.To[0]) <- string(found[1]):
		default: // a copy of one that nobody has fetched yet
		}
	}
}
