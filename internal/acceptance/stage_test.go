package acceptance

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// setup says how a stage differs from the usual one.
type setup struct {
	options  string // more global options of Caddy
	global   string // more lines of the global option doorpost
	store    string // instead of bolt and its file
	mailer   string // lines instead of the SMTP server of the stage
	limits   string // lines instead of limits that no test reaches
	site     string // lines of the directive; default: allow *@example.com
	behind   string // what stands behind the directive; default: the echo upstream
	address  string // of the site; default: http://localhost:<port>
	origin   string // that visitors see; default: the address
	adminOff bool   // no admin API; default: on a free port
	silent   bool   // no access log, for loads
	variable string // of the environment, beside the usual ones
}

// patientRedis is the store of a test that is not about how long Redis may take: the
// race detector and a busy machine make a second of a tenth of one.
func patientRedis(url string) string { return "redis " + url + " {\ntimeout 10s\n}" }

// stage is a gate as a process with an app behind it and a mail server beside.
type stage struct {
	t        testing.TB
	home     home
	port     string // of the gate
	admin    string // address of the admin API
	origin   string
	upstream *upstream
	mail     *mailServer
	gate     *process
	setup    setup
	known    []string // secrets of visitors that no log may have
}

// start starts a gate and waits until it answers.
func start(t testing.TB, s setup) *stage {
	t.Helper()
	g := prepare(t, s)
	g.run()
	return g
}

// prepare does everything but start the gate.
func prepare(t testing.TB, s setup) *stage {
	t.Helper()
	g := &stage{t: t, home: newHome(t), port: testkit.FreePort(), upstream: startUpstream(t), mail: startMailServer(t)}
	g.admin = "localhost:" + testkit.FreePort()
	t.Cleanup(g.checkLogs)
	g.configure(s)
	return g
}

// configure writes the Caddyfile.
func (g *stage) configure(s setup) {
	g.t.Helper()
	orElse := func(given *string, usual string) {
		if *given == "" {
			*given = usual
		}
	}
	orElse(&s.store, "bolt "+g.store())
	orElse(&s.address, "http://localhost:"+g.port)
	orElse(&s.origin, s.address)
	orElse(&s.site, "allow *@example.com")
	orElse(&s.behind, "reverse_proxy "+g.upstream.address)
	orElse(&s.mailer, smtpMailer(g.mail.address))
	orElse(&s.limits, "limit client 100000 1m\nlimit address 1000 1m\nlimit total 100000 1m")
	admin, accessLog := "admin "+g.admin, "log"
	if s.adminOff {
		admin = "admin off"
	}
	if s.silent {
		accessLog = ""
	}
	caddyfile := fmt.Sprintf(`{
%s
persist_config off
auto_https off
skip_install_trust
%s
doorpost {
store %s
from "Doorpost <sign-in@example.com>"
%s
%s
%s
}
}
%s {
%s
doorpost {
%s
}
%s
}
`, admin, s.options, s.store, s.mailer, s.limits, s.global, s.address, accessLog, s.site, s.behind)
	if err := os.WriteFile(g.caddyfile(), []byte(caddyfile), 0o600); err != nil {
		g.t.Fatal(err)
	}
	g.setup = s
	if s.variable != "" {
		g.home.also = []string{s.variable}
	}
	if g.origin != s.origin { // loads read it while a reload is tested
		g.origin = s.origin
	}
}

func (g *stage) caddyfile() string { return g.home.path("Caddyfile") }

// store is the file in which the gate keeps everything.
func (g *stage) store() string { return g.home.path("doorpost.db") }

// run starts the gate on what was kept and waits until it answers.
func (g *stage) run() {
	g.t.Helper()
	g.gate = launch(g.t, g.home, "run", "--config", g.caddyfile())
	probe := g.visitor()
	await(g.t, "the gate to answer", func() bool {
		if g.gate.HasEnded() {
			g.t.Fatalf("the gate did not start: %s", g.gate.Output())
		}
		a, err := probe.try(probe.navigate("/_doorpost/sign-in"))
		return err == nil && a.status == http.StatusOK
	})
}

// restart stops the gate in good order and starts it again.
func (g *stage) restart() {
	g.t.Helper()
	g.gate.stop()
	g.run()
}

// visitor makes a browser that has not been here.
func (g *stage) visitor() *visitor { return newVisitor(g.t, g.origin, "127.0.0.1:"+g.port) }

// signedIn makes a browser in which somebody is signed in.
func (g *stage) signedIn(address string) *visitor {
	g.t.Helper()
	v := g.visitor()
	g.signIn(v, address, "/")
	return v
}

// signIn signs in with the link and returns where the browser is sent then.
func (g *stage) signIn(v *visitor, address, to string) (location string) {
	g.t.Helper()
	location, err := g.trySignIn(v, address, to)
	if err != nil {
		g.t.Fatal(err)
	}
	_, value := v.sessionCookie()
	g.known = append(g.known, value)
	return location
}

// trySignIn is signIn for goroutines, which must not end the test.
func (g *stage) trySignIn(v *visitor, address, to string) (location string, err error) {
	a, err := v.try(v.form("/_doorpost/sign-in", "email", address, "to", to))
	if err != nil {
		return "", err
	}
	if a.status != http.StatusSeeOther || a.location() != "/_doorpost/check-mail" {
		return "", fmt.Errorf("asking for a link for %s: answered %d: %s", address, a.status, a.text())
	}
	m, ok := g.mail.next(strings.ToLower(address))
	if !ok {
		return "", fmt.Errorf("no message for %s came", address)
	}
	if a, err = v.try(v.form("/_doorpost/link", "token", m.token)); err != nil {
		return "", err
	}
	if _, value := v.sessionCookie(); a.status != http.StatusSeeOther || value == "" {
		return "", fmt.Errorf("redeeming the link of %s: answered %d: %s", address, a.status, a.text())
	}
	if strings.HasPrefix(a.location(), "/_doorpost") {
		return "", errors.New("signed in, and sent back to " + a.location())
	}
	return a.location(), nil
}

// checkLogs looks in all that the gate wrote for what must be in no log.
func (g *stage) checkLogs() {
	if g.gate == nil {
		return
	}
	output := g.gate.Output()
	for _, secret := range append(g.mail.secrets(), g.known...) {
		if secret != "" && strings.Contains(output, secret) {
			line := output[strings.LastIndex(output[:strings.Index(output, secret)], "\n")+1:]
			line, _, _ = strings.Cut(line, "\n")
			g.t.Errorf("a log line has a token, a code or a session cookie in it: %s", line)
			return
		}
	}
}

// loggedErrors are the lines that the gate logged as errors.
func (g *stage) loggedErrors() (lines []string) {
	for line := range strings.SplitSeq(g.gate.Stderr.String(), "\n") {
		var entry struct{ Level, Logger string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Level == "error" {
			lines = append(lines, line)
		}
	}
	return lines
}
