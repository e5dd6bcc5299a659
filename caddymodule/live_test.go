package caddymodule

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// lastingSite is a gate in front of an app, at a plain origin and at one with
// TLS.
func lastingSite(app *lastingApp, allow string, secure string) string {
	site := fmt.Sprintf("doorpost {\n allow %s\n}\n reverse_proxy %s {\n stream_close_delay 1h\n}\n", allow, app.address())
	if secure == "" {
		return site
	}
	return site + fmt.Sprintf("}\nhttps://localhost:%s {\n bind 127.0.0.1\n tls internal\n %s", secure, site)
}

const manyRequests = "doorpost {\n store memory\n mailer console\n limit client 1000 1m\n limit address 1000 1m\n}\n"

func (g *gateway) backend() *backend { return g.app().opened.backend }

// expectNothingLive waits until the gate has forgotten all requests.
func (g *gateway) expectNothingLive() {
	g.t.Helper()
	redistest.Await(g.t, 20*time.Second, "nothing to be live", func() bool { return g.backend().live.Count() == 0 })
}

func TestWhatLastsEndsWithSignOutInAnotherTab(t *testing.T) {
	app, secure := newLastingApp(t), testkit.FreePort()
	admin := newAdmin(t, "auto_https disable_redirects\n skip_install_trust\n"+manyRequests, lastingSite(app, "*@example.com", secure))
	g := admin.gateway
	tls := fmt.Sprintf("https://localhost:%s", secure)
	for _, c := range []struct{ name, origin, via string }{
		{"HTTP/1.1", g.origin(), "h1"}, {"HTTP/1.1 with TLS", tls, "h1"}, {"HTTP/2", tls, "h2"}, {"HTTP/3", tls, "h3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inner := *g
			inner.t = t
			alice, bob := inner.newPerson(c.origin, "alice@example.com", c.via), inner.newPerson(c.origin, "bob@example.com", c.via)
			var hers, his []*lastingAnswer
			for _, kind := range lasting {
				if kind == "socket" && c.via != "h1" {
					continue
				}
				hers, his = append(hers, alice.begin(app, "/"+c.via+"/"+kind)), append(his, bob.begin(app, "/"+c.via+"/"+kind))
			}
			cut := admin.metric("doorpost_streams_cut_total")
			alice.post("/_doorpost/sign-out")
			expectCut(t, app, time.Now(), hers...)
			for _, a := range his {
				a.moves()
			}
			if n := g.backend().live.Count(); n != len(his) {
				t.Errorf("%d requests are live, want bob's %d", n, len(his))
			}
			for _, a := range his {
				a.leave()
			}
			inner.expectNothingLive()
			if got := admin.metric("doorpost_streams_cut_total") - cut; got != float64(len(hers)) {
				t.Errorf("%v requests were cut by the metric, want %d", got, len(hers))
			}
		})
	}
}

// onRedis are options of an instance that keeps its sessions there.
func onRedis(url string) string {
	return strings.Replace(manyRequests, "store memory", "secret "+strings.Repeat("00112233445566778899aabbccddeeff", 2)+"\n store redis "+url, 1)
}

// openElsewhere opens the store as another instance does.
func openElsewhere(t *testing.T, url string) Store {
	t.Helper()
	store, err := provisionedApp(t, "{\n"+onRedis(url)+"}\nhttp://localhost:8099 {\n doorpost {\n allow *\n}\n}\n").store.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestWhatLastsEndsWithASessionThatAnotherInstanceEnds(t *testing.T) {
	server := redistest.Single(t)
	app := newLastingApp(t)
	g := newGateway(t, onRedis(server.URL()), lastingSite(app, "*@example.com", ""))
	alice, bob := g.newPerson(g.origin(), "alice@example.com", "h1"), g.newPerson(g.origin(), "bob@example.com", "h1")
	var hers []*lastingAnswer
	for _, kind := range lasting {
		hers = append(hers, alice.begin(app, "/redis/"+kind))
	}
	his := bob.begin(app, "/redis/socket")
	if err := openElsewhere(t, server.URL()).EndAll(t.Context(), "alice@example.com", session.Key{}); err != nil {
		t.Fatal(err)
	}
	expectCut(t, app, time.Now(), hers...)
	his.moves()
}

func TestWhatLastsEndsWithASessionThatEndedWhileRedisWasAway(t *testing.T) {
	server := redistest.Single(t)
	between := redistest.Between(t, server)
	app := newLastingApp(t)
	g := newGateway(t, onRedis(between.URL()), lastingSite(app, "*@example.com", ""))
	hers := g.newPerson(g.origin(), "alice@example.com", "h1").begin(app, "/away/silent")
	his := g.newPerson(g.origin(), "bob@example.com", "h1").begin(app, "/away/silent")
	elsewhere := openElsewhere(t, server.URL())
	between.Cut()
	if err := elsewhere.EndAll(t.Context(), "alice@example.com", session.Key{}); err != nil {
		t.Fatal(err)
	}
	redistest.Await(t, 20*time.Second, "the gate to miss Redis", func() bool { return strings.Contains(g.logged(), "the store does not answer") })
	hers.moves()
	between.Mend(t)
	redistest.Await(t, session.Freshness, "the stream to be cut", func() bool { return hers.isOver() && !app.isOpen("alice@example.com", "/away/silent") })
	his.moves()
}

// hurriedStore is a store in whose sessions time has almost run out.
type hurriedStore struct {
	Store
	hurry func(*session.Record)
}

func (s *hurriedStore) Session(ctx context.Context, key session.Key, now time.Time) (session.Record, bool, error) {
	record, found, err := s.Store.Session(ctx, key, now)
	if record.Address == "alice@example.com" {
		s.hurry(&record)
	}
	return record, found && now.Before(record.Expires), err
}

func (s *hurriedStore) Touch(context.Context, session.Key, time.Time, time.Time) error { return nil }

func TestWhatLastsEndsWhenItsSessionExpires(t *testing.T) {
	const left = 3 * time.Second
	for name, hurry := range map[string]func(end time.Time, r *session.Record){
		"idle":     func(end time.Time, r *session.Record) { r.Expires = end },
		"absolute": func(end time.Time, r *session.Record) { r.SignedIn = end.Add(-defaultAbsolute) },
	} {
		t.Run(name, func(t *testing.T) {
			opened, err := memstore.New()
			if err != nil {
				t.Fatal(err)
			}
			var end time.Time
			hurried := &hurriedStore{Store: opened, hurry: func(r *session.Record) {
				if end.IsZero() {
					end = time.Now().Add(left)
				}
				hurry(end, r)
			}}
			holdBackend(t, hurried)
			app := newLastingApp(t)
			g := newGateway(t, manyRequests, lastingSite(app, "*@example.com", ""))
			alice, bob := g.newPerson(g.origin(), "alice@example.com", "h1"), g.newPerson(g.origin(), "bob@example.com", "h1")
			hers := []*lastingAnswer{alice.begin(app, "/"+name+"/socket"), alice.begin(app, "/"+name+"/silent")}
			his := bob.begin(app, "/"+name+"/socket")
			for _, a := range hers {
				for time.Now().Before(end) {
					a.moves() // what is said on it is no use of the session
				}
			}
			expectCut(t, app, end, hers...)
			his.moves()
		})
	}
}

// holdBackend keeps an open store where the memory store is looked for.
func holdBackend(t testing.TB, store Store) *backend {
	t.Helper()
	held, loaded, err := backends.LoadOrNew("memory", func() (caddy.Destructor, error) {
		return newBackend("memory", store, session.DefaultCacheSize), nil
	})
	if err != nil || loaded {
		t.Fatalf("the memory store is open already (%v)", err)
	}
	t.Cleanup(func() {
		if _, err := backends.Delete("memory"); err != nil {
			t.Error(err)
		}
	})
	return held.(*backend)
}

func TestWhatLastsEndsThoughTheWordOfItsEndWasMissed(t *testing.T) {
	for name, within := range map[string]time.Duration{"and that is known": cutTime, "and that is not known": session.Freshness + cutTime} {
		t.Run(name, func(t *testing.T) {
			opened, err := memstore.New()
			if err != nil {
				t.Fatal(err)
			}
			b := holdBackend(t, opened)
			app := newLastingApp(t)
			g := newGateway(t, manyRequests, lastingSite(app, "*@example.com", ""))
			hers := g.newPerson(g.origin(), "alice@example.com", "h1").begin(app, "/missed/silent")
			his := g.newPerson(g.origin(), "bob@example.com", "h1").begin(app, "/missed/silent")
			b.untold()
			if err := b.store.EndAll(t.Context(), "alice@example.com", session.Key{}); err != nil {
				t.Fatal(err)
			}
			if within == cutTime {
				b.cache.Distrust()
				b.live.Distrust()
			}
			redistest.Await(t, within, "the stream to be cut", func() bool { return hers.isOver() && !app.isOpen("alice@example.com", "/missed/silent") })
			his.moves()
		})
	}
}

func TestASessionThatTheCacheForgotIsCutToo(t *testing.T) {
	opened, err := memstore.New()
	if err != nil {
		t.Fatal(err)
	}
	b := newBackend("memory", opened, 1)
	if _, _, err := backends.LoadOrNew("memory", func() (caddy.Destructor, error) { return b, nil }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = backends.Delete("memory") })
	app := newLastingApp(t)
	g := newGateway(t, manyRequests, lastingSite(app, "*", ""))
	b.cache.Resize(1) // smaller than an option could make it: each session that is met pushes another out
	var all []*lastingAnswer
	for i := range 40 { // more than there are shards
		all = append(all, g.newPerson(g.origin(), fmt.Sprintf("u%d@example.com", i), "h1").begin(app, "/x/silent"))
	}
	for _, a := range all[:20] {
		if err := b.store.EndAll(t.Context(), address.Address(a.person.who), session.Key{}); err != nil {
			t.Fatal(err)
		}
	}
	expectCut(t, app, time.Now(), all[:20]...)
	redistest.Await(t, cutTime, "the handlers of what was cut to return", func() bool { return b.live.Count() == 20 })
}
