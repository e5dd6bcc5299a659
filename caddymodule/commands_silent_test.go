package caddymodule

import (
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// silentAfter is a server that takes connections, answers something, and then again and again
// something else, which may be nothing.
func silentAfter(t *testing.T, words, again string) (address string) {
	t.Helper()
	listener, err := testkit.Listen(func(conn net.Conn) {
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 1)) // it speaks when it is asked
		go func() {
			_, err := io.WriteString(conn, words)
			for again != "" && err == nil {
				time.Sleep(time.Millisecond)
				_, err = io.WriteString(conn, again)
			}
		}()
		_, _ = io.Copy(io.Discard, conn) // until the client goes
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// full is a server whose queue of connections is full: nobody is let in, and nobody refused.
func full(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	raw, err := listener.(*net.TCPListener).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), 0) })
	}
	if err != nil {
		t.Fatal(err)
	}
	for address = listener.Addr().String(); ; {
		conn, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { conn.Close() })
	}
}

func TestNoCommandWaitsForEverForASilentServer(t *testing.T) {
	isolate(t)
	const line, rest = "HTTP/1.1 200 OK\r\n", "Doorpost: admin API\r\nContent-Length: 1000\r\n\r\n{\"error\": \""
	for phase, address := range map[string]string{
		"connecting":               full(t),
		"before the answer":        silentAfter(t, "", ""),
		"in its head":              silentAfter(t, line+"Content-Ty", ""),
		"in a head without end":    silentAfter(t, line, "A: b\r\n"),
		"in its body":              silentAfter(t, line+rest, ""),
		"in that of a refusal":     silentAfter(t, "HTTP/1.1 500 No\r\n"+rest, ""),
		"after an informal answer": silentAfter(t, "HTTP/1.1 103 Early Hints\r\n\r\n", ""),
	} {
		for _, call := range everyCall(t) {
			type end struct {
				printed string
				err     error
			}
			ended := make(chan end, 1)
			go func() {
				printed, err := run(append(call, "--address", address, "--timeout", "20ms")...)
				ended <- end{printed, err}
			}()
			select {
			case e := <-ended:
				if e.err == nil || !strings.Contains(e.printed+e.err.Error(), "the server at "+address+" did not answer, or not to the end, within 20ms") {
					t.Errorf("%s: %q printed %q and ended with %v", phase, call, e.printed, e.err)
				}
			case <-time.After(time.Minute):
				t.Fatalf("%s: %q still waits", phase, call)
			}
		}
	}
}
