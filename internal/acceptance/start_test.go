package acceptance

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestProtectPutsAGateInFrontOfAnAppWithoutAConfiguration(t *testing.T) {
	t.Parallel()
	app, server, h, port := startUpstream(t), startMailServer(t), newHome(t), testkit.FreePort()
	origin := "http://localhost:" + port
	p := launch(t, h, "protect", "--from", origin, "--to", app.address, "--allow", "ada@example.com", "--allow", "*@example.org",
		"--smtp", server.address, "--smtp-tls", "off", "--mail-from", "Gate <gate@example.com>", "--data", h.path("kept"))
	v := newVisitor(t, origin, "127.0.0.1:"+port)
	await(t, "the gate to answer", func() bool {
		if p.HasEnded() {
			t.Fatalf("protect did not start: %s", p.Output())
		}
		a, err := v.try(v.navigate("/x?y"))
		return err == nil && a.status == http.StatusSeeOther
	})
	for _, address := range []string{"ada@example.com", "bob@example.org"} {
		v.ask(address, "/x?y").leadsTo(t, "/_doorpost/check-mail")
		v.submit("/_doorpost/code", "code", server.await(address).code).leadsTo(t, "/x?y")
		if got := v.open("/x?y").echo(t).values("Remote-User"); len(got) != 1 || got[0] != address {
			t.Errorf("the app is told %q, want %s", got, address)
		}
	}
	v.ask("eve@example.com", "/").leadsTo(t, "/_doorpost/check-mail")
	p.stop()
	if n := len(server.received("eve@example.com")); n > 0 {
		t.Errorf("%d messages went to somebody who was not allowed", n)
	}
	if _, err := os.Stat(h.path("kept/doorpost.db")); err != nil {
		t.Errorf("sessions are not kept where --data says: %v", err)
	}
}

func TestProtectSaysWhereTheMailIsAndThatOtherCommandsDoNotFindIt(t *testing.T) {
	t.Parallel()
	mail := []string{"--smtp", "localhost:25", "--smtp-tls", "off", "--mail-from", "Gate <gate@example.com>"}
	for _, flags := range [][]string{nil, mail} {
		origin := "http://localhost:" + testkit.FreePort()
		p := launch(t, newHome(t), append([]string{"protect", "--from", origin, "--to", "localhost:3000", "--allow", "*"}, flags...)...)
		await(t, "the gate to say all", func() bool { return strings.Count(p.Stdout.String(), "\n") == 3 || p.HasEnded() })
		said, mailbox := p.Stdout.String(), origin+"/_doorpost/mailbox"
		if flags != nil {
			mailbox = "through localhost:25, as Gate <gate@example.com>"
		}
		if !strings.Contains(said, mailbox) || !strings.Contains(said, "no admin endpoint") {
			t.Errorf("with %q it says %q", flags, said)
		}
		if strings.Contains(p.Stderr.String(), "not formatted") {
			t.Errorf("it warns about a Caddyfile that nobody has: %s", p.Stderr.String())
		}
	}
}

func TestProtectSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for words, arguments := range map[string][]string{
		"--to":        {"--allow", "ada@example.com"},
		"--allow":     {"--to", "localhost:3000"},
		"--mail-from": {"--to", "localhost:3000", "--allow", "ada@example.com", "--smtp", "localhost:25"},
		"no-such":     {"--to", "localhost:3000", "--allow", "ada@example.com", "--no-such-flag"},
		"takes flags": {"localhost:3000"},
		"https":       {"--to", "localhost:3000", "--allow", "ada@example.com", "--from", "http://app.example.com"},
	} {
		code, output := runToEnd(t, newHome(t), append([]string{"protect"}, arguments...)...)
		if code != 2 || !strings.HasPrefix(output, "ERROR\t") || !strings.Contains(output, words) {
			t.Errorf("protect %q ended with %d: %s", arguments, code, output)
		}
	}
}

func TestTwoGatesDoNotShareAPort(t *testing.T) {
	t.Parallel()
	port := testkit.FreePort()
	first := launch(t, newHome(t), "protect", "--from", "http://localhost:"+port, "--to", "localhost:3000", "--allow", "*")
	await(t, "the first gate to say where it is", func() bool { return strings.Contains(first.Stdout.String(), port) || first.HasEnded() })
	for flag, arguments := range map[string][]string{
		"--from":   {"protect", "--from", "http://127.0.0.1:" + port, "--to", "localhost:3000", "--allow", "*"},
		"--listen": {"demo", "--listen", "localhost:" + port},
	} {
		code, output := runToEnd(t, newHome(t), arguments...)
		if want := "port " + port + " is taken"; code != 1 || !strings.Contains(output, want) || !strings.Contains(output, "another port with "+flag) {
			t.Errorf("%q ended with %d: %s", arguments, code, output)
		}
	}
}

func TestAGateWithALoopbackOriginListensOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	port := testkit.FreePort()
	p := launch(t, newHome(t), "protect", "--from", "http://localhost:"+port, "--to", "localhost:3000", "--allow", "*")
	await(t, "the gate to say where it is", func() bool { return strings.Contains(p.Stdout.String(), port) || p.HasEnded() })
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"127.0.0.2"} // loopback, but not where it listens
	for _, address := range addresses {
		if ip, ok := address.(*net.IPNet); ok && !ip.IP.IsLoopback() && ip.IP.To4() != nil {
			hosts = append(hosts, ip.IP.String())
		}
	}
	for _, host := range hosts {
		if conn, err := net.Dial("tcp", net.JoinHostPort(host, port)); err == nil {
			conn.Close()
			t.Errorf("it listens on %s, too", host)
		}
	}
}

func TestAnUnknownCommandIsMisuse(t *testing.T) {
	t.Parallel()
	for given, says := range map[string]string{
		"user list":            `there is no command "user"; did you mean users? doorpost --help lists them`,
		"user list --json":     `there is no command "user"; did you mean users?`,
		"frobnicate":           `there is no command "frobnicate"; doorpost --help lists them`,
		"help frobnicate":      `there is no command "frobnicate"; doorpost --help lists them`,
		"help users lst":       `there is no command "lst"; did you mean list? doorpost users --help lists them`,
		"doorpost frobnicate":  `there is no command "frobnicate"; doorpost doorpost --help lists them`,
		"--frobnicate":         "unknown flag: --frobnicate",
		"users list --nowhere": "unknown flag: --nowhere",
	} {
		code, output := runToEnd(t, newHome(t), strings.Fields(given)...)
		if code != 2 || !strings.HasPrefix(output, "ERROR\t"+says) || strings.Count(output, "\n") != 1 {
			t.Errorf("%s ends with %d: %s", given, code, output)
		}
	}
}

func TestHelpIsAboutDoorpost(t *testing.T) {
	t.Parallel()
	for given, has := range map[string][]string{
		"":                {"Doorpost is a gate", "Commands of Doorpost:", "  users ", "Commands of Caddy:", "  reload ", "  doorpost demo\n"},
		"help":            {"Doorpost is a gate", "Commands of Doorpost:", "Commands of Caddy:", "-h, --help"},
		"--help":          {"Doorpost is a gate"},
		"help users":      {"the people that the store knows", "  disable ", "-h, --help"},
		"help users list": {"in the order of addresses", "--search"},
		"doorpost":        {"Doorpost is a gate", "  users "},
		"help reload":     {"Caddy's own commands are described at"},
	} {
		code, output := runToEnd(t, newHome(t), strings.Fields(given)...)
		if code != 0 || strings.Contains(output, "extensible server platform") || strings.Contains(output, "$ caddy") {
			t.Errorf("doorpost %s ends with %d: %s", given, code, output)
		}
		for _, words := range has {
			if !strings.Contains(output, words) {
				t.Errorf("doorpost %s does not say %q: %s", given, words, output)
			}
		}
		if named := strings.Contains(output, "caddyserver.com"); strings.Contains(given, "users") && named {
			t.Errorf("doorpost %s leads to Caddy's manual: %s", given, output)
		}
	}
}

func TestTheOnlyErrorOfACommandIsOursWithoutThePathThroughCaddysModules(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	write := func(rule string) {
		config := "http://s.localhost:" + testkit.FreePort() + " {\n\tdoorpost {\n\t\tallow " + rule + "\n\t}\n\trespond hello\n}\n"
		if err := os.WriteFile(h.path("Caddyfile"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for rule, words := range map[string]string{"group:nobody": "Caddyfile:3: site s.localhost: allow: there is no group", "nobody": `Caddyfile:3: allow: "nobody" must be`} {
		write(rule)
		for _, command := range []string{"validate", "run"} {
			endsInOurWords(t, h, words, command)
		}
	}
	// What was logged before is not lost, be it in a log of the configuration's own.
	write("group:nobody")
	code, output := runToEnd(t, h, "validate")
	if code != 1 || !strings.Contains(output, "using config from file") || !strings.Contains(output, "no mailer is configured") {
		t.Errorf("what Caddy logs before is lost: %s", output)
	}
	for options, words := range map[string]string{
		"log {\n\t\toutput file " + h.path("caddy.log") + "\n\t}":   "Caddyfile:9: site s.localhost: allow: there is no group",
		"doorpost {\n\t\tstore bolt /proc/nowhere/doorpost.db\n\t}": "Caddyfile:4: store: ",
	} {
		config := "{\n\tadmin off\n\t" + options + "\n}\nhttp://s.localhost:" + testkit.FreePort() + " {\n\tdoorpost {\n\t\tallow " + map[bool]string{true: "group:nobody", false: "*"}[strings.HasPrefix(options, "log")] + "\n\t}\n\trespond hello\n}\n"
		if err := os.WriteFile(h.path("Caddyfile"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		endsInOurWords(t, h, words, "run")
	}
}

// endsInOurWords runs a command that fails, and wants our error as the only one, and last.
func endsInOurWords(t *testing.T, h home, words, command string) {
	t.Helper()
	code, output := runToEnd(t, h, command)
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if last := lines[len(lines)-1]; code != 1 || !strings.HasPrefix(last, "ERROR\t"+words) {
		t.Errorf("%s ends with %d and %q, want %q", command, code, last, words)
	}
	if strings.Contains(output, `"level":"error"`) || strings.Count(output, "ERROR") != 1 {
		t.Errorf("%s prints another error, too: %s", command, output)
	}
}

// A server goes on to log, whatever a reload meets.
func TestAReloadThatFailsLeavesTheLogOfTheServer(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	g.configure(setup{site: "allow group:nobody"})
	code, output, errors := g.command("reload", "--config", g.caddyfile())
	if all := output + errors; code != 1 || !strings.Contains(all, "ERROR\t"+g.caddyfile()+":") || strings.Contains(all, "provision http") {
		t.Errorf("reload ends with %d: %s", code, all)
	}
	g.configure(setup{})
	logged := len(g.gate.Stderr.String())
	if code, output, errors := g.command("reload", "--config", g.caddyfile(), "--force"); code != 0 {
		t.Fatalf("reload ends with %d: %s%s", code, output, errors)
	}
	if more := g.gate.Stderr.String()[logged:]; !strings.Contains(more, "load complete") {
		t.Errorf("after it the server logs %s", more)
	}
}

func TestVersionNamesDoorpostAndCaddy(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"version", "--version"} {
		code, output := runToEnd(t, newHome(t), command)
		ours, caddys, _ := strings.Cut(output, "\n")
		if code != 0 || !strings.HasPrefix(ours, "doorpost ") || ours == "doorpost unknown" || !strings.HasPrefix(caddys, "caddy v2.") {
			t.Errorf("%s ends with %d: %s", command, code, output)
		}
	}
}

func TestSignInOverTLSAndHTTP2(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	g.configure(setup{address: "https://localhost:" + g.port, behind: "tls internal\nreverse_proxy " + g.upstream.address, silent: true})
	// Caddy makes the certificate itself; nothing is installed for it.
	replaceInFile(t, g.caddyfile(), "auto_https off", "auto_https disable_redirects")
	g.gate = launch(t, g.home, "run", "--config", g.caddyfile())
	root := g.home.path("data/caddy/pki/authorities/local/root.crt")
	roots := x509.NewCertPool()
	await(t, "a certificate authority", func() bool {
		certificate, err := os.ReadFile(root)
		return err == nil && roots.AppendCertsFromPEM(certificate)
	})
	v := g.visitor()
	transport := v.client.Transport.(*http.Transport)
	transport.TLSClientConfig, transport.ForceAttemptHTTP2 = &tls.Config{RootCAs: roots}, true
	await(t, "the gate to answer", func() bool {
		a, err := v.try(v.navigate("/_doorpost/sign-in"))
		return err == nil && a.status == http.StatusOK
	})
	g.signIn(v, "ada@example.com", "/")
	for _, kind := range []string{"doorpost", "doorpost-ask"} {
		if name, value := v.ours(kind); value == "" || !strings.HasPrefix(name, "__Host-"+kind+"-") {
			t.Errorf("there is no cookie __Host-%s of the port: %v", kind, v.cookies)
		}
	}
	r := v.navigate("/")
	r.Header.Set("Remote-User", forged)
	response := v.do(r)
	checkIdentity(t, "over HTTP/2", response.echo(t), "ada@example.com")
	thief := v.twin()
	v.submit("/_doorpost/sign-out")
	thief.do(thief.script(http.MethodGet, "/")).isProblem(t, http.StatusUnauthorized)
}
