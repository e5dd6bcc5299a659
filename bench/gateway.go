package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// startTime is how long a program may take to answer.
const startTime = 2 * time.Minute

// setup says what a gateway is like. The same setup without gated is the
// gateway that it is compared with.
type setup struct {
	gated  bool
	behind string // what stands in the site
	store  string // of the global option; default: memory
	mailer string // lines; default: console
	portal bool   // people sign in at another origin
	signed bool   // the app gets an assertion
}

// respond is the cheapest that Caddy can do.
const respond = "respond ok"

func (c setup) caddyfile(port, admin string) string {
	options, gate, portal := "", "", ""
	if c.gated {
		options = fmt.Sprintf("doorpost {\nsecret {env.DOORPOST_SECRET}\nstore %s\nfrom \"Doorpost <sign-in@example.com>\"\nmailer %s\n"+
			"limit client 1000000 1m\nlimit address 1000 1m\nlimit total 1000000 1m\n}\n", cmp.Or(c.store, "memory"), cmp.Or(c.mailer, "console"))
		gate = "doorpost {\nallow *@example.com\n}\n"
	}
	if c.signed {
		gate = strings.Replace(gate, "allow", "assertion\nallow", 1)
	}
	if c.portal {
		origin := "http://login.localhost:" + port
		options = strings.Replace(options, "doorpost {\n", "doorpost {\nportal "+origin+"\n", 1)
		portal = origin + " {\nbind 127.0.0.1\ndoorpost_portal\n}\n"
	}
	return fmt.Sprintf("{\nadmin 127.0.0.1:%s\npersist_config off\nauto_https off\nskip_install_trust\n%s}\nhttp://localhost:%s {\nbind 127.0.0.1\n%s%s\n}\n%s",
		admin, options, port, gate, c.behind, portal)
}

// gateway is Caddy, with or without Doorpost, as it runs.
type gateway struct {
	*testkit.Program
	stand       *stand
	setup       setup
	port, admin string
	probe       order         // whose answer shows that it is ready
	ready       time.Duration // from the start to the first answer
}

// start starts a gateway, which ends with the measurement, and waits until it
// answers the probe. Cookies are good for one origin, so those that are made
// beforehand need a port of their own.
func (s *stand) start(port string, c setup, probe order) (*gateway, error) {
	g := &gateway{stand: s, setup: c, port: port, admin: testkit.FreePort(), probe: probe}
	s.stops = append(s.stops, g.stop)
	return g, g.restart()
}

// startBare starts Caddy without the gate.
func (s *stand) startBare(behind string) (*gateway, error) {
	return s.start(testkit.FreePort(), setup{behind: behind}, order{Status: 200})
}

// restart ends the gateway, if it runs, and starts it anew at its place.
func (g *gateway) restart() error {
	program, path := g.stand.bare, g.stand.path("Caddyfile-"+g.port)
	if g.setup.gated {
		program = g.stand.gate
	}
	g.stop()
	if err := os.WriteFile(path, []byte(g.setup.caddyfile(g.port, g.admin)), 0o600); err != nil {
		return fmt.Errorf("writing a configuration: %w", err)
	}
	began := time.Now()
	var err error
	cmd := g.stand.onCores(half(false), program, "run", "--config", path, "--adapter", "caddyfile")
	cmd.Stdout = io.Discard // where the console mailer writes
	if g.Program, err = testkit.Run(cmd); err != nil {
		return err
	}
	for {
		answer, err := g.ask(g.probe)
		switch {
		case err == nil && strings.HasPrefix(answer, fmt.Sprintf("HTTP/1.1 %d ", g.probe.Status)):
			g.ready = time.Since(began)
			return nil
		case err == nil || g.HasEnded() || time.Since(began) > startTime:
			g.Kill()
			return fmt.Errorf("a gateway did not start: %w: %.500s %s", err, answer, g.Output())
		}
		time.Sleep(time.Millisecond) // between two attempts to connect
	}
}

// stop ends the gateway in good order, if it runs.
func (g *gateway) stop() {
	if g.Program != nil {
		g.Stop(startTime)
	}
}

func (g *gateway) host() string { return "localhost:" + g.port }

// ask sends one request and returns the answer as it came, head and body.
func (g *gateway) ask(o order) (string, error) {
	return askOnce("127.0.0.1:"+g.port, o.head(g.host()))
}

func askOnce(address, head string) (string, error) {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startTime)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, head+"Connection: close\r\n\r\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(conn)
	if err == nil && len(answer) == 0 {
		err = errors.New("the answer is empty")
	}
	return string(answer), err
}
