package redistest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy stands between clients and a server and does harm. Its methods are safe
// for concurrent use.
type Proxy struct {
	Address string // host:port
	server  string

	mu       sync.Mutex
	listener net.Listener // nil while it is cut
	links    map[*link]bool
	harm     Harm
}

// Harm is what a proxy does to connections.
type Harm int

// Harms of interest.
const (
	none Harm = iota
	// FiveSecondsLate delays every answer by five seconds.
	FiveSecondsLate
	// BlackHole swallows what is sent, in silence.
	BlackHole
	// AnswerReset lets requests through, and resets the connection when the
	// answer comes.
	AnswerReset
	// AnswerCut lets requests through, and closes the connection in place of
	// the answer.
	AnswerCut
	// AnswerLost lets requests through and swallows the answers.
	AnswerLost
)

// Between starts a proxy to a server. It ends with the test.
func Between(t testing.TB, server *Server) *Proxy {
	t.Helper()
	p := &Proxy{Address: "127.0.0.1:0", server: server.Address, links: make(map[*link]bool)}
	p.Mend(t)
	p.Address = p.listener.Addr().String()
	t.Cleanup(p.Cut)
	return p
}

// URL names the server as it is reached through the proxy.
func (p *Proxy) URL() string { return "redis://" + p.Address }

// Cut refuses connections and ends those that are.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	for l := range p.links {
		l.close()
	}
}

// Mend ends a Cut.
func (p *Proxy) Mend(t testing.TB) {
	t.Helper()
	listener, err := net.Listen("tcp", p.Address)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.listener = listener
	p.mu.Unlock()
	go p.accept(listener)
}

// Do harms all connections, those that are and those to come.
func (p *Proxy) Do(t testing.TB, harm Harm) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.harm = harm
}

// Heal ends all harm. Where something may be lost, connections are closed.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.harm == BlackHole || p.harm == AnswerLost {
		for l := range p.links {
			l.close()
		}
	}
	p.harm = none
}

// link is a client's connection and the one to the server.
type link struct {
	client, server net.Conn
	closed         chan struct{}
	closing        sync.Once
}

func (l *link) close() {
	l.closing.Do(func() {
		_ = l.client.Close()
		_ = l.server.Close()
		close(l.closed)
	})
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		l := &link{client: client, server: server, closed: make(chan struct{})}
		p.mu.Lock()
		p.links[l] = true
		if p.listener != listener { // it was cut since
			l.close()
		}
		p.mu.Unlock()
		go p.carry(l, client, server, false)
		go p.carry(l, server, client, true)
	}
}

// carry brings bytes from one side to the other until the link is closed.
func (p *Proxy) carry(l *link, from, to net.Conn, answers bool) {
	defer func() {
		l.close()
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		harm := p.harm
		p.mu.Unlock()
		switch {
		case !answers && harm == BlackHole, answers && harm == AnswerLost:
			continue
		case answers && harm == AnswerReset:
			_ = l.client.(*net.TCPConn).SetLinger(0)
			return
		case answers && harm == AnswerCut:
			return
		case answers && harm == FiveSecondsLate:
			select {
			case <-time.After(5 * time.Second):
			case <-l.closed:
			}
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
