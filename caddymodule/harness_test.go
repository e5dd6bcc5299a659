package caddymodule

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/mail/console"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// mailbox receives what console mailers print.
var mailbox = make(mailboxWriter, 100)

type mailboxWriter chan string

func (w mailboxWriter) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

func TestMain(m *testing.M) {
	printer = console.New(mailbox)
	os.Exit(m.Run())
}

// gateway is a server that a test runs in this process.
type gateway struct {
	t       testing.TB
	port    string
	folder  string // of Caddy's storage
	logs    string // file that log lines are written to
	site    string // what stands in the site
	options string // global options
	address string // of the site; empty: a host and a port
	base    string // the origin that browsers open; empty: that of the site on localhost
}

// bareGateway is a server on a free port of the loopback interface, to be started.
func bareGateway(t testing.TB) *gateway {
	folder := isolate(t)
	return &gateway{t: t, port: testkit.FreePort(), folder: folder, logs: folder + "/log"}
}

// start loads the configuration, for as long as the test runs.
func (g *gateway) start() *gateway {
	g.t.Helper()
	g.load()
	g.t.Cleanup(g.stop)
	return g
}

// newGateway starts a server with the memory store, unless the options name another.
func newGateway(t testing.TB, options, site string) *gateway {
	t.Helper()
	g := bareGateway(t)
	g.site, g.options = site, options
	return g.start()
}

// newLoneGateway starts a server with one site that has no host in its address, whose
// routes Caddy does not put into one of their own. In site, URL stands for its origin.
func newLoneGateway(t testing.TB, site string) *gateway {
	t.Helper()
	g := bareGateway(t)
	g.address, g.site = "http://:"+g.port, strings.ReplaceAll(site, "URL", g.origin())
	return g.start()
}

// hosts are what a visitor may send as Host, the right one first.
func (g *gateway) hosts() []string {
	return []string{"localhost:" + g.port, "localhost:1", "localhost", "localhost:", "LOCALHOST:0" + g.port, "other.localhost:" + g.port, "other.localhost"}
}

// caddyfile is the configuration with some more lines among the global options.
func (g *gateway) caddyfile() string {
	options := g.options
	if !strings.Contains(options, "doorpost {") {
		options += "doorpost {\nstore memory\nmailer console\n}\n"
	}
	return fmt.Sprintf(`{
	admin off
	persist_config off
	grace_period 1s
	storage file_system %s
	log default {
		output file %s
		level DEBUG
	}
	%s
}
%s {
	bind 127.0.0.1
	log
	%s
}
`, g.folder, g.logs, options, cmp.Or(g.address, "http://localhost:"+g.port), g.site)
}

// load loads the configuration, in place of the one that runs.
func (g *gateway) load() {
	g.t.Helper()
	if err := g.tryLoad(); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gateway) tryLoad() error {
	config, err := adapt(g.caddyfile())
	if err != nil {
		return err
	}
	return caddy.Load(config, true)
}

func (g *gateway) stop() {
	g.t.Helper()
	if err := caddy.Stop(); err != nil {
		g.t.Error(err)
	}
}

// app is the one that runs.
func (g *gateway) app() *App {
	g.t.Helper()
	app, err := caddy.ActiveContext().App("doorpost")
	if err != nil {
		g.t.Fatal(err)
	}
	return app.(*App)
}

func (g *gateway) origin() string {
	if g.base != "" {
		return g.base
	}
	return fmt.Sprintf("http://localhost:%s", g.port)
}

// logged is what was written to the log.
func (g *gateway) logged() string {
	content, err := os.ReadFile(g.logs)
	if err != nil {
		g.t.Fatal(err)
	}
	return string(content)
}

// browser is somebody at the gate.
type browser struct {
	*gateway
	client *http.Client
}

func (g *gateway) newBrowser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	transport := &http.Transport{DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, DisableKeepAlives: true}
	return &browser{gateway: g, client: &http.Client{
		Jar: jar, Transport: transport, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (b *browser) do(method, path string, body io.Reader, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequest(method, b.origin()+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	given := r.Header.Clone() // the client adds the cookies to what it sends
	resp, err := b.client.Do(r)
	for again := 0; err != nil && again < 10; again++ { // a server that is being replaced took it, see getUntil
		r.Header = given.Clone()
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				b.t.Fatal(err)
			}
		}
		resp, err = b.client.Do(r)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(content)}
}

func (b *browser) get(path string, headers ...string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil, headers...)
}

// getUntil asks until the configuration that runs answers. A server that is
// being replaced, or that failed to start, may take a connection for a moment
// still, and close it unanswered (http.Server.Shutdown).
func (b *browser) getUntil(path, body string) {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		resp, err := b.client.Get(b.origin() + path)
		if err == nil {
			content, readErr := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err = readErr; string(content) == body {
				return
			}
			if resp.StatusCode != http.StatusOK {
				b.t.Fatalf("the answer is %d %q, want %q", resp.StatusCode, content, body)
			}
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%q was never answered; the last error is %v", body, err)
		}
	}
}

// post submits a form as a page of ours does.
func (b *browser) post(path string, fields url.Values) answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, strings.NewReader(fields.Encode()),
		"Content-Type", "application/x-www-form-urlencoded", "Origin", b.origin())
}

var linkToken = regexp.MustCompile(`/_doorpost/link#([A-Za-z0-9_-]+)`)

// signIn asks for a link, reads the mail, and redeems the link.
func (b *browser) signIn(address string) {
	b.t.Helper()
	if got := b.post("/_doorpost/sign-in", url.Values{"email": {address}}); got.status != http.StatusSeeOther {
		b.t.Fatalf("asking for a link is answered with %d: %s", got.status, got.body)
	}
	got := b.post("/_doorpost/link", url.Values{"token": {b.receiveToken(address)}})
	if got.status != http.StatusSeeOther {
		b.t.Fatalf("redeeming the link is answered with %d: %s", got.status, got.body)
	}
}

// receiveToken waits for the message to an address and takes the token from it.
func (b *browser) receiveToken(address string) string {
	b.t.Helper()
	message := b.receive(address)
	found := linkToken.FindStringSubmatch(message)
	if found == nil {
		b.t.Fatalf("there is no link in the message:\n%s", message)
	}
	return found[1]
}

// receive waits for the message to an address.
func (b *browser) receive(address string) string {
	b.t.Helper()
	for {
		select {
		case message := <-mailbox:
			if !strings.Contains(message, "To:      "+address+"\n") || strings.Contains(message, "\nSubject: New sign-in to ") {
				continue // for a browser of another test, or no answer to what this one asked
			}
			return message
		case <-time.After(20 * time.Second):
			b.t.Fatalf("no message to %s came", address)
		}
	}
}

// ourGoroutines counts the goroutines that were started by or stand in
// Doorpost, those of tests not counted. Caddy's own come and go with each
// configuration. One that has not begun to run does not show whose it is, so
// that is waited for: on a busy machine it takes a while.
func ourGoroutines(t *testing.T) (count int) {
	t.Helper()
	testkit.Await(t, 20*time.Second, "all goroutines have begun to run", func() bool {
		var stacks strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&stacks, 2); err != nil {
			t.Fatal(err)
		}
		count = 0
		for stack := range strings.SplitSeq(stacks.String(), "\n\n") {
			_, frames, _ := strings.Cut(stack, "\n")
			if strings.HasPrefix(frames, "sync.(*WaitGroup).Go.") {
				return false
			}
			if strings.Contains(frames, "doorpost-auth/doorpost/") && !strings.Contains(frames, "testing.tRunner") {
				count++
			}
		}
		return true
	})
	return count
}

// expectNoNewGoroutines fails if more of our goroutines run, after they had
// time to end, than before.
func expectNoNewGoroutines(t *testing.T, before int) {
	t.Helper()
	if !testkit.HoldsWithin(20*time.Second, func() bool { return ourGoroutines(t) <= before }) {
		t.Errorf("%d goroutines of ours run, %d did before", ourGoroutines(t), before)
	}
}

// poolCount is how many configurations hold the store with a key.
func poolCount(key string) int {
	count, _ := backends.References(key)
	return count
}
