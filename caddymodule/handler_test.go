package caddymodule

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// whoami answers with what an app behind the gate is told.
const whoami = "respond \"{header.Remote-User}|{header.Remote-Groups}|{header.X-Admin}\"\n"

func expectBody(t *testing.T, what string, got answer, want string) {
	t.Helper()
	if got.status != http.StatusOK || got.body != want {
		t.Errorf("%s: the answer is %d %q, want 200 %q", what, got.status, got.body, want)
	}
}

func expectSignIn(t *testing.T, what string, got answer, to string) {
	t.Helper()
	want := "/_doorpost/sign-in"
	if to != "/" {
		want += "?to=" + url.QueryEscape(to)
	}
	location, err := url.Parse(got.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	if got.status != http.StatusSeeOther || location.Path != "/_doorpost/sign-in" || to != "/" && location.Query().Get("to") != to {
		t.Errorf("%s: the answer is %d to %q, want 303 to %s", what, got.status, location, want)
	}
}

const severalBlocks = `
	@writes method POST PUT DELETE
	doorpost /app/* {
		allow *@example.com
	}
	doorpost /app/admin/* {
		allow alice@example.com
		headers {
			user X-Admin
		}
	}
	doorpost @writes {
		allow *@example.com *@example.org
	}
`

func TestARequestMustSatisfyEveryBlockThatItMatches(t *testing.T) {
	g := newGateway(t, "doorpost {\n store memory\n mailer console\n group staff *@example.com\n}\n", severalBlocks+whoami)
	alice, bob, olga, nobody := g.newBrowser(), g.newBrowser(), g.newBrowser(), g.newBrowser()
	alice.signIn("alice@example.com")
	bob.signIn("bob@example.com")
	olga.signIn("olga@example.org") // the block for writes admits her, that is enough to ask

	expectBody(t, "alice at /app/x, greeted by the block that she does not meet", alice.get("/app/x"), "alice@example.com|staff|alice@example.com")
	expectBody(t, "alice at /app/admin/x, with what both blocks set", alice.get("/app/admin/x"), "alice@example.com|staff|alice@example.com")
	expectBody(t, "bob at /app/x", bob.get("/app/x"), "bob@example.com|staff|")
	if got := bob.get("/app/admin/x"); got.status != http.StatusForbidden {
		t.Errorf("bob at /app/admin/x gets %d %q, want 403", got.status, got.body)
	}
	if got := olga.get("/app/x"); got.status != http.StatusForbidden {
		t.Errorf("olga at /app/x gets %d, want 403", got.status)
	}
	expectSignIn(t, "nobody at /app/x", nobody.get("/app/x?a=1"), "/app/x?a=1")
	expectSignIn(t, "nobody at /app/admin/x", nobody.get("/app/admin/x"), "/app/admin/x")
	if got := nobody.do(http.MethodPost, "/elsewhere", nil, "Accept", "*/*"); got.status != http.StatusUnauthorized {
		t.Errorf("a POST of nobody gets %d, want 401", got.status)
	}
	expectBody(t, "a POST of olga", olga.do(http.MethodPost, "/elsewhere", nil), "olga@example.org||")
}

func TestARequestThatMatchesNoBlockIsPublicAndStripped(t *testing.T) {
	g := newGateway(t, "", severalBlocks+whoami)
	forged := []string{"Remote-User", "root@example.com", "remote_groups", "wheel", "X-Admin", "root@example.com"}
	expectBody(t, "nobody at a public path", g.newBrowser().get("/elsewhere", forged...), "||")
	alice := g.newBrowser()
	alice.signIn("alice@example.com")
	expectBody(t, "alice at a protected path", alice.get("/app/x", forged...), "alice@example.com||alice@example.com")
	bob := g.newBrowser()
	bob.signIn("bob@example.com")
	expectBody(t, "bob, whom the block with X-Admin does not admit", bob.get("/app/x", forged...), "bob@example.com||")
}

func TestAnAddressThatNoBlockAdmitsGetsNoMail(t *testing.T) {
	g := newGateway(t, "", severalBlocks+whoami)
	stranger, alice := g.newBrowser(), g.newBrowser()
	if got := stranger.post("/_doorpost/sign-in", url.Values{"email": {"mallory@elsewhere.example"}}); got.status != http.StatusSeeOther {
		t.Fatalf("the answer is %d", got.status)
	}
	alice.signIn("alice@example.com") // shows that messages do arrive
	messages, _, err := g.app().opened.outbox.Messages(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(messages) != 1 || messages[0].To != "alice@example.com" {
		t.Errorf("the outbox has %+v, want the message to alice alone", messages)
	}
}

func TestWhateverRewritesWhatIsProtectedStaysProtectedAndOurPagesAreServed(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{"index.html": "front page", "secret.txt": "secret file", "error.html": "an error"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gate := "doorpost {\n allow *\n public /open\n}\n"
	for name, c := range map[string]struct{ site, path, body string }{
		"no rewrite":                   {gate + "respond ok", "/secret", "ok"},
		"rewrite":                      {gate + "rewrite * /open\n respond {uri}", "/secret", ""},
		"rewrite to our path":          {gate + "rewrite /secret /_doorpost/sign-in\n respond {uri}", "/secret", "/_doorpost/sign-in"},
		"uri strip_prefix":             {gate + "uri strip_prefix /api\n respond {uri}", "/api/secret", "/secret"},
		"handle_path":                  {"handle_path /api/* {\n" + gate + "respond {uri}\n}\n" + gate, "/api/secret", "/secret"},
		"handle":                       {"handle /api/* {\n" + gate + "respond {uri}\n}\n" + gate, "/api/secret", "/api/secret"},
		"route, gate first":            {"route {\n" + gate + "uri strip_prefix /api\n respond {uri}\n}", "/api/secret", "/secret"},
		"try_files":                    {"root " + root + "\n" + gate + "try_files {path} /index.html\n file_server", "/no/such/file", "front page"},
		"file_server":                  {"root " + root + "\n" + gate + "file_server", "/secret.txt", "secret file"},
		"error pages":                  {"root " + root + "\n" + gate + "error /secret 404\n handle_errors {\n rewrite * /error.html\n file_server\n}", "/secret", ""},
		"templates":                    {"root " + root + "\n" + gate + "templates\n file_server", "/secret.txt", "secret file"},
		"written after what it guards": {"respond ok\n" + gate, "/secret", "ok"},
		"a matcher by path, rewritten": {"doorpost /secret* {\n allow *\n}\n rewrite /secret /secret-files\n respond {uri}", "/secret", "/secret-files"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t, "", c.site)
			nobody := g.newBrowser()
			if name == "rewrite" {
				// What is public is decided by what the app will see.
				expectBody(t, "a path that is rewritten to a public one", nobody.get(c.path), "/open")
			} else {
				expectSignIn(t, "nobody", nobody.get(c.path), c.path)
			}
			if got := nobody.get("/_doorpost/sign-in"); got.status != http.StatusOK || !strings.Contains(got.body, `name="email"`) {
				t.Errorf("the sign-in page is not served: %d %.200q", got.status, got.body)
			}
			if c.body == "" {
				return
			}
			nobody.signIn("alice@example.com")
			expectBody(t, "somebody signed in", nobody.get(c.path), c.body)
		})
	}
}

func TestAGateInHandleErrorsProtectsThePagesThere(t *testing.T) {
	g := newGateway(t, "", "error /broken 500\n doorpost /app/* {\n allow *\n}\n handle_errors {\n doorpost {\n allow alice@example.com\n}\n respond \"details for {header.Remote-User}\"\n}\n respond ok\n")
	nobody, alice := g.newBrowser(), g.newBrowser()
	if got := nobody.get("/broken"); strings.Contains(got.body, "details") {
		t.Errorf("nobody is shown %q", got.body)
	}
	alice.signIn("alice@example.com")
	if got := alice.get("/broken"); got.body != "details for alice@example.com" {
		t.Errorf("alice is shown %d %q", got.status, got.body)
	}
}

func TestPlaceholdersAndTheAccessLogTellWhoIsSignedIn(t *testing.T) {
	g := newGateway(t, "doorpost {\n store memory\n mailer console\n group staff *@example.com\n group a alice@example.com\n}\n",
		"doorpost {\n allow *\n}\n header >X-Seen \"{http.auth.user.id} {http.auth.user.email} {http.auth.user.groups}\"\n request_header X-From-Placeholder {http.auth.user.id}\n respond {header.X-From-Placeholder}\n")
	alice := g.newBrowser()
	alice.signIn("alice@example.com")
	got := alice.get("/marker-in-the-log")
	expectBody(t, "request_header after the gate", got, "alice@example.com")
	if seen := got.header.Get("X-Seen"); seen != "alice@example.com alice@example.com a,staff" {
		t.Errorf("the placeholders are %q", seen)
	}
	g.stop() // so that the log is written
	for line := range strings.Lines(g.logged()) {
		if strings.Contains(line, "marker-in-the-log") && strings.Contains(line, `"handled request"`) {
			if !strings.Contains(line, `"user_id":"alice@example.com"`) && !strings.Contains(line, `"user_id": "alice@example.com"`) {
				t.Errorf("the access log has no user_id: %s", line)
			}
			return
		}
	}
	t.Errorf("the request is not in the access log:\n%s", g.logged())
}

func TestAHostThatIsNoneOfTheSitesGetsNoPageOfOurs(t *testing.T) {
	g := newGateway(t, "", "doorpost {\n allow *\n url http://app.localhost\n}\n respond secret\n")
	b := g.newBrowser()
	for _, path := range []string{"/", "/_doorpost/sign-in", "/_doorpost/check-mail"} {
		if got := b.get(path); got.status != http.StatusMisdirectedRequest || strings.Contains(got.body, "secret") {
			t.Errorf("%s is answered with %d %.100q, want 421", path, got.status, got.body)
		}
		if got := b.get(path, "Host", "app.localhost"); got.status == http.StatusMisdirectedRequest {
			t.Errorf("%s of the site's own host is answered with %d", path, got.status)
		}
	}
}
