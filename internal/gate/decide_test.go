package gate

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// broken is a store that does not answer.
type broken struct{ session.Store }

func (broken) Session(context.Context, session.Key, time.Time) (session.Record, bool, error) {
	return session.Record{}, false, fault.Store("looking up a session", errors.New("the store is down"))
}

func TestOneDecisionTellsWhatBecomesOfARequest(t *testing.T) {
	const alice, mallory = "alice@example.com", "mallory@example.com"
	noMatch := func(*http.Request) (bool, error) { return false, nil }
	for name, c := range map[string]struct {
		who     address.Address // who is signed in; empty: nobody
		method  string
		host    string
		path    string // after rewrites
		sent    string // before them, where it differs
		proto   string // :protocol of an extended CONNECT
		matches func(*http.Request) (bool, error)
		by      session.Method
		proof   Proof
		down    bool // the store is
		want    Verdict
		named   bool // the app is told who it is
	}{
		"of somebody":                             {who: alice, want: Pass, named: true},
		"of nobody":                               {want: NoSession},
		"of somebody who is not admitted":         {who: mallory, want: NotAdmitted},
		"of somebody who proved it long ago":      {who: alice, proof: Proof{Recent: time.Minute}, want: NotRecent},
		"of somebody without a passkey":           {who: alice, proof: Proof{Passkey: true}, want: NoPasskey},
		"of somebody without a passkey, long ago": {who: alice, proof: Proof{time.Minute, true}, want: NoPasskey},
		"of somebody with a passkey":              {who: alice, by: session.ByPasskey, proof: Proof{Passkey: true}, want: Pass, named: true},
		"of somebody with a passkey, long ago":    {who: alice, by: session.ByPasskey, proof: Proof{time.Minute, true}, want: NoPasskey},
		"while the store is down":                 {who: alice, down: true, want: Unavailable},
		"with another Host":                       {who: alice, host: "other.example.com", want: WrongHost},
		"to a page of ours":                       {who: alice, path: "/_doorpost/account", want: OwnPage},
		"to a page of ours, of nobody":            {path: "/_doorpost/sign-in", want: OwnPage},
		"to a page of ours, rewritten":            {path: "/index.php", sent: "/_doorpost/sign-in", want: OwnPage},
		"to a page of ours, not matched":          {path: "/_doorpost", matches: noMatch, want: OwnPage},
		"rewritten to a page of ours":             {path: "/_doorpost/x", sent: "/x", want: NoSession},
		"to a public path":                        {path: "/public/x", want: PassUnnamed},
		"to a public path, of somebody":           {who: alice, path: "/public/x", want: Pass, named: true},
		"to a public path, not admitted":          {who: mallory, path: "/public/x", want: PassUnnamed},
		"to a public path, proved long ago":       {who: alice, path: "/public/x", proof: Proof{Recent: time.Minute}, want: Pass, named: true},
		"to a public path, without a passkey":     {who: alice, path: "/public/x", proof: Proof{Passkey: true}, want: PassUnnamed},
		"to a public path, with a passkey":        {who: alice, by: session.ByPasskey, path: "/public/x", proof: Proof{time.Minute, true}, want: Pass, named: true},
		"to a public path, store down":            {who: alice, path: "/public/x", down: true, want: PassUnnamed},
		"to a public path, with another Host":     {path: "/public/x", host: "other.example.com", want: PassUnnamed},
		"rewritten to a public path":              {path: "/public/x", sent: "/app/../public/x", want: NoSession},
		"not matched":                             {matches: noMatch, want: PassUnnamed},
		"not matched, of somebody":                {who: alice, matches: noMatch, want: Pass, named: true},
		"matched":                                 {matches: func(*http.Request) (bool, error) { return true, nil }, want: NoSession},
		"a tunnel, of nobody":                     {method: http.MethodConnect, want: NoSession},
		"a tunnel":                                {who: alice, method: http.MethodConnect, want: Forbidden, named: true},
		"a WebSocket over HTTP/2":                 {who: alice, method: http.MethodConnect, proto: "websocket", want: Pass, named: true},
		"a tunnel over HTTP/2":                    {who: alice, method: http.MethodConnect, proto: "connect-udp", want: Forbidden, named: true},
		"a tunnel to a public path":               {method: http.MethodConnect, path: "/public/x", want: Forbidden},
		"a tunnel of somebody to a public path":   {who: alice, method: http.MethodConnect, path: "/public/x", want: Forbidden, named: true},
		"a tunnel that is not matched":            {method: http.MethodConnect, matches: noMatch, want: Forbidden},
		"TRACE":                                   {who: alice, method: http.MethodTrace, want: Forbidden, named: true},
		"TRACE to a public path":                  {method: http.MethodTrace, path: "/public/x", want: Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			g := newLiveGate(t)
			if c.down {
				g.keeper = session.NewKeeper(broken{g.store}, session.NewCache(session.DefaultCacheSize), session.Limits{Idle: time.Hour, Absolute: time.Hour}, slog.New(slog.DiscardHandler))
			}
			public, err := ParsePublicPaths([]string{"/public/*"})
			if err != nil {
				t.Fatal(err)
			}
			block := &Block{Rules: names{alice}, Headers: DefaultHeaderNames, Public: public, Matches: c.matches}
			s := g.site(liveOrigin, block)
			r := decided(c.method, c.path)
			if c.host != "" {
				r.Host = c.host
			}
			if c.proto != "" {
				r.Header.Set(":protocol", c.proto)
			}
			if c.who != "" {
				key, line := g.signIn(s, c.who)
				record := g.store.byKey[key]
				record.SignedIn, record.Method = record.SignedIn.Add(-time.Minute), c.by
				g.store.byKey[key] = record
				r.Header.Set("Cookie", line)
			}
			block.Proof = c.proof
			sent := r.URL
			if c.sent != "" {
				sent = &url.URL{Path: c.sent}
			}
			got, err := block.Decide(NewEdge(s).Arrive(r).At(s), r, sent)
			if err != nil || got != c.want {
				t.Errorf("the verdict is %d (%v), want %d", got, err, c.want)
			}
			if named := r.Header.Get("Remote-User") != ""; named != c.named {
				t.Errorf("the app is told who it is: %v, want %v", named, c.named)
			}
		})
	}
}

func decided(method, path string) *http.Request {
	if method == "" {
		method = http.MethodGet
	}
	r := httptest.NewRequest(http.MethodGet, liveOrigin+"/", nil)
	r.Method, r.URL.Path = method, "/"+strings.TrimPrefix(path, "/")
	return r
}

func TestAMatcherThatFailsLetsNobodyThrough(t *testing.T) {
	g := newLiveGate(t)
	broken := errors.New("no such module")
	block := &Block{Rules: names{"alice@example.com"}, Headers: DefaultHeaderNames, Matches: func(*http.Request) (bool, error) { return false, broken }}
	s := g.site(liveOrigin, block)
	_, line := g.signIn(s, "alice@example.com")
	v, r := arrive(s, line)
	if verdict, err := block.Decide(v, r, r.URL); verdict != Unavailable || !errors.Is(err, broken) || r.Header.Get("Remote-User") != "" {
		t.Errorf("the verdict is %d (%v), and the app is told of %q", verdict, err, r.Header.Get("Remote-User"))
	}
}
