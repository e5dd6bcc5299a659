package acceptance

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestReloadUnderLoadFailsNoRequestAndLosesNoSession(t *testing.T) {
	t.Parallel()
	const reloads, workers, signers = 8, 4, 2
	g := start(t, setup{silent: true})
	asking := g.visitor()
	asking.ask("later@example.com", "/")
	before := g.mail.await("later@example.com")
	var members []*visitor
	for i := range workers {
		members = append(members, g.signedIn(fmt.Sprintf("member%d@example.com", i)))
	}
	stop, failed := make(chan struct{}), make(chan error, workers+signers)
	var served, signedIn, cuts atomic.Int64
	for i, v := range members {
		v.client.Transport = again{v.client.Transport, &cuts}
		go func() { failed <- keepVisiting(v, fmt.Sprintf("member%d@example.com", i), &served, stop) }()
	}
	for i := range signers {
		v := g.visitor()
		v.client.Transport = again{v.client.Transport, &cuts}
		go func() { failed <- g.keepSigningIn(v, i, &signedIn, stop) }()
	}
	for i := range reloads {
		next := g.setup
		next.site = fmt.Sprintf("allow *@example.com\npublic /public%d/*", i)
		g.configure(next)
		code, output := runToEnd(t, g.home, "reload", "--config", g.caddyfile(), "--address", g.admin)
		if code != 0 {
			t.Fatalf("reload %d ended with %d: %s", i, code, output)
		}
		g.visitor().open(fmt.Sprintf("/public%d/x", i)).is(t, http.StatusOK)
		visits, signIns := served.Load(), signedIn.Load()
		await(t, "requests after a reload", func() bool { return served.Load() > visits+20 && signedIn.Load() > signIns || len(failed) > 0 })
	}
	close(stop)
	for range workers + signers {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d requests, %d sign-ins, %d reloads, %d connections cut", served.Load(), signedIn.Load(), reloads, cuts.Load())
	if cuts.Load() > reloads*(workers+signers) {
		t.Errorf("%d connections were cut, more than reloads account for", cuts.Load())
	}
	for _, v := range members {
		v.open("/").echo(t)
	}
	asking.submit("/_doorpost/link", "token", before.token).leadsTo(t, "/")
	if errors := g.loggedErrors(); len(errors) > 0 {
		t.Errorf("the gate logged errors: %s", strings.Join(errors, "\n"))
	}
}

// again sends a request once more whose connection was cut before there was an
// answer. A connection that is opened at the very moment of a reload may be cut
// by Caddy itself, whatever modules are in it, when it closes the socket of the
// configuration before. What the gate did, it does not do twice: a link that was
// redeemed is used up then.
type again struct {
	http.RoundTripper
	cuts *atomic.Int64
}

func (a again) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := a.RoundTripper.RoundTrip(r)
	if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		return response, err
	}
	a.cuts.Add(1)
	if r.GetBody != nil {
		if r.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
	}
	return a.RoundTripper.RoundTrip(r)
}

func keepVisiting(v *visitor, who string, served *atomic.Int64, stop <-chan struct{}) error {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		a, err := v.try(v.navigate("/app"))
		if err != nil {
			return fmt.Errorf("request %d of %s: %w", i, who, err)
		}
		if !a.isUpstream() || !strings.Contains(a.body, "Remote-User: "+who) {
			return fmt.Errorf("request %d of %s was answered %d: %s", i, who, a.status, a.text())
		}
		served.Add(1)
	}
}

func (g *stage) keepSigningIn(v *visitor, worker int, signedIn *atomic.Int64, stop <-chan struct{}) error {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		clear(v.cookies)
		if _, err := g.trySignIn(v, fmt.Sprintf("new%d-%d@example.com", worker, i), "/"); err != nil {
			return err
		}
		signedIn.Add(1)
	}
}

func TestReloadThatFailsLeavesTheGateAsItWas(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.signedIn("ada@example.com")
	good := g.setup
	for _, bad := range []string{"", "allow", "allow *@", "allow *@example.com\nunknown x", "allow group:nobody", "allow *@example.com\nurl http://app.example.com", "allow *@example.com\npublic /*"} {
		next := good
		next.site = "# " + bad + "\n" + bad
		g.configure(next)
		code, output := runToEnd(t, g.home, "reload", "--config", g.caddyfile(), "--address", g.admin)
		if code == 0 || strings.Contains(output, "goroutine") {
			t.Errorf("a reload with %q ended with %d: %s", bad, code, output)
		}
		v.open("/").echo(t)
		g.visitor().do(g.visitor().script(http.MethodGet, "/")).isProblem(t, http.StatusUnauthorized)
	}
	g.signedIn("bob@example.com")
}

func TestValidateTouchesNeitherStoreNorSecret(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{silent: true})
	code, output := runToEnd(t, g.home, "validate", "--config", g.caddyfile())
	if code != 0 || !strings.Contains(output, "Valid configuration") {
		t.Fatalf("validate ended with %d: %s", code, output)
	}
	for _, file := range g.home.files(t) {
		if strings.Contains(file, "doorpost") {
			t.Errorf("validate made %s", file)
		}
	}

	g.run()
	v := g.signedIn("ada@example.com")
	g.comesToRest() // it writes nothing by itself any more
	before, err := os.Stat(g.store())
	if err != nil {
		t.Fatal(err)
	}
	if mode := before.Mode().Perm(); mode != 0o600 {
		t.Errorf("the store may be read by others: %v", mode)
	}
	secret, err := os.ReadFile(g.home.path("data/caddy/doorpost/secret"))
	if err != nil || len(secret) < 32 {
		t.Fatalf("no secret was generated: %v", err)
	}
	started := time.Now()
	if code, output := runToEnd(t, g.home, "validate", "--config", g.caddyfile()); code != 0 {
		t.Errorf("validate beside a running gate ended with %d: %s", code, output)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("validate took %v", took)
	}
	if after, err := os.Stat(g.store()); err != nil || !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size() || !os.SameFile(before, after) {
		t.Errorf("validate touched the store: %v, %v (%v)", before, after, err)
	}
	if after, err := os.ReadFile(g.home.path("data/caddy/doorpost/secret")); err != nil || string(after) != string(secret) {
		t.Errorf("validate changed the secret (%v)", err)
	}
	v.open("/").echo(t)
}

func TestSecondProcessOnOneStoreIsToldSoSoon(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	v := g.signedIn("ada@example.com")
	other := g.setup
	other.address, other.adminOff = "http://localhost:"+testkit.FreePort(), true
	running := g.setup
	g.configure(other)
	started := time.Now()
	code, output := runToEnd(t, g.home, "run", "--config", g.caddyfile())
	if took := time.Since(started); took > 20*time.Second { // two of which it waits for the file
		t.Errorf("the second process took %v to say that it cannot start", took)
	}
	if code == 0 || !strings.Contains(output, g.store()) || !strings.Contains(output, "another process") {
		t.Errorf("the second process ended with %d: %s", code, output)
	}
	g.configure(running)
	v.open("/").echo(t)
}
