package acceptance

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// talkative is a gate that says all that it can say, with every secret that a
// configuration can have.
type talkative struct {
	*stage
	redis   *redistest.Server
	traces  *collector
	api     *mailgunDouble
	secrets map[string]string // what must be in no log, by what it is
}

func startTalkative(t *testing.T) *talkative {
	t.Helper()
	g := &talkative{stage: prepare(t, setup{}), redis: redistest.Single(t), traces: startCollector(t), api: startMailgunDouble(t)}
	g.home.also = g.traces.environment()
	g.secrets = map[string]string{
		"the password of Redis": "redis-pw-" + newSecret()[:20], "the key of the API": "key-" + newSecret()[:20], "the password of SMTP": "smtp-pw-" + newSecret()[:20],
		"the secret": newSecret(), "the secret before": newSecret(),
	}
	g.redis.RequirePassword(t, g.secrets["the password of Redis"])
	file := func(what string) string {
		path := g.home.path(strings.ReplaceAll(what, " ", "-"))
		if err := os.WriteFile(path, []byte(g.secrets[what]), 0o600); err != nil {
			t.Fatal(err)
		}
		return "{file." + path + "}"
	}
	g.configure(setup{
		store:  "redis " + g.redis.URL() + " {\npassword " + file("the password of Redis") + "\n}",
		global: "secret " + file("the secret") + " " + file("the secret before"),
		// The first mailer fails, so that the log tells of it and of the next.
		mailer: "mailer smtp 127.0.0.1:" + testkit.FreePort() + " {\ntls off\nusername gate\npassword " + file("the password of SMTP") + "\n}\n" +
			"mailer mailgun {\ndomain mg.example.com\napi_key " + file("the key of the API") + "\napi_base " + g.api.base + "\n}",
		site:   "allow *@example.com\npublic /health",
		behind: "tracing {\nspan gate\n}\nreverse_proxy " + g.upstream.address,
	})
	replaceInFile(t, g.caddyfile(), "skip_install_trust\n", "skip_install_trust\ndebug\nmetrics\nlog default {\nlevel DEBUG\n}\n")
	g.run()
	return g
}

// adminSays is what the admin API answers.
func (g *talkative) adminSays(path string) string {
	g.t.Helper()
	response, err := http.Get("http://" + g.stage.admin + path)
	if err != nil {
		g.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return string(body)
}

// next is the link and the code of the message that the API was given last.
func (g *talkative) next(seen int) message {
	g.t.Helper()
	await(g.t, "a call of the API", func() bool { return len(g.api.received()) > seen })
	call := g.api.received()[seen]
	m := message{text: call.one(g.t, "text")}
	if err := m.find(); err != nil {
		g.t.Fatal(err)
	}
	return m
}

func TestAttackLG01NoSecretIsSaidAnywhere(t *testing.T) {
	t.Parallel()
	g := startTalkative(t)
	v, other := g.visitor(), g.visitor()
	learn := func(m message, browsers ...*visitor) {
		g.secrets["token "+m.token[:4]], g.secrets["code "+m.code[:4]], g.secrets["bare code "+m.code[:4]] = m.token, m.code, strings.ReplaceAll(m.code, "-", "")
		for _, browser := range browsers {
			for name, value := range browser.cookies {
				g.secrets["cookie "+name+" "+value[len(value)-6:]] = value
			}
		}
	}
	answers := ""
	do := func(a answer) answer {
		for name, values := range a.header {
			if name != "Set-Cookie" {
				answers += name + ": " + strings.Join(values, " ") + "\n"
			}
		}
		return a
	}
	// By the link, by the code, in another browser; with every mistake beside.
	do(v.ask("ada@example.com", "/books"))
	m := g.next(0)
	learn(m, v)
	do(v.submit("/_doorpost/code", "code", "AAAA-AAAA"))
	do(other.submit("/_doorpost/link", "token", m.token))
	do(v.submit("/_doorpost/nothing", "token", m.token))
	do(v.submit("/_doorpost/sign-in", "email", m.token, "code", m.code))
	do(v.post("/_doorpost/link", "text/plain", "token="+m.token))
	do(v.post("/_doorpost/link", "application/x-www-form-urlencoded", "token="+m.token+"&token="+m.token))
	do(v.post("/_doorpost/link", "application/x-www-form-urlencoded", "token="+m.token+"%zz"))
	r := v.form("/_doorpost/link", "token", m.token)
	r.Header.Set("Origin", "https://evil.example")
	do(v.do(r))
	do(v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/books"))
	learn(m, v)
	do(v.submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone))
	do(v.open("/_doorpost/account").is(t, http.StatusOK))
	v.open("/books").echo(t)
	do(v.open("/_doorpost/check-mail"))
	do(v.submit("/_doorpost/sign-out"))
	do(v.ask("ada@example.com", "/"))
	m = g.next(1)
	learn(m, v)
	do(v.submit("/_doorpost/code", "code", m.code).leadsTo(t, "/"))
	learn(m, v)
	thief := v.twin()
	do(v.submit("/_doorpost/sign-out", "scope", "all"))
	do(thief.open("/"))
	// The store goes away and with it whatever it said.
	do(v.ask("eve@example.com", "/"))
	m = g.next(2)
	learn(m, v)
	g.redis.Kill()
	v.comeBackLater(v.form("/_doorpost/link", "token", m.token))
	v.comeBackLater(v.form("/_doorpost/sign-in", "email", "eve@example.com"))
	places := map[string]string{"an answer": answers}
	for _, path := range []string{"/config/", "/metrics", "/doorpost/health", "/doorpost/nothing", "/reverse_proxy/upstreams", "/pki/ca/local", "/debug/vars", "/debug/pprof/goroutine?debug=2"} {
		places["the admin API at "+path] = g.adminSays(path)
	}
	g.redis.Restart(t)
	g.gate.stop()
	places["the log"], places["a trace"] = g.gate.Output(), g.traces.String()
	if !strings.Contains(places["a trace"], "/books") {
		t.Fatal("the traces have not what this test looks through")
	}
	if !strings.Contains(places["the log"], `"level":"debug"`) || !strings.Contains(places["the log"], "handled request") {
		t.Fatal("the log has not what this test looks through")
	}
	if len(g.secrets) < 15 {
		t.Fatalf("only %d secrets are known", len(g.secrets))
	}
	for place, said := range places {
		for what, secret := range g.secrets {
			if at := strings.Index(said, secret); at >= 0 {
				t.Errorf("%s says %s: …%s…", place, what, said[max(0, at-200):min(len(said), at+len(secret)+80)])
			}
		}
	}
}

// insides are what an answer must not tell of what is behind it.
var insides = regexp.MustCompile(`goroutine \d|\.go:\d+|runtime\.|panic|/tmp/|/root/|127\.0\.0\.1:\d+|dial tcp|connection refused|EOF|WRONGPASS|NOAUTH|redis|bbolt|caddy/v?2|go1\.\d|mailgun|smtp`)

func TestAttackLG04ErrorsTellNothingOfTheInside(t *testing.T) {
	t.Parallel()
	g := startTalkative(t)
	v := g.visitor()
	seen := make(map[int]bool)
	check := func(what string, a answer) {
		t.Helper()
		seen[a.status] = true
		if found := insides.FindString(a.body); found != "" && !a.isUpstream() {
			t.Errorf("%s was answered %d with %q in it: %s", what, a.status, found, a.body)
		}
		if server := a.header.Get("Server"); strings.ContainsAny(server, "0123456789/") || a.header.Get("X-Powered-By") != "" {
			t.Errorf("%s: Server is %q", what, server)
		}
	}
	breakIt := func(bodies ...string) {
		for _, accept := range []string{"text/html", "application/json"} {
			for _, path := range []string{"/", "/app", "/_doorpost/sign-in", "/_doorpost/link", "/_doorpost/code", "/_doorpost/sign-out", "/_doorpost/check-mail", "/_doorpost/account", "/_doorpost/session", "/_doorpost/nothing", "/%zz", "/_doorpost/%00"} {
				for _, method := range []string{"GET", "POST", "PUT"} {
					for _, body := range bodies {
						if method != "POST" && body != "" {
							continue
						}
						r := v.request(method, "/", body, "Accept", accept, "Origin", g.origin, "Content-Type", "application/x-www-form-urlencoded")
						r.URL.Opaque = path
						a, _ := v.try(r) // a server error is what this is about
						check(method+" "+path, a)
					}
				}
			}
		}
	}
	breakIt("", "email=new@example.com&token=x&code=y", "a=1&a=2", strings.Repeat("a", 17<<10))
	g.redis.Kill()
	breakIt("", "email=new@example.com")
	g.redis.Restart(t)
	for _, raw := range []string{"GET / HTTP/9.9\n", "GET\n", "GET / HTTP/1.1\nHost: \x00\n", "GET / HTTP/1.1\n", "GET / HTTP/1.1\nHost: x\nContent-Length: -1\n", "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: x\n", "GET /" + strings.Repeat("a", 70000) + " HTTP/1.1\nHost: x\n"} {
		if a, err := g.raw(raw); err == nil {
			check(raw[:min(len(raw), 30)], a)
		}
	}
	for _, status := range []int{400, 401, 404, 405, 413, 503} {
		if !seen[status] {
			t.Errorf("no answer had the status %d", status)
		}
	}
	// Numbers are counted without whose they are.
	for line := range strings.Lines(g.adminSays("/metrics")) {
		if strings.Contains(line, "example.com") || strings.Contains(line, "doorpost") && strings.Contains(line, "127.0.0.1") {
			t.Errorf("a metric names somebody: %s", line)
		}
	}
}
