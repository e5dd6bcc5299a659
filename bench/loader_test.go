package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// serveKilobytes is an app as loads have it behind the gateways.
func serveKilobytes(t *testing.T) (address string) {
	listener, err := testkit.Listen(answerAll)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// carriedOut carries out an order as the process of a load does.
func carriedOut(t *testing.T, o order) (seen outcome) {
	t.Helper()
	encoded, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	if err := loadPart(bytes.NewReader(encoded), &printed); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(printed.Bytes(), &seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestALoadMakesTheRequestsThatItWasOrdered(t *testing.T) {
	cookies := filepath.Join(t.TempDir(), "cookies")
	if err := os.WriteFile(cookies, []byte("a=1\nb=2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := order{Address: serveKilobytes(t), Host: "localhost", Headers: navigation, Cookies: cookies, Status: 200, Requests: 1001}
	if seen := carriedOut(t, o); seen.Requests != 1001 || seen.Wrong != "" || seen.Took <= 0 || seen.CPU <= 0 {
		t.Errorf("the outcome is %+v", seen)
	}
	o.Status = 401
	if seen := carriedOut(t, o); !strings.Contains(seen.Wrong, "not 401") {
		t.Errorf("with answers that are not as they should be the outcome is %+v", seen)
	}
}

func TestRequestsHaveTheirCookies(t *testing.T) {
	l := loader{order: order{Host: "localhost", Headers: []string{"Accept: */*"}, Cookies: filepath.Join(t.TempDir(), "cookies")}}
	if err := os.WriteFile(l.Cookies, []byte("a=1\nb=2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.prepare(); err != nil {
		t.Fatal(err)
	}
	want := "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: " + userAgent + "\r\nAccept: */*\r\nCookie: b=2\r\n\r\n"
	if len(l.requests) != 2 || string(l.requests[1]) != want {
		t.Errorf("the requests are %q", l.requests)
	}
}

func TestAnswersAreReadToTheirEnd(t *testing.T) {
	const answer = "HTTP/1.1 303 See Other\r\nContent-Length: 5\r\nLocation: /\r\n\r\nhello"
	for name, c := range map[string]struct{ answer, status, problem string }{
		"whole":              {answer, "303", ""},
		"other status":       {answer, "200", "is not 200"},
		"cut short":          {answer[:len(answer)-1], "303", "reading an answer"},
		"no length":          {"HTTP/1.1 200 OK\r\n\r\n", "200", "does not say how long"},
		"longer than buffer": {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2000), "200", "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			err := readAnswer(iotest.OneByteReader(strings.NewReader(c.answer)), make([]byte, 1024), []byte(c.status))
			if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("reading ends with %v, want %q", err, c.problem)
			}
		})
	}
}
