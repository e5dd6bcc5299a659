package acceptance

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

func TestWrongPasswordOfRedisStopsTheStartAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	const right, wrong = "right-c0rrect-horse", "wrong-battery-staple"
	server := redistest.Single(t)
	server.RequirePassword(t, right)
	g := prepare(t, setup{})
	withPassword := func(store string) setup {
		return setup{store: store, global: "secret " + newSecret(), site: "allow *@example.com\npublic /health"}
	}
	for _, store := range []string{
		"redis " + server.URL() + " {\npassword " + wrong + "\n}",
		"redis " + strings.Replace(server.URL(), "://", "://:"+wrong+"@", 1),
		"redis " + strings.Replace(server.URL(), "://", "://somebody:"+wrong+"@", 1),
		"redis " + server.URL(),
	} {
		g.configure(withPassword(store))
		began := time.Now()
		code, output := runToEnd(t, g.home, "run", "--config", g.caddyfile())
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %v to say that the password is wrong", took)
		}
		if code == 0 || !strings.Contains(output, "store redis") || !strings.Contains(output, "check username and password") {
			t.Errorf("with %s run ended with %d: %s", store, code, output)
		}
		if strings.Contains(output, wrong) || strings.Contains(output, right) {
			t.Errorf("with %s the password is repeated: %s", store, output)
		}
	}
	g.configure(withPassword("redis " + server.URL() + " {\npassword " + right + "\n}"))
	g.run()
	g.signedIn("ada@example.com")
	if strings.Contains(g.gate.Output(), right) {
		t.Error("the log has the password in it")
	}
}

func TestGateStartsBeforeItsRedis(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		begin, end func(testing.TB, *redistest.Server)
	}{
		"that is not there": {func(_ testing.TB, s *redistest.Server) { s.Kill() }, func(t testing.TB, s *redistest.Server) { s.Restart(t) }},
		"that hangs": {
			func(t testing.TB, s *redistest.Server) { s.Pause(t) }, func(t testing.TB, s *redistest.Server) { s.Resume(t) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Single(t)
			fault.begin(t, server)
			g := prepare(t, setup{store: "redis " + server.URL(), global: "secret " + newSecret(), site: "allow *@example.com\npublic /health"})
			began := time.Now()
			g.run()
			t.Logf("started within %v", time.Since(began).Round(time.Millisecond))

			v := g.visitor()
			v.open("/health").echo(t)
			if out := g.succeeds("health"); out != "unavailable\n" {
				t.Errorf("a server whose store is down says %q", out)
			}
			if code, out, errors := g.command("health", "--ready", "--address", g.admin); code != 1 || out != "unavailable\n" || !strings.Contains(errors, "the store is down") {
				t.Errorf("it is ready: %d, %s%s", code, out, errors)
			}
			g.fails("redis-cli --rdb", "store", "backup", g.home.path("backup"))
			v.open("/").leadsTo(t, "/_doorpost/sign-in")
			v.open("/_doorpost/sign-in").is(t, http.StatusOK)
			v.do(v.script(http.MethodGet, "/")).isProblem(t, http.StatusUnauthorized)
			v.comeBackLater(v.form("/_doorpost/sign-in", "email", "ada@example.com", "to", "/"))

			fault.end(t, server)
			back := time.Now()
			await(t, "somebody to be able to sign in", func() bool {
				_, err := g.trySignIn(v, "ada@example.com", "/")
				return err == nil
			})
			if took := time.Since(back); took > recoveryTime {
				t.Errorf("somebody could sign in only after %v", took)
			} else {
				t.Logf("somebody could sign in after %v", took.Round(time.Millisecond))
			}
			v.open("/").echo(t)
			g.gate.stop()
			if sent := len(g.mail.received("ada@example.com")); sent != 1 {
				t.Errorf("%d messages were sent for one request that was accepted", sent)
			}
		})
	}
}
