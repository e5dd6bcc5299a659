package acceptance

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

// groupsOf checks what checkIdentity leaves open: that groups, where a stage has
// some, are the gate's.
const stageGroups = "group readers *@example.com\ngroup staff ada@example.com"

// checkApp checks an app's request where ada has groups, too.
func checkApp(t *testing.T, what string, got arrived, who, groups string) {
	t.Helper()
	if values := got.values("Remote-Groups"); strings.Join(values, "|") != groups {
		t.Errorf("%s: Remote-Groups is %q, want %q", what, values, groups)
	}
	var rest arrived
	for _, line := range got.Raw {
		if groups == "" || line != "Remote-Groups: "+groups {
			rest.Raw = append(rest.Raw, line)
		}
	}
	rest.Trailer, rest.Body = got.Trailer, got.Body
	checkIdentity(t, what, rest, who)
}

// Every version of HTTP has a parser of its own in front of the gate, so what
// is a name there may be none here.
func TestAttackID01SpoofedIdentityOverEveryVersion(t *testing.T) {
	t.Parallel()
	g := startSecure(t, setup{site: "allow *@example.com\npublic /public/*", silent: true})
	v := g.over("HTTP/2")
	g.signIn(v, "ada@example.com", "/")
	for _, version := range versions {
		member, stranger := g.as(version, v), g.over(version)
		for _, visit := range []struct {
			who  string
			v    *visitor
			path string
		}{{"ada@example.com", member, "/app"}, {"ada@example.com", member, "/public/x"}, {"", stranger, "/public/x"}} {
			for _, name := range identityNames {
				all := visit.v.navigate(visit.path)
				for i, spelling := range spellings(name) {
					all.Header[spelling] = []string{forged, forged}
					if i%5 == 0 {
						one := visit.v.navigate(visit.path)
						one.Header[spelling] = []string{forged}
						checkIdentity(t, version+" "+visit.path+" "+spelling, visit.v.do(one).echo(t), visit.who)
					}
				}
				checkIdentity(t, version+" "+visit.path, visit.v.do(all).echo(t), visit.who)
			}
		}
		hits := g.upstream.count()
		for _, path := range []string{"/app", "/", "/nothing", "/_doorpost/nothing"} {
			r := stranger.script(http.MethodGet, path)
			for _, name := range identityNames {
				r.Header[name] = []string{forged}
			}
			if a := stranger.do(r); a.status != http.StatusUnauthorized && a.status != http.StatusNotFound {
				t.Errorf("%s %s was answered %d", version, path, a.status)
			}
		}
		if g.upstream.count() != hits {
			t.Errorf("%s: a claimed identity opened the door", version)
		}
	}
}

func TestAttackID02SpoofBesideASession(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 0))
	g := start(t, setup{global: stageGroups, site: "allow *@example.com", silent: true})
	for who, groups := range map[string]string{"ada@example.com": "readers,staff", "bob@example.com": "readers"} {
		session := g.signedIn(who).cookie()
		for range 150 {
			// Names that the session fills and names that it does not, in any
			// spelling, number and order.
			var lines []string
			for range 1 + random.IntN(12) {
				all := spellings(identityNames[random.IntN(len(identityNames))])
				spelling := all[random.IntN(len(all))]
				values := []string{forged, "root", "", " " + forged + " ", forged + "," + who, who}
				lines = append(lines, spelling+": "+values[random.IntN(len(values))])
			}
			request := g.line("GET", "/app", session) + strings.Join(lines, "\n") + "\n"
			if got, reached := g.echoed(request); reached {
				checkApp(t, strings.Join(lines, "; "), got, who, groups)
			} else {
				t.Errorf("%q was refused", lines)
			}
		}
	}
}

func TestAttackID02SpoofOfRenamedHeaders(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\nheaders {\nuser X-WebAuth-User\nemail X_Mail.Of\ngroups X-Role\nname X-N\n}", silent: true})
	session := g.signedIn("ada@example.com").cookie()
	for _, name := range []string{"X-Webauth-User", "X-Mail-Of", "X-Role", "X-N"} {
		for _, spelling := range spellings(name) {
			got, reached := g.echoed(g.line("GET", "/app", session) + spelling + ": " + forged + "\nConnection: close, " + spelling + "\n")
			if !reached {
				t.Errorf("%s was refused", spelling)
				continue
			}
			if raw := strings.Join(got.Raw, "\n"); strings.Contains(raw, forged) {
				t.Errorf("%s: what the client claims reached the app:\n%s", spelling, raw)
			}
			if users := got.values("X-WebAuth-User"); len(users) != 1 || users[0] != "ada@example.com" {
				t.Errorf("%s: the app is told %q", spelling, users)
			}
		}
	}
}

func TestAttackID03ConnectionNamesTheIdentity(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 0))
	g := start(t, setup{global: stageGroups, silent: true})
	session := g.signedIn("ada@example.com").cookie()
	others := []string{"close", "keep-alive", "Cookie", "te", "x-other", "", " ", "\"Remote-User\"", "remote-user;q=1", "upgrade", "*"}
	for range 300 {
		var tokens []string
		for range 1 + random.IntN(5) {
			token := others[random.IntN(len(others))]
			if random.IntN(2) == 0 {
				all := spellings(identityNames[random.IntN(len(identityNames))])
				token = all[random.IntN(len(all))]
			}
			spaces := []string{"", "", " ", "  ", "\t", " \t "}
			tokens = append(tokens, spaces[random.IntN(len(spaces))]+token+spaces[random.IntN(len(spaces))])
		}
		// Some in one line, some in lines of their own, the name in any case.
		var header strings.Builder
		for i, token := range tokens {
			switch {
			case i == 0 || random.IntN(3) == 0:
				names := []string{"Connection", "connection", "CONNECTION", "cONNECTION"}
				if i > 0 {
					header.WriteString("\n")
				}
				header.WriteString(names[random.IntN(len(names))] + ":" + token)
			default:
				header.WriteString("," + token)
			}
		}
		if got, reached := g.echoed(g.line("GET", "/app", session) + header.String() + "\n"); reached {
			checkApp(t, header.String(), got, "ada@example.com", "readers,staff")
		}
	}
}

// HTTP/2 has no Connection, and names are written in lower case. What breaks
// that is refused before anything acts on it.
func TestAttackID03FieldsThatHTTP2DoesNotHave(t *testing.T) {
	t.Parallel()
	g := startSecure(t, setup{site: "allow *@example.com\npublic /public/*", silent: true})
	v := g.over("HTTP/2")
	g.signIn(v, "ada@example.com", "/")
	for _, field := range [][]string{
		{"connection", "remote-user"}, {"connection", "close, remote-user"}, {"proxy-connection", "remote-user"}, {"keep-alive", "remote-user"},
		{"transfer-encoding", "chunked"}, {"upgrade", "remote-user"}, {"te", "remote-user"}, {"Remote-User", forged}, {"REMOTE_USER", forged},
		{"remote-user ", forged}, {" remote-user", forged}, {"remote-user\r\nremote-email", forged}, {"remote-user:", forged}, {":remote-user", forged},
		{"remote-user", forged + "\r\nRemote-Email: " + forged}, {"remote-user", forged + "\x00"}, {"trailer", "remote-user"}, {":path", "/public/x"}, {":authority", "evil.example"},
		{"host", "evil.example"},
	} {
		for _, visit := range []struct{ path, cookie, who string }{{"/app", v.cookie(), "ada@example.com"}, {"/public/x", "", ""}} {
			hits := g.upstream.count()
			status, body := g.frame(append(g.pseudo(visit.path, visit.cookie), field...)...)
			if g.upstream.count() == hits {
				if status == http.StatusOK || status >= 500 {
					t.Errorf("%q at %s was answered %d %s", field, visit.path, status, body)
				}
				continue
			}
			checkIdentity(t, fmt.Sprintf("%q at %s", field, visit.path), g.upstream.latest(), visit.who)
		}
	}
}

// An app behind CGI reads - and _ alike. Caddy's own guard against such aliases
// is switched off for our names: the gate must not rely on it.
func TestAttackID04AliasesBehindFastCGI(t *testing.T) {
	t.Parallel()
	app := startFastCGI(t)
	g := prepare(t, setup{})
	g.configure(setup{site: "allow *@example.com\npublic /public/*", behind: "reverse_proxy " + app.address + " {\ntransport fastcgi\n}", silent: true})
	replaceInFile(t, g.caddyfile(), "skip_install_trust\n", "skip_install_trust\nservers {\nexpected_underscore_headers remote_user remote_email remote_groups remote_name remote_* doorpost_assertion\n"+
		"expected_dot_headers remote.user remote.email remote.groups remote.name remote.* doorpost.assertion\n}\n")
	g.run()
	session := g.signedIn("ada@example.com").cookie()
	ask := func(what, request, who string) {
		t.Helper()
		a := g.mustRaw(request + "Connection: close\n")
		if !a.isUpstream() {
			t.Errorf("%s was answered %d", what, a.status)
			return
		}
		var said map[string][]string
		if err := json.Unmarshal([]byte(a.body), &said); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(a.body, forged) {
			t.Errorf("%s: what the client claims reached the app: %s", what, a.body)
		}
		if strings.Contains(a.body, "doorpost") {
			t.Errorf("%s: a cookie of ours reached the app: %s", what, a.body)
		}
		for _, name := range []string{"REMOTE_USER", "Remote-User", "Remote-Email"} {
			if got := strings.Join(said[name], "|"); got != who {
				t.Errorf("%s: %s is %q, want %q", what, name, got, who)
			}
		}
	}
	for _, visit := range []struct{ path, cookie, who string }{{"/app", session, "ada@example.com"}, {"/public/x", "", ""}, {"/public/x", session, "ada@example.com"}} {
		for _, name := range identityNames {
			for _, spelling := range spellings(name) {
				ask(visit.path+" "+spelling, g.line("GET", visit.path, visit.cookie)+spelling+": "+forged+"\n", visit.who)
			}
			first, second, _ := strings.Cut(name, "-")
			for _, mixed := range []string{first + "_" + second, first + "." + second, strings.ToLower(first) + "-" + second} {
				ask("twice "+mixed, g.line("GET", visit.path, visit.cookie)+mixed+": "+forged+"\n"+name+": "+forged+"\n"+mixed+": "+forged+"\n", visit.who)
			}
		}
	}
	hits := app.count()
	for _, name := range identityNames {
		g.mustRaw(g.line("GET", "/app", "")+strings.ReplaceAll(name, "-", "_")+": "+forged+"\n").is(t, http.StatusUnauthorized)
	}
	if app.count() != hits {
		t.Error("an alias opened the door")
	}
}

func TestAttackID07OurCookiesReachNoApp(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 0))
	g := startSecure(t, setup{site: "allow *@example.com\npublic /public/*", silent: true})
	v := g.over("HTTP/2")
	g.signIn(v, "ada@example.com", "/")
	theirs := []string{"a=1", "b=\"two\"", "c", "doorposts=1", "mydoorpost=2", "x=doorpost=3", "__Host-other=4"}
	ours := []string{v.cookie(), "doorpost=x", "doorpost-ask=y", "__Secure-doorpost=z", "__Host-doorpost-ask=w", "doorpost-future=v"}
	for range 60 {
		// Over HTTP/2 a browser may split its cookies into as many fields as it
		// likes.
		var kept []string
		fields := g.pseudo("/public/x", "")
		for range 1 + random.IntN(6) {
			cookie := ours[random.IntN(len(ours))]
			if random.IntN(2) == 0 {
				cookie = theirs[random.IntN(len(theirs))]
				kept = append(kept, cookie)
			}
			fields = append(fields, "cookie", cookie)
		}
		if status, body := g.frame(fields...); status != http.StatusOK {
			t.Fatalf("%q was answered %d %s", fields[8:], status, body)
		}
		if got := strings.Join(g.upstream.latest().values("Cookie"), "; "); got != strings.Join(kept, "; ") {
			t.Errorf("of %q the app got %q", fields[8:], got)
		}
	}
	for _, version := range versions {
		member := g.as(version, v)
		r := member.navigate("/app")
		r.Header["Cookie"] = []string{"a=1; " + v.cookie() + "; b=2"}
		if got := strings.Join(member.do(r).echo(t).values("Cookie"), "|"); got != "a=1; b=2" {
			t.Errorf("over %s the app got the cookies %q", version, got)
		}
	}
}

func TestAttackID09ConnectOpensNothing(t *testing.T) {
	t.Parallel()
	g := startSecure(t, setup{site: "allow *@example.com\npublic /public/*", silent: true, variable: offersSockets})
	v := g.over("HTTP/2")
	g.signIn(v, "ada@example.com", "/")
	authority := strings.TrimPrefix(g.origin, "https://")
	hits := g.upstream.count()
	for what, fields := range map[string][]string{
		"CONNECT":                               {":method", "CONNECT", ":authority", authority},
		"CONNECT elsewhere":                     {":method", "CONNECT", ":authority", "localhost:22"},
		"a WebSocket (RFC 8441)":                {":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":authority", authority, ":path", "/socket"},
		"something else (RFC 8441)":             {":method", "CONNECT", ":protocol", "connect-udp", ":scheme", "https", ":authority", authority, ":path", "/socket"},
		"a protocol in a header":                append(g.pseudo("/app", ""), ":protocol", "websocket"),
		"CONNECT with a path":                   {":method", "CONNECT", ":scheme", "https", ":authority", authority, ":path", "/public/x"},
		"a WebSocket at a path that looks open": {":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":authority", authority, ":path", "/public/../socket"},
	} {
		for _, cookie := range []string{"", "__Host-doorpost=x"} {
			sent := fields
			if cookie != "" {
				sent = append(fields[:len(fields):len(fields)], "cookie", cookie)
			}
			if status, _ := g.frame(sent...); status >= 500 || status != 0 && status < 400 {
				t.Errorf("%s without a session was answered %d", what, status)
			}
		}
	}
	for _, fields := range [][]string{
		{":authority", authority}, {":authority", "localhost:22"}, {":authority", "/"},
		{":protocol", "connect-udp", ":scheme", "https", ":authority", authority, ":path", "/socket"},
		{":protocol", "WebSocket", ":scheme", "https", ":authority", authority, ":path", "/socket"},
	} {
		status, _ := g.frame(append([]string{":method", "CONNECT", "cookie", v.cookie()}, fields...)...)
		if status >= 500 || status != 0 && status < 400 {
			t.Errorf("CONNECT %s with a session was answered %d", fields, status)
		}
	}
	if n := g.upstream.count() - hits; n != 0 {
		t.Errorf("the app was reached %d times", n)
	}
	status, _ := g.frame(":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":authority", authority, ":path", "/socket", "cookie", v.cookie(),
		"sec-websocket-version", "13", "remote-user", forged)
	if n := g.upstream.count() - hits; status != http.StatusOK || n != 1 {
		t.Fatalf("a WebSocket over HTTP/2 was answered %d and reached the app %d times", status, n)
	}
	checkIdentity(t, "a WebSocket over HTTP/2", g.upstream.latest(), "ada@example.com")
}
