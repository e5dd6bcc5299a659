package acceptance

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const recipeSite = "https://app.example.com"

func TestRecipeForAskingTheOwners(t *testing.T) {
	t.Parallel()
	app := startUpstream(t)
	g := startRecipe(t, "ask-the-owners.md", "", "localhost:3000", app.address)
	eve, owner := g.at(recipeSite), g.at(recipeSite)
	eve.ask("eve@elsewhere.example", "/").leadsTo(t, "/_doorpost/check-mail")
	offer := g.mail.await("eve@elsewhere.example")
	page := eve.open("/_doorpost/ask")
	eve.press(page, "/_doorpost/ask", "token", offer.token, "words", "I am new here").is(t, http.StatusOK).says(t, "Your request is on its way")
	if code, output := runToEnd(t, g.home, "requests", "list", "--address", g.admin); code != 0 || !strings.Contains(output, "eve@elsewhere.example") || !strings.Contains(output, "I am new here") {
		t.Errorf("requests list ends with %d: %s", code, output)
	}
	decision := owner.submit("/_doorpost/decide", "token", g.mail.await("owner@example.com").token).is(t, http.StatusOK)
	for _, button := range []string{"hour", "day", "always", "refuse"} {
		if !strings.Contains(decision.body, `name="decision" value="`+button+`"`) {
			t.Errorf("the owner has no button %s: %s", button, decision.text())
		}
	}
	owner.press(decision, "/_doorpost/decide", "decision", "day").is(t, http.StatusOK).says(t, "can enter").setsNoSession(t)
	eve.redeem(g.mail.await("eve@elsewhere.example"), "/")
	eve.isIn("eve@elsewhere.example")

	g.reload("\t\task owner@example.com\n", "")
	eve.open("/").is(t, http.StatusForbidden)
	alice := g.at(recipeSite)
	g.signIn(alice, "alice@example.com", "/")
	alice.isIn("alice@example.com")
}

func TestRecipeForPublicPathsOpensThoseAlone(t *testing.T) {
	t.Parallel()
	app := startUpstream(t)
	g := startRecipe(t, "public-paths.md", "", "localhost:3000", app.address)
	v := g.at(recipeSite)
	public := []string{"/health", "/health?full=1", "/assets/logo.svg", "/assets/a/b"}
	for _, path := range public {
		forged := v.request(http.MethodGet, path, "", "Remote-User", "root@example.com", "Remote_Groups", "admins")
		got := v.do(forged).echo(t)
		for _, name := range []string{"Remote-User", "Remote_Groups", "Remote-Groups"} {
			if told := got.values(name); len(told) > 0 {
				t.Errorf("at %s the app is told %s: %q", path, name, told)
			}
		}
	}
	before := app.count()
	for _, path := range []string{
		"/", "/Health", "/health/", "/healthy", "/assets", "/ASSETS/logo.svg",
		"/assets/..%2fadmin", "/assets/%252e%252e/admin", "/assets//logo.svg", "/assets/a;b", "/assets/a%5cb", "/assets/%ff",
	} {
		v.open(path).is(t, http.StatusSeeOther)
	}
	if after := app.count(); after != before {
		t.Errorf("%d requests reached the app without a session", after-before)
	}
	g.signIn(v, "alice@example.com", "/")
	for _, path := range public {
		if told := v.open(path).echo(t).values("Remote-User"); len(told) != 1 || told[0] != "alice@example.com" {
			t.Errorf("at %s the app is told %q of who is signed in", path, told)
		}
	}
}

func TestRecipeForPublicFilesKeepsTheFrontControllerClosed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "assets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"assets/logo.txt": "a picture", "index.php": "<?php"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	app := startFastCGI(t)
	g := startCaddyfileOf(t, "public-paths.md", 1, "", "/srv/app", root, "localhost:9000", app.address)
	v := g.at(recipeSite)
	for path, want := range map[string]string{"/assets/logo.txt": "200 a picture", "/assets/no.txt": "404 "} {
		response, err := v.client.Do(v.navigate(path)) // what Caddy itself answers with is not what try looks for
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if got := fmt.Sprintf("%d %s", response.StatusCode, body); got != want {
			t.Errorf("%s is answered with %q, want %q", path, got, want)
		}
	}
	for _, path := range []string{"/", "/index.php", "/index.php/assets/x", "/nothing", "/assets", "/assets/..%2findex.php", "/assets/../index.php"} {
		v.open(path).is(t, http.StatusSeeOther)
	}
	if n := app.count(); n != 0 {
		t.Errorf("%d requests reached the app without a session", n)
	}
	g.signIn(v, "alice@example.com", "/")
	if a := v.open("/nothing"); !a.isUpstream() || !strings.Contains(a.body, `"REMOTE_USER":["alice@example.com"]`) {
		t.Errorf("who is signed in is answered with %d: %s", a.status, a.body)
	}
}

func TestRecipeForProgramsAnswersThemAsItSays(t *testing.T) {
	t.Parallel()
	app := startUpstream(t)
	g := startRecipe(t, "programs.md", "", "localhost:3000", app.address)
	v := g.at(recipeSite)
	program := func(method, path string) answer { return v.do(v.request(method, path, "{}", "Accept", "*/*")) }

	_, shown, _ := strings.Cut(recipePage(t, "programs.md"), "$ curl -i "+recipeSite+"/api/things\n")
	head, rest, _ := strings.Cut(shown, "\n\n")
	body, _, _ := strings.Cut(rest, "\n")
	status, headers, _ := strings.Cut(head, "\n")
	got := program(http.MethodGet, "/api/things")
	if status != fmt.Sprint("HTTP/2 ", got.status) || strings.TrimSpace(got.body) != body {
		t.Errorf("a program is answered with %d %s, the recipe shows %s %s", got.status, got.body, status, body)
	}
	for line := range strings.Lines(headers + "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if got := got.header.Get(name); got != value || value == "" {
			t.Errorf("the answer has %s: %q, the recipe shows %q", name, got, value)
		}
	}
	for _, path := range []string{"/webhooks", "/health/", "/"} {
		program(http.MethodPost, path).isProblem(t, http.StatusUnauthorized)
	}
	for _, request := range [][2]string{{http.MethodPost, "/webhooks/push"}, {http.MethodGet, "/health"}} {
		program(request[0], request[1]).echo(t)
	}

	v.do(v.script(http.MethodGet, "/api/things")).isProblem(t, http.StatusUnauthorized)
	v.do(v.script(http.MethodGet, "/_doorpost/session")).isProblem(t, http.StatusUnauthorized)
	v.ask("alice@example.com", "/api/things")
	v.redeem(g.mail.await("alice@example.com"), "/api/things")
	v.do(v.script(http.MethodGet, "/api/things")).echo(t)
	if who := v.who(); who != "alice@example.com" {
		t.Errorf("a script is told that %q is signed in", who)
	}
}

// startTLSProxy starts a server that speaks TLS with visitors of a network, and http
// with the gate.
func startTLSProxy(t testing.TB, gate, client string, host func(sent string) string) (address string) {
	t.Helper()
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0), // while the gate starts
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: gate})
			r.SetXForwarded()
			r.Out.Host = host(r.In.Host)
			r.Out.Header.Set("X-Forwarded-For", client)
		},
	})
	t.Cleanup(proxy.Close)
	return proxy.Listener.Addr().String()
}

func TestRecipeForAProxyThatSpeaksTLS(t *testing.T) {
	t.Parallel()
	app, port := startUpstream(t), testkit.FreePort()
	g := startRecipe(t, "behind-a-tls-proxy.md", "", ":8081", ":"+port, "localhost:3000", app.address)
	passedOn := func(sent string) string { return sent }
	from := func(client string, host func(string) string) *visitor {
		v := newVisitor(t, recipeSite, startTLSProxy(t, "127.0.0.1:"+port, client, host))
		v.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
		return v
	}
	alice := from("203.0.113.7", passedOn)
	await(t, "the gate to answer", func() bool {
		a, err := alice.try(alice.navigate("/_doorpost/sign-in"))
		return err == nil && a.status == http.StatusOK
	})
	alice.open("/books").leadsTo(t, "/_doorpost/sign-in?to=%2Fbooks")
	alice.ask("alice@example.com", "/books").leadsTo(t, "/_doorpost/check-mail")
	m := g.mail.await("alice@example.com")
	if !strings.HasPrefix(m.link, recipeSite+"/_doorpost/link#") {
		t.Errorf("the link leads to %s", m.link)
	}
	alice.redeem(m, "/books")
	alice.isIn("alice@example.com")
	if name, _ := alice.sessionCookie(); name != "__Host-doorpost" {
		t.Errorf("the cookie is called %s", name)
	}
	alice.open("/_doorpost/account").is(t, http.StatusOK).says(t, "203.0.113.0/24")

	from("203.0.113.7", func(string) string { return "127.0.0.1:" + port }).open("/").is(t, http.StatusMisdirectedRequest)

	// Visitors count by their own networks, not all together by that of the proxy.
	crowd := from("198.51.100.1", passedOn)
	for range 100 {
		if crowd.ask("nobody@elsewhere.example", "/").status == http.StatusTooManyRequests {
			from("198.51.100.2", passedOn).ask("nobody@elsewhere.example", "/").leadsTo(t, "/_doorpost/check-mail")
			return
		}
	}
	t.Error("nobody is asked to wait")
}
