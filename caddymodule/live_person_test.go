package caddymodule

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/quic-go/quic-go/http3"
)

// person is somebody with a session at an origin.
type person struct {
	t      testing.TB
	who    string
	origin string
	cookie string
	client *http.Client
	via    string // protocol of what lasts: h1, h2 or h3
}

var anyCertificate = &tls.Config{InsecureSkipVerify: true} // the server makes its own

// newPerson signs somebody in.
func (g *gateway) newPerson(origin, who, via string) *person {
	g.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	p := &person{t: g.t, who: who, origin: origin, via: via}
	var transport http.RoundTripper = &http.Transport{TLSClientConfig: anyCertificate.Clone(), ForceAttemptHTTP2: via == "h2", DisableKeepAlives: via == "h1"}
	if via == "h3" {
		transport = &http3.Transport{TLSClientConfig: anyCertificate.Clone()}
		g.t.Cleanup(func() { _ = transport.(*http3.Transport).Close() })
	} else {
		g.t.Cleanup(transport.(*http.Transport).CloseIdleConnections)
	}
	p.client = &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if address, secure := strings.CutPrefix(origin, "https://"); secure {
		redistest.Await(g.t, 20*time.Second, "the server to have made its certificate", func() bool {
			connection, err := tls.Dial("tcp", address, anyCertificate)
			return err == nil && connection.Close() == nil
		})
	}
	p.post("/_doorpost/sign-in", "email", who)
	p.post("/_doorpost/link", "token", (&browser{gateway: g}).receiveToken(who))
	site, err := url.Parse(origin)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, c := range jar.Cookies(site) {
		p.cookie += c.Name + "=" + c.Value + "; "
	}
	return p
}

// post submits a form, as another tab of the browser would.
func (p *person) post(path string, fields ...string) {
	p.t.Helper()
	values := make(url.Values)
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, p.origin+path, strings.NewReader(values.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.origin)
	r.Header.Set("Accept", "text/html")
	response, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusSeeOther {
		p.t.Fatalf("%s is answered with %d", path, response.StatusCode)
	}
}

// lastingAnswer is an answer that lasts, as its reader has it.
type lastingAnswer struct {
	person *person
	path   string
	body   io.ReadCloser
	over   chan struct{} // closed when the answer is over
	err    error         // why; nil for an end in good order
	last   [7]byte       // of it

	mu   sync.Mutex
	read int
}

// begin asks for an answer that lasts, and waits for its beginning.
func (p *person) begin(app *lastingApp, path string) *lastingAnswer {
	p.t.Helper()
	a := &lastingAnswer{person: p, path: path, over: make(chan struct{})}
	if strings.HasSuffix(path, "/socket") {
		a.body = p.upgrade(path)
	} else {
		response, err := p.client.Get(p.origin + path)
		if err != nil {
			p.t.Fatal(err)
		}
		if want := "HTTP/" + map[string]string{"h1": "1.1", "h2": "2.0", "h3": "3.0"}[p.via]; response.StatusCode != http.StatusOK || response.Proto != want {
			p.t.Fatalf("%s is answered with %d over %s, want %s", path, response.StatusCode, response.Proto, want)
		}
		a.body = response.Body
	}
	p.t.Cleanup(a.leave)
	go func() {
		defer close(a.over)
		buffer := make([]byte, 64<<10)
		for {
			n, err := a.body.Read(buffer)
			a.mu.Lock()
			a.read += n
			a.mu.Unlock()
			if n >= len(a.last) {
				copy(a.last[:], buffer[n-len(a.last):n])
			}
			if err != nil {
				if err != io.EOF {
					a.err = err
				}
				return
			}
		}
	}()
	redistest.Await(p.t, 20*time.Second, "the app to answer "+p.who, func() bool { return app.isOpen(p.who, path) })
	a.moves()
	return a
}

// upgrade opens a WebSocket over HTTP/1.1.
func (p *person) upgrade(path string) io.ReadWriteCloser {
	p.t.Helper()
	site, err := url.Parse(p.origin)
	if err != nil {
		p.t.Fatal(err)
	}
	conn, err := net.Dial("tcp", site.Host)
	if err != nil {
		p.t.Fatal(err)
	}
	if site.Scheme == "https" {
		config := anyCertificate.Clone()
		config.ServerName = site.Hostname()
		conn = tls.Client(conn, config)
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
		path, site.Host, p.cookie)
	response, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, 1<<20)), nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		p.t.Fatalf("the WebSocket is answered with %v (%v)", response, err)
	}
	return conn
}

// moves fails the test unless the answer goes on: what is said into a WebSocket
// comes back, what writes goes on to write.
func (a *lastingAnswer) moves() {
	a.person.t.Helper()
	if strings.HasSuffix(a.path, "/silent") {
		if a.isOver() {
			a.person.t.Errorf("%s of %s is over: %v", a.path, a.person.who, a.err)
		}
		return
	}
	before := a.sofar()
	if conn, ok := a.body.(io.Writer); ok && strings.HasSuffix(a.path, "/socket") {
		_, _ = io.WriteString(conn, "\x81\x85\x00\x00\x00\x00hello")
	}
	redistest.Await(a.person.t, 20*time.Second, a.path+" of "+a.person.who+" to go on", func() bool { return a.sofar() > before })
}

func (a *lastingAnswer) sofar() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.read
}

func (a *lastingAnswer) isOver() bool {
	select {
	case <-a.over:
		return true
	default:
		return false
	}
}

// leave is the reader going away.
func (a *lastingAnswer) leave() {
	_ = a.body.Close()
	<-a.over
}

// expectCut fails the test unless the answers are over within a second, here and
// at the app.
func expectCut(t testing.TB, app *lastingApp, since time.Time, answers ...*lastingAnswer) {
	t.Helper()
	for _, a := range answers {
		redistest.Await(t, cutTime-time.Since(since), fmt.Sprintf("%s of %s over %s to be cut, here and at the app", a.path, a.person.who, a.person.via), func() bool {
			return a.isOver() && !app.isOpen(a.person.who, a.path)
		})
		if a.err == nil && !strings.HasSuffix(a.path, "/socket") {
			t.Errorf("%s of %s over %s ended as if it were complete", a.path, a.person.who, a.person.via)
		}
	}
}

// cutTime is how soon what lasts ends with its session.
const cutTime = time.Second
