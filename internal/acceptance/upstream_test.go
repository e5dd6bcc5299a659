package acceptance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// upstreamMark is the header that every answer of the app behind the gate has.
const upstreamMark = "X-Echo-Upstream"

// arrived is one request as the app behind the gate received it.
type arrived struct {
	Line    string      `json:"line"`    // the request line
	Raw     []string    `json:"raw"`     // the header lines, byte for byte
	Trailer http.Header `json:"trailer"` // after the body
	Body    string      `json:"body"`
}

// values are those of all header lines of a name, in any case.
func (a arrived) values(name string) (values []string) {
	for _, line := range a.Raw {
		n, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(n, name) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// upstream is the app behind the gate. It answers with what it was sent. It
// reads header lines off the connection itself: net/http would tidy them up.
type upstream struct {
	address string

	mu   sync.Mutex
	hits int
	last arrived
}

func startUpstream(t testing.TB) *upstream {
	t.Helper()
	u := new(upstream)
	listener, err := testkit.Listen(u.serve)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	u.address = listener.Addr().String()
	return u
}

// count is how many requests arrived.
func (u *upstream) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.hits
}

// latest is the request that arrived last.
func (u *upstream) latest() arrived {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.last
}

func (u *upstream) serve(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for {
		a, upgrade, err := read(reader)
		if err != nil {
			return
		}
		u.mu.Lock()
		u.hits++
		u.last = a
		u.mu.Unlock()
		body, _ := json.Marshal(a)
		if upgrade {
			fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\n%s: yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", upstreamMark)
			return
		}
		_, err = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%s: yes\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			upstreamMark, len(body), body)
		if err != nil {
			return
		}
	}
}

// read reads one request. The proxy in front sends the next only after the
// answer, so nothing of it is read too early.
func read(reader *bufio.Reader) (a arrived, upgrade bool, err error) {
	var head bytes.Buffer
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return a, false, err
		}
		head.WriteString(line)
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if a.Line == "" {
			a.Line = line
		} else {
			a.Raw = append(a.Raw, line)
		}
	}
	request, err := http.ReadRequest(bufio.NewReader(io.MultiReader(&head, reader)))
	if err != nil {
		return a, false, err
	}
	body, err := io.ReadAll(request.Body)
	a.Body, a.Trailer = string(body), request.Trailer
	return a, request.Header.Get("Upgrade") != "", err
}
