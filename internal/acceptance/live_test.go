package acceptance

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// chat is an app with WebSockets, in which it sends back what it gets, and with an answer
// that does not end.
type chat struct {
	address string
	mu      sync.Mutex
	open    map[string]int // by who is connected
}

func startChat(t testing.TB) *chat {
	t.Helper()
	c := &chat{open: make(map[string]int)}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.address = server.Listener.Addr().String()
	return c
}

// isConnected tells whether somebody has a WebSocket at the app.
func (c *chat) isConnected(who string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open[who] > 0
}

func (c *chat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != socketPath {
		w.Header().Set(upstreamMark, "yes")
		return
	}
	note := func(n int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.open[r.Header.Get("Remote-User")] += n
	}
	note(1)
	defer note(-1)
	if r.Header.Get("Upgrade") == "" {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	_, _ = io.Copy(conn, buffered)
}

// socket is a WebSocket of somebody's, or an answer that does not end.
type socket struct {
	t        testing.TB
	who      string
	conn     connection
	reader   *bufio.Reader
	isAnswer bool // to which nothing can be said
}

// connection is one, or a stream of one.
type connection interface {
	io.Writer
	SetDeadline(time.Time) error
}

// socketPath is where sockets lead, and where a plain GET is answered without an end.
const socketPath = "/socket"

// upgrade are the header lines of a handshake.
const upgrade = "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n"

// connect opens a WebSocket in a browser that is signed in.
func (g *stage) connect(v *visitor, who string) *socket {
	g.t.Helper()
	s := g.dial(who, http.StatusSwitchingProtocols, "Cookie: "+v.cookie()+"\n"+upgrade)
	s.speaks()
	return s
}

// dial sends a request to where sockets lead, whose answer has to have the status.
func (g *stage) dial(who string, status int, lines string) *socket {
	g.t.Helper()
	conn, err := net.DialTimeout("tcp", "127.0.0.1:"+g.port, patience)
	if err != nil {
		g.t.Fatal(err)
	}
	g.gate.sockets = append(g.gate.sockets, conn)
	request := g.line("GET", socketPath, "") + lines + "\n"
	if _, err := io.WriteString(conn, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		g.t.Fatal(err)
	}
	s := &socket{t: g.t, who: who, conn: conn, reader: bufio.NewReader(conn)}
	response, err := http.ReadResponse(s.reader, nil)
	if err != nil || response.StatusCode != status {
		g.t.Fatalf("the request of %s is answered with %v (%v)", who, response, err)
	}
	if status == http.StatusOK {
		s.reader, s.isAnswer = bufio.NewReader(response.Body), true
	}
	return s
}

// frame is a text frame of a browser, with a mask of zeros.
const frame = "\x81\x85\x00\x00\x00\x00hello"

// echo sends a frame and waits until it comes back.
func (s *socket) echo() error {
	if err := s.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.WriteString(s.conn, frame); err != nil {
		return err
	}
	_, err := io.ReadFull(s.reader, make([]byte, len(frame)))
	return err
}

// speaks fails the test unless the WebSocket is open.
func (s *socket) speaks() {
	s.t.Helper()
	if err := s.echo(); err != nil {
		s.t.Errorf("the WebSocket of %s does not go on: %v", s.who, err)
	}
}

// ends fails the test unless the WebSocket ends in time, for the browser and at
// the app, and returns how long it took.
func (s *socket) ends(app *chat, since time.Time, within time.Duration) time.Duration {
	s.t.Helper()
	if err := s.conn.SetDeadline(since.Add(within)); err != nil {
		s.t.Fatal(err)
	}
	_, err := s.reader.ReadByte()
	if timeout, ok := err.(net.Error); err == nil || ok && timeout.Timeout() {
		s.t.Errorf("the WebSocket of %s is open %v after the session has ended (%v)", s.who, time.Since(since), err)
	}
	took := time.Since(since)
	if !testkit.HoldsWithin(within-took, func() bool { return !app.isConnected(s.who) }) {
		s.t.Errorf("the app has a connection of %s %v after the session has ended", s.who, time.Since(since))
	}
	return took.Round(time.Millisecond)
}

func TestAttackID09WebSocketEndsWithItsSession(t *testing.T) {
	t.Parallel()
	app := startChat(t)
	g := start(t, setup{behind: "reverse_proxy " + app.address})
	ada, bob := g.signedIn("ada@example.com"), g.signedIn("bob@example.com")
	hers, twice, his := g.connect(ada, "ada@example.com"), g.connect(ada, "ada@example.com"), g.connect(bob, "bob@example.com")
	ada.submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	ended := time.Now()
	t.Logf("ended after %v and %v", hers.ends(app, ended, revocationTime), twice.ends(app, ended, revocationTime))
	his.speaks()

	// A session that another sign-in replaces, and one that is ended elsewhere.
	his = g.connect(bob, "bob@example.com")
	elsewhere := g.signedIn("bob@example.com")
	elsewhere.submit("/_doorpost/sign-out", "scope", "others").leadsTo(t, "/_doorpost/account")
	his.ends(app, time.Now(), revocationTime)
	his = g.connect(elsewhere, "bob@example.com")
	g.signIn(elsewhere, "bob@example.com", "/")
	his.ends(app, time.Now(), revocationTime)
}

func TestAttackID09WebSocketEndsAtEveryInstance(t *testing.T) {
	t.Parallel()
	app := startChat(t)
	p := startPair(t, setup{options: plainHTTP2, variable: offersSockets, behind: "reverse_proxy " + app.address})
	ada, bob := p.visitor(), p.visitor()
	p.a.signIn(ada.at(p.a), "ada@example.com", "/")
	p.b.signIn(bob.at(p.b), "bob@example.com", "/")
	var hers, his []*socket
	for _, g := range p.instances() {
		hers, his = append(hers, g.connect(ada, "ada@example.com")), append(his, g.connect(bob, "bob@example.com"))
		hers = append(hers, g.dialHTTP2("ada@example.com", "cookie", ada.cookie()))
		his = append(his, g.dialHTTP2("bob@example.com", "cookie", bob.cookie()))
	}
	for _, s := range append(hers, his...) {
		s.speaks()
	}
	ada.at(p.a).submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	ended := time.Now()
	for _, s := range hers {
		t.Logf("ended after %v", s.ends(app, ended, revocationTime))
	}
	for _, s := range his {
		s.speaks()
	}
	p.checkErrors()
}

func TestAttackID09WebSocketEndsWhenItsSessionIsIdle(t *testing.T) {
	t.Parallel()
	const idle = time.Minute // the shortest that there is
	app := startChat(t)
	g := start(t, setup{behind: "reverse_proxy " + app.address, global: "session {\nidle 1m\n}"})
	ada, bob := g.signedIn("ada@example.com"), g.signedIn("bob@example.com")
	hers, his := g.connect(ada, "ada@example.com"), g.connect(bob, "bob@example.com")
	used := time.Now()
	again := time.NewTicker(5 * time.Second)
	defer again.Stop()
	for time.Since(used) < idle-2*time.Second {
		<-again.C
		hers.speaks() // what is said is no use of the session
		his.speaks()
		bob.open("/") // a request is
	}
	hers.ends(app, used, idle+revocationTime)
	his.speaks()
}

func TestReloadWithNarrowerRulesEndsWebSocketsOfThoseItExcludes(t *testing.T) {
	t.Parallel()
	app := startChat(t)
	s := setup{behind: "reverse_proxy " + app.address + " {\nstream_close_delay 1h\n}"}
	g := start(t, s)
	ada, bob := g.signedIn("ada@example.com"), g.signedIn("bob@example.com")
	hers, his := g.connect(ada, "ada@example.com"), g.connect(bob, "bob@example.com")
	next := g.setup
	next.site = "allow ada@example.com"
	g.configure(next)
	if code, output := runToEnd(t, g.home, "reload", "--config", g.caddyfile(), "--address", g.admin); code != 0 {
		t.Fatalf("the reload ended with %d: %s", code, output)
	}
	his.ends(app, time.Now(), revocationTime)
	hers.speaks()
}
