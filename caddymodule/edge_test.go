package caddymodule

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// echo answers with the identity that arrived, and with our cookies.
const echo = `respond "REACHED user={header.Remote-User} folded={header.Remote_User} mine={header.X-Mine} cookie={header.Cookie} method={method}"`

// send writes a request as it is and returns the answer.
func (g *gateway) send(lines ...string) (status int, body string) {
	g.t.Helper()
	conn, err := net.DialTimeout("tcp", "127.0.0.1:"+g.port, 5*time.Second)
	if err != nil {
		g.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprint(conn, strings.Join(lines, "\r\n")+"\r\nConnection: close\r\n\r\n")
	method, _, _ := strings.Cut(lines[0], " ")
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(content)
}

// earlyFailures are ways to have Caddy fail a request before it reaches the gate: what
// the site needs for it, and the request.
var earlyFailures = map[string]struct{ site, line, more string }{
	"a method that is too long": {"", strings.Repeat("G", 33) + " /admin HTTP/1.1", ""},
	"a body that is too large":  {"request_body {\nmax_size 1KB\n}", "GET /admin HTTP/1.1", "Content-Length: 5000"},
	"a missing password":        {"basic_auth /legacy/* {\nbob $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n}", "GET /legacy/x HTTP/1.1", ""},
	"a file that is not there":  {"try_files {path} =404", "GET /nowhere HTTP/1.1", ""},
	"an error that is raised":   {"route {\nerror /raised 418\n}", "GET /raised HTTP/1.1", ""},
}

// An error route lets nobody past the gate: what it shows needs a session, and what
// the client claimed to be is gone.
func TestAnErrorRouteLetsNobodyPastTheGate(t *testing.T) {
	for failure, f := range earlyFailures {
		for kind, content := range map[string]string{
			"an answer": echo, "a rewrite": "rewrite * /404.html\n" + echo, "a matched answer": "@all expression `{err.status_code} >= 400`\nhandle @all {\n" + echo + "\n}",
		} {
			for _, gate := range []string{"doorpost {\nallow *@example.com\npublic /pub/*\n}", "@rest not path /free/*\ndoorpost @rest {\nallow *@example.com\n}"} {
				t.Run(failure+"/"+kind, func(t *testing.T) {
					g := newGateway(t, "", f.site+"\n"+gate+"\n"+echo+"\nhandle_errors {\n"+content+"\n}")
					lines := []string{f.line, "Host: localhost:" + g.port, "Remote-User: admin@example.com", "remote_user: admin@example.com", "X-HTTP-Method-Override: GET"}
					if f.more != "" {
						lines = append(lines, f.more)
					}
					status, body := g.send(lines...)
					if status < 400 || strings.Contains(body, "REACHED") || strings.Contains(body, "admin@") {
						t.Errorf("it is answered with %d %q", status, body)
					}
				})
			}
		}
	}
}

func TestAnErrorRouteServesThoseWhoMayEnter(t *testing.T) {
	g := newGateway(t, "", "doorpost {\nallow *@example.com\npublic /pub/*\n}\nroute {\nerror /pub/x 404\nerror /app/x 404\n}\n"+echo+"\nhandle_errors {\n"+echo+"\n}")
	b := g.newBrowser()
	if got := b.get("/pub/x"); !strings.Contains(got.body, "REACHED user= ") {
		t.Errorf("the error page of a public path is answered with %d %q", got.status, got.body)
	}
	b.signIn("alice@example.com")
	if got := b.get("/app/x", "Remote-User", "admin@example.com"); !strings.Contains(got.body, "user=alice@example.com ") {
		t.Errorf("the error page of somebody who may enter is answered with %d %q", got.status, got.body)
	}
}

// Routes beside the gate, and sites without one, get no claim to an identity and none
// of our cookies.
func TestNoRouteOfTheServerGetsAClaimToAnIdentity(t *testing.T) {
	folder, port := isolate(t), testkit.FreePort()
	g := &gateway{t: t, port: port, folder: folder, logs: folder + "/log", site: `handle /api/* {
	` + echo + `
}
handle {
	doorpost {
		allow *@example.com
		headers {
			user X-Mine
		}
	}
	` + echo + `
}
}
http://other.localhost:` + port + ` {
	bind 127.0.0.1
	` + echo + "\n"}
	g.load()
	t.Cleanup(g.stop)
	for _, host := range []string{"localhost", "other.localhost"} {
		_, body := g.send("GET /api/x HTTP/1.1", "Host: "+host+":"+g.port, "X-Mine: admin", "x_mine: admin", "Cookie: a=1; doorpost-"+g.port+"=stolen; __Secure-doorpost=y")
		if !strings.Contains(body, "REACHED") || !strings.Contains(body, "mine= ") || !strings.Contains(body, "cookie=a=1 ") {
			t.Errorf("at %s arrives %q", host, body)
		}
	}
}

// The pages of the gate are its own before any handle.
func TestPagesOfOursAreServedBeforeAnyHandle(t *testing.T) {
	g := newGateway(t, "", "@m not method GET HEAD OPTIONS\nhandle @m {\n"+echo+"\n}\nhandle {\ndoorpost {\nallow *\n}\n"+echo+"\n}")
	b := g.newBrowser()
	b.signIn("alice@example.com") // by posting the form
	if got := b.post("/anything", nil); !strings.Contains(got.body, "REACHED") {
		t.Errorf("a request for the other handle is answered with %d %q", got.status, got.body)
	}
}

func TestAnOrderThatLeavesASiteOpenIsRefused(t *testing.T) {
	for site, refused := range map[string]bool{
		"route {\nrespond open\ndoorpost {\nallow *\n}\n}":                                     true,
		"route {\nreverse_proxy localhost:1\ndoorpost {\nallow *\n}\n}":                        true,
		"route {\nhandle {\nrespond open\n}\ndoorpost {\nallow *\n}\n}":                        true,
		"route {\nrespond /health ok\ndoorpost {\nallow *\n}\nrespond closed\n}":               false,
		"handle /health {\nrespond ok\n}\nhandle {\ndoorpost {\nallow *\n}\nrespond closed\n}": false,
		"doorpost {\nallow *\n}\nrespond closed":                                               false,
		"route {\nheader X-A b\ndoorpost {\nallow *\n}\nrespond closed\n}":                     false,
	} {
		g := &gateway{t: t, port: testkit.FreePort(), folder: isolate(t), site: site}
		g.logs = g.folder + "/log"
		err := g.tryLoad()
		if err == nil {
			g.stop()
		}
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), "before doorpost is reached") {
			t.Errorf("%q is loaded with %v", site, err)
		}
	}
}

func TestConnectAndTraceReachNoApp(t *testing.T) {
	g := newGateway(t, "", "doorpost /app/* {\nallow *\n}\n"+echo+"\nhandle_errors {\n"+echo+"\n}")
	for _, line := range []string{"TRACE /x HTTP/1.1", "CONNECT /x HTTP/1.1", "TRACE /app/x HTTP/1.1", "CONNECT /app/x HTTP/1.1"} {
		if status, body := g.send(line, "Host: localhost:"+g.port); status < 400 || strings.Contains(body, "REACHED") {
			t.Errorf("%s is answered with %d %q", line, status, body)
		}
	}
}

func TestTheOptionUpgradesSaysWhatReachesTheApp(t *testing.T) {
	const app = "respond \"REACHED with {http.request.header.Upgrade}.\""
	for options, want := range map[string]map[string]bool{
		"":                                      {"websocket": true, "SPDY/3.1": false, "h2c": false},
		"upgrades SPDY/3.1":                     {"websocket": false, "SPDY/3.1": true, "h2c": false},
		"upgrades SPDY/3.1\nupgrades websocket": {"websocket": true, "SPDY/3.1": true, "h2c": false},
	} {
		g := newGateway(t, "", "doorpost {\nallow *\npublic /open/*\n"+options+"\n}\n"+app)
		for protocol, arrives := range want {
			_, body := g.send("GET /open/x HTTP/1.1", "Host: localhost:"+g.port, "Connection: upgrade", "Upgrade: "+protocol)
			if strings.Contains(body, "REACHED with "+protocol+".") != arrives || !strings.Contains(body, "REACHED") {
				t.Errorf("with %q the app gets of %s: %q", options, protocol, body)
			}
		}
	}
}
