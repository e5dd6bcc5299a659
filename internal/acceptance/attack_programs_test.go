package acceptance

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// Whatever becomes of a request with a token, no log, answer, metric or store has the
// token.
func TestAttackLG01NoTokenOfAProgramIsSaidAnywhere(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	for name, s := range map[string]setup{
		"bolt": {}, "redis": {store: patientRedis(server.URL()), global: "secret " + newSecret()},
	} {
		t.Run(name, func(t *testing.T) {
			// The app behind /down does not answer, which is an error to Caddy: it logs the request.
			s.options = "debug\nmetrics\nlog {\nlevel DEBUG\nformat filter {\nrequest>headers>Doorpost-Token delete\n}\n}\n"
			s.site = "allow *@example.com\ntokens\npublic /public/*"
			g := prepare(t, setup{})
			s.behind = fmt.Sprintf("@gated not path /open/*\nreverse_proxy /down 127.0.0.1:%s\nreverse_proxy %s", testkit.FreePort(), g.upstream.address)
			g.configure(s)
			replaceInFile(t, g.caddyfile(), "doorpost {\nallow", "doorpost @gated {\nallow")
			g.run()
			good, short := g.makes("good", "--path", "/dav/*", "--path", "/down"), g.makes("over", "--for", "2s")
			rotated := g.rotates(good, "1h")
			answers := g.succeeds("tokens", "list", "--json") + g.succeeds("tokens", "show", good.ID, "--json") + g.succeeds("tokens", "show", good.ID) + g.succeeds("tokens", "list")
			visit := func(a answer, err error) {
				if err != nil && a.status == 0 {
					t.Fatal(err)
				}
				answers += fmt.Sprint(a.header, a.body)
			}
			texts := []string{good.Token, rotated.Token, short.Token, good.Token[:len(good.Token)-1]}
			for _, text := range texts {
				g.learn(text)
				for _, way := range ways {
					name, value := way(text)
					for _, path := range []string{"/dav/x", "/down", "/other", "/public/x", "/open/x", "/_doorpost/session", "/_doorpost/nothing", "/%zz", "/" + strings.Repeat("a", 5000)} {
						visit(g.raw(g.line("GET", path, "") + name + ": " + value + "\n"))
					}
				}
			}
			// At a host of no site, too, it leaves no line.
			for _, text := range texts[:3] {
				visit(g.raw("GET /x?t=" + text + " HTTP/1.1\nHost: elsewhere.example.com\nConnection: close\n"))
			}
			// In a URL it is refused, and leaves no line, whatever is there.
			for _, text := range texts[:3] {
				for _, at := range []string{"/dav/x?token=", "/down?t=", "/", "/public/", "/public/x?", "/open/", "/open/x?a=b&t=", "/_doorpost/sign-in?to=/", "/_doorpost/nothing?", "//"} {
					hits := g.upstream.count()
					a, err := g.raw(g.line("GET", at+text, "") + "Accept: text/html\n")
					visit(a, err)
					if g.upstream.count() != hits {
						t.Errorf("%s… was answered %d by the app", at, a.status)
					}
					a.isRefusedProgram(t, http.StatusBadRequest, "", "the URL has a token")
				}
			}
			g.succeeds("tokens", "end", good.ID)
			visit(g.raw(g.line("GET", "/dav/x", "") + "Doorpost-Token: " + rotated.Token + "\n"))
			for _, path := range []string{"/config/", "/metrics", "/doorpost/health", "/doorpost/tokens", "/doorpost/tokens/" + short.ID} {
				answers += fetch(t, "http://"+g.admin+path)
			}
			stored := ""
			if name == "redis" {
				stored = dump(t, server)
			}
			g.gate.stop()
			if name == "bolt" {
				content, err := os.ReadFile(g.store())
				if err != nil {
					t.Fatal(err)
				}
				stored = string(content)
			}
			said := g.gate.Output()
			for what, words := range map[string][]string{
				said:    {`"uri":"/dav/x"`, `"level":"debug"`, "token made", "token refused", short.ID, `"status":502`},
				answers: {short.ID, "doorpost_tokens_total", "application/problem+json"},
				stored:  {short.ID, "over"},
			} {
				for _, word := range words {
					if !strings.Contains(what, word) {
						t.Errorf("nothing says %q: this test looks at the wrong place", word)
					}
				}
			}
			for place, said := range map[string]string{"an answer": answers, "the store": stored, "the log": said} {
				for _, secret := range g.known {
					if at := strings.Index(said, secret); at >= 0 {
						t.Errorf("%s has a token in it: …%.300q", place, said[max(0, at-200):])
					}
				}
			}
		})
	}
}

// The header of tokens is one of the gate, in each spelling that some app takes for it.
func TestAttackID01NoSpellingOfTheHeaderOfTokensArrives(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	g.configure(setup{
		options: noTokensInLogs, site: "allow *@example.com\ntokens\npublic /public/*",
		behind: "error /fails 418\nhandle_errors {\nreverse_proxy " + g.upstream.address + "\n}\nreverse_proxy " + g.upstream.address, silent: true,
	})
	g.run()
	made, session := g.makes("backup"), g.signedIn("ada@example.com").cookie()
	for _, visit := range []struct{ path, lines string }{
		{"/public/x", ""}, {"/public/x", "Cookie: " + session + "\n"}, {"/app", "Cookie: " + session + "\n"}, {"/fails", "Cookie: " + session + "\n"},
		{"/app", "Authorization: Bearer " + made.Token + "\n"}, {"/fails", "Authorization: " + basic(made.Token) + "\n"}, {"/public/x", "Authorization: Bearer " + made.Token + "\n"},
	} {
		for _, spelling := range spellings("Doorpost-Token") {
			if strings.EqualFold(spelling, "Doorpost-Token") && (visit.path != "/public/x" || strings.Contains(visit.lines, "Authorization")) {
				continue // that is another token, or one beside a session
			}
			for value, more := range map[string]string{forged: "", made.Token: "", "dpst_": "Connection: close, " + spelling + "\n"} {
				got, reached := g.echoed(g.line("GET", visit.path, "") + visit.lines + spelling + ": " + value + "\n" + more)
				if !reached {
					t.Errorf("%s with %s was refused", visit.path, spelling)
					continue
				}
				if raw := strings.Join(got.Raw, "\n"); strings.Contains(raw, value) || strings.Contains(strings.ToLower(raw), "doorpost") {
					t.Errorf("%s: %s reaches the app: %s", visit.path, spelling, raw)
				}
			}
		}
	}
	for _, spelling := range spellings("Doorpost-Token") {
		if !strings.EqualFold(spelling, "Doorpost-Token") {
			g.mustRaw(g.line("GET", "/app", "")+spelling+": "+made.Token+"\n").is(t, http.StatusUnauthorized)
		}
	}
	// Behind an error route, too, a token that is not good shows nothing.
	hits := g.upstream.count()
	g.mustRaw(g.line("GET", "/fails", "")+"Doorpost-Token: "+made.Token[:20]+"\n").is(t, http.StatusUnauthorized)
	if g.upstream.count() != hits {
		t.Error("an error route is open to a token that is not good")
	}
}

// Caddy's logs show a header that it does not know, unless they have a filter for it: an
// operator is told.
func TestALogThatShowsTokensIsToldOfUntilItHasAFilter(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\ntokens", behind: "reverse_proxy 127.0.0.1:" + testkit.FreePort(), silent: true})
	const warning, advice = "the log of Caddy shows the tokens that programs send in the header Doorpost-Token (http.log.error)", "log { format filter { request>headers>Doorpost-Token delete } }"
	var made service
	g.prints(&made, "tokens", "create", "backup", "--site", g.origin)
	shows := func() bool {
		before := len(g.gate.Output())
		g.mustRaw(g.line("GET", "/", "")+"Doorpost-Token: "+made.Token+"\n").is(t, http.StatusBadGateway)
		await(t, "an error in the log", func() bool { return strings.Contains(g.gate.Output()[before:], "http.log.error") })
		return strings.Contains(g.gate.Output()[before:], made.Token)
	}
	tells := func() (all bool) {
		content, err := os.ReadFile(g.caddyfile())
		if err != nil {
			t.Fatal(err)
		}
		line := 1 + strings.Count(string(content[:strings.Index(string(content), "\ntokens\n")+1]), "\n")
		_, found := g.doctor("--address", g.admin)
		_, validated := runToEnd(t, g.home, "validate", "--config", g.caddyfile())
		inDoctor, inValidate := strings.Contains(found["site "+g.origin].Found, warning), strings.Contains(validated, warning)
		if inDoctor != inValidate || inDoctor && (!strings.Contains(found["site "+g.origin].Advice, advice) || !strings.Contains(validated, fmt.Sprintf("%s:%d: site %s: %s; ", g.caddyfile(), line, g.origin, warning))) {
			t.Errorf("doctor finds %+v, validate says %s", found["site "+g.origin], validated)
		}
		return inDoctor
	}
	if !tells() || !shows() || !strings.Contains(g.gate.Output(), warning) {
		t.Errorf("without a filter the token is shown: %v, and the operator told: %v", shows(), tells())
	}
	next := g.setup
	next.options = noTokensInLogs
	g.configure(next)
	if code, output := runToEnd(t, g.home, "reload", "--config", g.caddyfile(), "--address", g.admin); code != 0 {
		t.Fatalf("the reload ended with %d: %s", code, output)
	}
	if tells() || shows() {
		t.Errorf("with a filter the token is shown: %v, and the operator told: %v", shows(), tells())
	}
}
