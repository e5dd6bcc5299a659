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
)

// echo answers with the identity that arrived, and with our cookies.
const echo = `respond "REACHED user={header.Remote-User} folded={header.Remote_User} mine={header.X-Mine} cookie={header.Cookie} method={method} upgrade={header.Upgrade}"`

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

// getsNothing sends a request that fails early, to every Host, and wants nothing of
// the app.
func (g *gateway) getsNothing(line, more string) {
	g.t.Helper()
	for _, host := range g.hosts() {
		lines := []string{line, "Host: " + host, "Remote-User: admin@example.com", "remote_user: admin@example.com", "X-HTTP-Method-Override: GET"}
		if more != "" {
			lines = append(lines, more)
		}
		status, body := g.send(lines...)
		if strings.Contains(body, "REACHED") || strings.Contains(body, "admin@") || host == g.hosts()[0] && status < 400 {
			g.t.Errorf("for the Host %q it is answered with %d %q", host, status, body)
		}
	}
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
					site := f.site + "\n" + gate + "\n" + echo + "\nhandle_errors {\n" + content + "\n}"
					newGateway(t, "", site).getsNothing(f.line, f.more)
				})
				t.Run(failure+"/"+kind+"/without a host", func(t *testing.T) {
					site := f.site + "\n" + strings.Replace(gate, "{\n", "{\nurl URL\n", 1) + "\n" + echo + "\nhandle_errors {\n" + content + "\n}"
					newLoneGateway(t, site).getsNothing(f.line, f.more)
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
	g := bareGateway(t)
	g.site = `handle /api/* {
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
http://other.localhost:` + g.port + ` {
	bind 127.0.0.1
	` + echo + "\n"
	g.start()
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

// A site may be a path of a host: the pages of the gate are below it all the same.
func TestASiteWithAPathHasPages(t *testing.T) {
	g := bareGateway(t)
	g.address, g.site = "http://localhost:"+g.port+"/app/*", "doorpost {\nallow *\n}\n"+echo
	g.start()
	b := g.newBrowser()
	b.signIn("alice@example.com")
	if got := b.get("/app/x"); !strings.Contains(got.body, "user=alice@example.com ") {
		t.Errorf("it is answered with %d %q", got.status, got.body)
	}
}

func TestAnOrderThatLeavesASiteOpenIsRefused(t *testing.T) {
	for site, name := range map[string]string{
		"route {\nrespond open\ndoorpost {\nallow *\n}\n}":                                                            "respond",
		"route {\nreverse_proxy localhost:1\ndoorpost {\nallow *\n}\n}":                                               "reverse_proxy",
		"route {\nhandle {\nrespond open\n}\ndoorpost {\nallow *\n}\n}":                                               "respond",
		"route {\nrespond /* open\ndoorpost {\nallow *\n}\n}":                                                         "respond",
		"route {\n@all host localhost\nredir @all /x\ndoorpost {\nallow *\n}\n}":                                      "redir",
		"route {\ninvoke app\ndoorpost {\nallow *\n}\n}":                                                              "respond",
		"route {\ninvoke inner\ndoorpost {\nallow *\n}\n}":                                                            "respond",
		"route {\ninvoke mixed\ndoorpost {\nallow *\n}\n}":                                                            "respond",
		"route {\ninvoke auth\ndoorpost {\nallow *\n}\nrespond closed\n}":                                             "",
		"route {\nhandle /* {\nrespond open\n}\ndoorpost {\nallow *\n}\n}":                                            "respond",
		"forward_auth localhost:1 {\nuri /auth\n}\ndoorpost {\nallow *\n}\nrespond closed":                            "",
		"route {\nrespond /health ok\ndoorpost {\nallow *\n}\nrespond closed\n}":                                      "",
		"handle /health {\nrespond ok\n}\nhandle {\ndoorpost {\nallow *\n}\nrespond closed\n}":                        "",
		"doorpost {\nallow *\n}\nrespond closed":                                                                      "",
		"route {\nheader X-A b\ndoorpost {\nallow *\n}\nrespond closed\n}":                                            "",
		"route {\nrespond open\nredir * /x\ndoorpost {\nallow *\n}\n}":                                                "respond",
		"route {\ndoorpost {\nallow *\n}\nrespond closed\ndoorpost /x/* {\nallow *\n}\n}":                             "",
		"route {\nabort\ndoorpost {\nallow *\n}\n}":                                                                   "abort",
		"route {\nhandle /a {\nredir * /b\n}\nhandle {\nrespond open\n}\ndoorpost {\nallow *\n}\n}":                   "respond",
		"route {\nhandle /a {\nheader X-A b\n}\nhandle {\nrespond open\n}\ndoorpost {\nallow *\n}\nrespond closed\n}": "",
	} {
		g := bareGateway(t)
		g.site = site
		g.address = "&(app) {\nrespond open\n}\n&(inner) {\ninvoke app\n}\n&(auth) {\nforward_auth localhost:1 {\nuri /auth\n}\n}\n&(harmless) {\nheader X-A b\n}\n&(mixed) {\nroute {\ninvoke harmless\nrespond open\n}\n}\nhttp://localhost:" + g.port
		err := g.tryLoad()
		if err == nil {
			g.stop()
		}
		if (err != nil) != (name != "") || err != nil && !strings.Contains(err.Error(), ": "+name+" answers every request before doorpost is reached") {
			t.Errorf("%q is loaded with %v", site, err)
		}
	}
}

// Methods that no app gets, and methods that an app may read as others.
func TestConnectAndTraceReachNoApp(t *testing.T) {
	for _, site := range []string{
		"doorpost /app/* {\nallow *\n}\n" + echo + "\nhandle_errors {\n" + echo + "\n}",
		"handle /app/* {\ndoorpost {\nallow *\n}\n" + echo + "\n}\nhandle {\n" + echo + "\n}",
		"@changes method POST DELETE\ndoorpost @changes {\nallow *\n}\n" + echo,
	} {
		g := newGateway(t, "", site)
		for _, method := range []string{"TRACE", "CONNECT", "trace", "Trace", "connect", "post", "Post", "pOST", "delete"} {
			for _, path := range []string{"/x", "/app/x"} {
				for _, host := range g.hosts() {
					if _, body := g.send(method+" "+path+" HTTP/1.1", "Host: "+host); strings.Contains(body, "REACHED") {
						t.Errorf("%s %s at %s is answered with %q", method, path, host, body)
					}
				}
			}
		}
	}
}

// A path with two readings gets past no handle: whatever Caddy takes it for, every
// block of the site has to let it in.
func TestAPathWithTwoReadingsGetsPastNoHandle(t *testing.T) {
	g := newGateway(t, "", "handle /admin/* {\ndoorpost {\nallow *\n}\n"+echo+"\n}\nhandle {\n"+echo+"\n}")
	for _, path := range []string{"/x/..;/admin/x", "/%2561dmin/x", "/admin%5cx", "/admin;a/x", "/admin%2fx", "//admin/x", "/x/%2e%2e/admin/x", "/admin%00/x"} {
		for _, host := range g.hosts() {
			if _, body := g.send("GET "+path+" HTTP/1.1", "Host: "+host); strings.Contains(body, "REACHED") {
				t.Errorf("%s at %s is answered with %q", path, host, body)
			}
		}
	}
	if _, body := g.send("GET /open HTTP/1.1", "Host: localhost:"+g.port); !strings.Contains(body, "REACHED") {
		t.Errorf("the other handle is answered with %q", body)
	}
}

// A site without a host has the same edge as any other.
func TestASiteWithoutAHostHasAnEdge(t *testing.T) {
	g := newLoneGateway(t, "basic_auth /_doorpost/* {\nbob $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n}\nhandle /admin/* {\ndoorpost {\nallow *\nurl URL\n}\n"+echo+"\n}\n"+echo)
	for _, host := range g.hosts() {
		_, body := g.send("GET /x HTTP/1.1", "Host: "+host, "Remote-User: admin@example.com", "Cookie: a=1; doorpost-"+g.port+"=stolen", "Connection: upgrade", "Upgrade: h2c")
		if !strings.Contains(body, "user= ") || !strings.Contains(body, "cookie=a=1 ") || strings.Contains(body, "h2c") {
			t.Errorf("at %s arrives %q", host, body)
		}
		if _, body := g.send("POST /_doorpost/sign-in HTTP/1.1", "Host: "+host, "Content-Length: 0"); strings.Contains(body, "REACHED") {
			t.Errorf("at %s a page of ours is answered with %q", host, body)
		}
	}
	if status, _ := g.send("GET /_doorpost/sign-in HTTP/1.1", "Host: localhost:"+g.port, "Accept: text/html"); status != http.StatusOK {
		t.Errorf("the sign-in page is answered with %d", status)
	}
	lone := bareGateway(t)
	lone.address, lone.site = "http://:"+lone.port, "route {\nrespond open\ndoorpost {\nallow *\nurl http://localhost:1\n}\n}"
	if err := lone.tryLoad(); err == nil || !strings.Contains(err.Error(), "before doorpost is reached") {
		t.Errorf("an order that leaves it open is loaded with %v", err)
	}
}

// A gate in handle_errors alone protects the error pages.
func TestAGateInHandleErrorsAloneAsksToSignIn(t *testing.T) {
	g := newGateway(t, "", "route {\nerror /x 404\n}\n"+echo+"\nhandle_errors {\ndoorpost {\nallow *\n}\n"+echo+"\n}")
	if _, body := g.send("GET / HTTP/1.1", "Host: localhost:"+g.port); !strings.Contains(body, "REACHED") {
		t.Errorf("the site is answered with %q", body)
	}
	b := g.newBrowser()
	if status, body := g.send("GET /x HTTP/1.1", "Host: localhost:"+g.port); status != http.StatusUnauthorized || strings.Contains(body, "REACHED") {
		t.Errorf("the error page is answered with %d %q", status, body)
	}
	b.signIn("alice@example.com")
	if got := b.get("/x"); !strings.Contains(got.body, "user=alice@example.com ") {
		t.Errorf("the error page is answered with %d %q", got.status, got.body)
	}
}

// A gate in a named route is found however many named routes are invoked before it.
func TestAGateBehindManyNamedRoutesIsFound(t *testing.T) {
	g, named, invoked := bareGateway(t), "", ""
	for i := range 2 * maxInvoked {
		named += fmt.Sprintf("&(r%d) {\nheader X-R%d a\n}\n", i, i)
		invoked += fmt.Sprintf("invoke r%d\n", i)
	}
	g.address = named + "&(gate) {\ndoorpost {\nallow *\nurl " + g.origin() + "\n}\n}\nhttp://localhost:" + g.port
	g.site = "route {\n" + invoked + "invoke gate\n" + echo + "\n}\nhandle_errors {\n" + echo + "\n}"
	g.start()
	g.getsNothing(strings.Repeat("G", 33)+" /x HTTP/1.1", "")
}

// Where a request meets two sites, error routes ask both.
func TestAnErrorRouteAsksAllSitesOfTheHost(t *testing.T) {
	g := bareGateway(t)
	g.address = "http://localhost:" + g.port + ", http://www.localhost:" + g.port
	g.site = `doorpost {
		allow *@example.com
	}
	@here host localhost
	handle @here {
		doorpost {
			allow boss@example.com
			headers {
				user X-Mine
			}
		}
		` + echo + `
	}
	handle_errors {
		` + echo + `
	}`
	g.start()
	b := g.newBrowser()
	b.signIn("alice@example.com")
	r, err := http.NewRequest(strings.Repeat("G", 33), g.origin()+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if said, _ := io.ReadAll(answer.Body); strings.Contains(string(said), "REACHED") {
		t.Errorf("it is answered with %q", said)
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
