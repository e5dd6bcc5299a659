package acceptance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// raw sends bytes to the gate as they are and reads one answer. The request
// begins with its line; lines end in \n here. A connection that the gate closes
// without an answer is an error.
func (g *stage) raw(request string) (answer, error) {
	return g.rawBody(request+"\n", "")
}

// rawBody is raw with a body, which goes out as it is.
func (g *stage) rawBody(head, body string) (answer, error) {
	conn, err := net.DialTimeout("tcp", "127.0.0.1:"+g.port, patience)
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return answer{}, err
	}
	if _, err := io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n")+body); err != nil {
		return answer{}, err
	}
	method, _, _ := strings.Cut(head, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return answer{}, err
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		return answer{status: response.StatusCode, header: response.Header}, nil
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(said)}, err
}

// mustRaw is raw where the gate has to answer.
func (g *stage) mustRaw(request string) answer {
	g.t.Helper()
	a, err := g.raw(request)
	if err != nil {
		g.t.Fatalf("%q: %v", request, err)
	}
	return a
}

// line is the beginning of a raw request: its line, Host, and a cookie unless
// that is empty.
func (g *stage) line(method, target, cookie string) string {
	_, host, _ := strings.Cut(g.origin, "://")
	head := fmt.Sprintf("%s %s HTTP/1.1\nHost: %s\n", method, target, host)
	if cookie != "" {
		head += "Cookie: " + cookie + "\n"
	}
	return head
}

// cookie is the visitor's session cookie as it stands in a Cookie line.
func (v *visitor) cookie() string {
	name, value := v.sessionCookie()
	return name + "=" + value
}
