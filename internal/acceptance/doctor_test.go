package acceptance

import (
	"encoding/json"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// checkup is what doctor found, by check.
type checkup map[string]struct{ Check, Result, Found, Advice string }

// doctor runs doctor and returns what it found.
func (g *stage) doctor(arguments ...string) (code int, found checkup) {
	g.t.Helper()
	code, out, errors := g.command(append([]string{"doctor", "--json"}, arguments...)...)
	var list []struct{ Check, Result, Found, Advice string }
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		g.t.Fatalf("doctor --json printed %s%s: %v", out, errors, err)
	}
	found = make(checkup)
	for _, f := range list {
		found[f.Check] = f
	}
	return code, found
}

// expect checks the results of checks.
func (found checkup) expect(t testing.TB, want map[string]string) {
	t.Helper()
	for check, result := range want {
		if found[check].Result != result {
			t.Errorf("%s is %+v, want %s", check, found[check], result)
		}
	}
}

func TestDoctorFindsNothingWrongAndSendsATestMessage(t *testing.T) {
	t.Parallel()
	server := startFussyServer(t)
	g := start(t, setup{mailer: server.mailer()})
	code, out, _ := g.command("doctor", "--config", g.caddyfile(), "--send-to", "operator@example.com")
	if code != 0 {
		t.Errorf("doctor ended with %d", code)
	}
	for _, line := range []string{
		"ok       configuration  " + g.caddyfile() + " is what the server runs",
		"ok       server         Doorpost runs at " + g.admin,
		"ok       store          it answers",
		"ok       secret         generated",
		"warning  site           links lead to " + g.origin,
		"ok       mailer smtp    it answers",
		"ok       test message   smtp took it for o***@example.com, and knows it as ",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("there is no line %q:\n%s", line, out)
		}
	}
	arrived := server.received()
	if len(arrived) != 1 {
		t.Fatalf("%d messages arrived, want one", len(arrived))
	}
	for _, words := range []string{"To: <operator@example.com>", "sign-in@example.com", "Subject: Test message from Doorpost", "This is a test.", "text/plain", "text/html"} {
		if !strings.Contains(arrived[0], words) {
			t.Errorf("the test message has no %q:\n%s", words, arrived[0])
		}
	}
	if list := g.outbox(); len(list) != 0 {
		t.Errorf("the test message is kept: %+v", list)
	}
}

func TestDoctorAsksAServerAtASocket(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	g.admin = "unix/" + g.home.path("tmp/admin.sock")
	g.configure(setup{})
	g.run()
	code, found := g.doctor("--address", g.admin)
	if code != 0 {
		t.Errorf("doctor ended with %d", code)
	}
	// The command runs in a folder without a Caddyfile.
	found.expect(t, map[string]string{"configuration": "warning", "server": "ok", "store": "ok", "mailer smtp": "ok"})
}

func TestDoctorFindsAMailServiceThatIsDown(t *testing.T) {
	t.Parallel()
	api := startMailgunDouble(t)
	g := start(t, setup{mailer: "mailer smtp 127.0.0.1:" + testkit.FreePort() + " {\ntls off\n}\n" +
		"mailer mailgun {\ndomain mg.example.org\napi_key key-of-acceptance\napi_base " + api.base + "\n}"})
	code, found := g.doctor("--config", g.caddyfile(), "--send-to", "operator@example.com")
	if code != 1 {
		t.Errorf("doctor ended with %d, want 1", code)
	}
	found.expect(t, map[string]string{
		"configuration": "ok", "server": "ok", "store": "ok", "mailer smtp": "wrong", "from": "warning", "webhook": "warning", "test message": "ok",
	})
	if !strings.Contains(found["mailer smtp"].Found, "refused") || found["mailer smtp"].Advice == "" {
		t.Errorf("the mailer is told as %+v", found["mailer smtp"])
	}
	if _, asked := found["mailer mailgun"]; !asked {
		t.Error("the second mailer was not asked")
	}
	if said := found["test message"].Found; !strings.Contains(said, "mailgun took it for o***@example.com, and knows it as") {
		t.Errorf("the test message is told as %q", said)
	}
	for _, f := range found {
		if strings.Contains(f.Found+f.Advice, "key-of-acceptance") {
			t.Errorf("the key of the API is told: %+v", f)
		}
	}
}

func TestDoctorSaysWhatIsWrongWithTheConfigurationFile(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	next := g.setup
	next.site = "allow *@example.org"
	g.configure(next)
	code, found := g.doctor("--config", g.caddyfile())
	if code != 0 {
		t.Errorf("doctor ended with %d", code)
	}
	found.expect(t, map[string]string{"configuration": "warning", "server": "ok"})
	if advice := found["configuration"].Advice; !strings.Contains(advice, "doorpost reload --config "+g.caddyfile()) {
		t.Errorf("the advice is %q", advice)
	}

	next.site = "allow group:nobody" // found when it is adapted or provisioned
	g.configure(next)
	code, found = g.doctor("--config", g.caddyfile(), "--address", g.admin)
	if code != 1 {
		t.Errorf("doctor ended with %d, want 1", code)
	}
	found.expect(t, map[string]string{"configuration": "wrong", "server": "ok", "store": "ok"})
	if said := found["configuration"].Found; !strings.Contains(said, `there is no group "nobody"`) {
		t.Errorf("the configuration is told as %q", said)
	}

	next.site, next.global = "allow *@example.org", "secret {env.NOT_SET_ANYWHERE}"
	g.configure(next)
	_, found = g.doctor("--config", g.caddyfile(), "--address", g.admin)
	found.expect(t, map[string]string{"configuration": "wrong", "server": "ok"})
	if f := found["configuration"]; !strings.Contains(f.Found, "NOT_SET_ANYWHERE") || !strings.Contains(f.Advice, "environment of the service") {
		t.Errorf("the configuration is told as %+v", f)
	}
}

func TestDoctorWithoutAServerChecksTheFileAndSaysHowToStart(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{mailer: "mailer console"})
	before := g.home.files(t)
	code, found := g.doctor("--config", g.caddyfile())
	if code != 1 {
		t.Errorf("doctor ended with %d, want 1", code)
	}
	found.expect(t, map[string]string{"configuration": "ok", "server": "wrong", "secret": "ok", "site": "warning", "mailer console": "warning"})
	if advice := found["server"].Advice; !strings.Contains(advice, "doorpost run --config Caddyfile") {
		t.Errorf("the advice is %q", advice)
	}
	for _, file := range g.home.files(t) {
		if strings.HasSuffix(file, "doorpost.db") {
			t.Errorf("doctor opened the store: %s; before there were %q", file, before)
		}
	}
}

func TestDoctorTellsOfACaddyWithoutDoorpost(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	bare := "{\nadmin " + g.admin + "\npersist_config off\nauto_https off\n}\n" + g.origin + " {\nrespond hello\n}\n"
	if err := os.WriteFile(g.caddyfile(), []byte(bare), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, g.home, "run", "--config", g.caddyfile())
	await(t, "the admin endpoint", func() bool {
		if p.HasEnded() {
			t.Fatalf("the server did not start: %s", p.Output())
		}
		conn, err := net.Dial("tcp", g.admin)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
	code, found := g.doctor("--address", g.admin)
	if f := found["server"]; code != 1 || f.Result != "wrong" || !strings.Contains(f.Found, "doorpost is not part of the configuration") {
		t.Errorf("doctor ended with %d and told %+v", code, f)
	}
}

func TestDoctorHasHelpAndRefusesWrongCalls(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	out := g.help("doctor")
	for _, words := range []string{"--send-to", "--address", "Exit codes", "Examples:"} {
		if !strings.Contains(out, words) {
			t.Errorf("the help of doctor has no %q: %s", words, out)
		}
	}
	g.refusesCalls(map[string][]string{
		"--send-to: a mail address must have": {"doctor", "--send-to", "nobody"},
		"1 arguments are given, it takes 0":   {"doctor", "please"},
		"unknown shorthand flag":              {"doctor", "-x"},
	})
}
