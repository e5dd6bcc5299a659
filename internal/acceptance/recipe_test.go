package acceptance

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// recipe is a gate with a Caddyfile as in the docs, at the very addresses that stand
// in it, by https. Browsers come to it through a proxy that knows where they are.
type recipe struct {
	*stage
	source string // the Caddyfile, without what the machine of the test needs
	proxy  string // host:port
}

var (
	caddyfileOfDocs = regexp.MustCompile("(?ms)^```caddyfile\n(.*?)^```$")
	siteOfDocs      = regexp.MustCompile(`(?m)^(\S+\.example\.(com|org)|http://:\d+) \{$`)
)

// startRecipe starts a gate with the first Caddyfile of a page of docs/recipes. The
// apps are given as the address in the Caddyfile and the real one, in pairs. more
// are other sites.
func startRecipe(t testing.TB, page, more string, apps ...string) *recipe {
	t.Helper()
	return startCaddyfileOf(t, page, 0, more, apps...)
}

// recipePage is the text of a page of docs/recipes.
func recipePage(t testing.TB, page string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../../docs/recipes", page))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// startCaddyfileOf is startRecipe with any of the Caddyfiles of a page.
func startCaddyfileOf(t testing.TB, page string, index int, more string, apps ...string) *recipe {
	t.Helper()
	found := caddyfileOfDocs.FindAllStringSubmatch(recipePage(t, page), -1)
	if len(found) <= index {
		t.Fatalf("%s has %d Caddyfiles", page, len(found))
	}
	caddyfile := found[index][1]
	for i := 0; i < len(apps); i += 2 {
		if !strings.Contains(caddyfile, apps[i]) {
			t.Fatalf("the Caddyfile of %s does not have %s:\n%s", page, apps[i], caddyfile)
		}
		caddyfile = strings.ReplaceAll(caddyfile, apps[i], apps[i+1])
	}
	if !strings.Contains(caddyfile, "\tlog ") { // checkLogs looks for what must not be in it
		caddyfile = siteOfDocs.ReplaceAllString(caddyfile, "$0\n\tlog")
	}
	return startSites(t, caddyfile+more)
}

// startSites starts a gate with a Caddyfile.
func startSites(t testing.TB, caddyfile string) *recipe {
	t.Helper()
	r := &recipe{stage: prepare(t, setup{}), source: caddyfile}
	r.write(r.source)
	r.gate = launch(t, r.home, "run", "--config", r.caddyfile())
	r.proxy = startProxy(t, "127.0.0.1:"+r.port)
	return r
}

// write writes the Caddyfile, with what the machine of the test needs beside.
func (r *recipe) write(caddyfile string) {
	r.t.Helper()
	global := fmt.Sprintf("admin %s\npersist_config off\nskip_install_trust\nlocal_certs\nauto_https disable_redirects\nhttps_port %s\nhttp_port %s\n",
		r.admin, r.port, testkit.FreePort())
	ours := fmt.Sprintf("store bolt %s\nfrom \"Doorpost <sign-in@example.com>\"\n%s\n", r.store(), smtpMailer(r.mail.address))
	options, sites := "", caddyfile
	if strings.HasPrefix(caddyfile, "{\n") {
		options, sites, _ = strings.Cut(strings.TrimPrefix(caddyfile, "{\n"), "\n}\n")
	}
	if strings.Contains(options, "\tdoorpost {\n") {
		options = strings.Replace(options, "\tdoorpost {\n", "\tdoorpost {\n"+ours, 1)
	} else {
		options += "\ndoorpost {\n" + ours + "}"
	}
	if err := os.WriteFile(r.caddyfile(), []byte("{\n"+global+options+"\n}\n"+sites), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// reload makes one thing in the Caddyfile another, without a stop.
func (r *recipe) reload(old, new string) {
	r.t.Helper()
	changed := strings.Replace(r.source, old, new, 1)
	if changed == r.source {
		r.t.Fatalf("the Caddyfile does not have %s:\n%s", old, r.source)
	}
	r.write(changed)
	if code, output := runToEnd(r.t, r.home, "reload", "--config", r.caddyfile(), "--address", r.admin); code != 0 {
		r.t.Fatalf("the reload ended with %d: %s", code, output)
	}
}

// endSessions ends the sessions of somebody by the command.
func (g *stage) endSessions(address string) {
	g.t.Helper()
	if code, output := runToEnd(g.t, g.home, "sessions", "end", address, "--address", g.admin); code != 0 {
		g.t.Fatalf("ending the sessions of %s ended with %d: %s", address, code, output)
	}
}

// logged waits for a line of the log that has the words, and returns its time in
// seconds: a clock that a busy browser does not move.
func (g *stage) logged(words string) float64 {
	g.t.Helper()
	var line string
	await(g.t, "a line of the log with "+words, func() bool {
		log := g.gate.Stderr.String()
		at := strings.Index(log, words)
		if at < 0 || !strings.Contains(log[at:], "\n") {
			return false
		}
		line, _, _ = strings.Cut(log[strings.LastIndex(log[:at], "\n")+1:], "\n")
		return true
	})
	var entry struct{ TS float64 }
	if err := json.Unmarshal([]byte(line), &entry); err != nil {
		g.t.Fatalf("%v in %s", err, line)
	}
	return entry.TS
}

// at is a visitor of a site, once the gate answers there.
func (r *recipe) at(origin string) *visitor {
	r.t.Helper()
	v := newVisitor(r.t, origin, "127.0.0.1:"+r.port)
	v.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // Caddy's own authority
	await(r.t, "the gate to answer at "+origin, func() bool {
		if r.gate.HasEnded() {
			r.t.Fatalf("the gate did not start: %s", r.gate.Output())
		}
		a, err := v.try(v.navigate("/_doorpost/sign-in"))
		return err == nil && (a.status == http.StatusOK || a.status == http.StatusSeeOther) // to the portal
	})
	return v
}

// profile is the browser of one person.
func (r *recipe) profile() *profile { return newProfileBehind(r.t, "http://"+r.proxy) }

// enter opens a page in a tab, and signs in with the link of the message.
func (r *recipe) enter(b *tab, url, address string) {
	b.t.Helper()
	site, path, _ := strings.Cut(strings.TrimPrefix(url, "https://"), "/")
	r.at("https://" + site)
	b.expect(waitingNoise)
	b.expect("/favicon.ico")
	b.open(url)
	b.awaitText("Type your email address")
	b.typeInto("#email", address)
	b.click("form button")
	b.awaitText("Check your mail")
	b.open(r.mail.await(address).link)
	await(b.t, "the app to be opened", func() bool {
		at := b.location()
		return strings.HasPrefix(at, "https://"+site+"/"+path) && !strings.Contains(at, "/_doorpost/")
	})
}

// awaitStart waits until the address bar begins with the URL: apps add to it.
func (b *tab) awaitStart(url string) {
	b.t.Helper()
	if !testkit.HoldsWithin(patience, func() bool { return strings.HasPrefix(b.location(), url) }) {
		b.t.Fatalf("the tab is at %s, not at %s: %s", b.location(), url, b.text())
	}
}

// startProxy starts a proxy for browsers that takes every host for one server.
func startProxy(t testing.TB, server string) (address string) {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "this proxy is for https", http.StatusBadRequest)
			return
		}
		there, err := net.Dial("tcp", server)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer there.Close()
		w.WriteHeader(http.StatusOK)
		here, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		go func() {
			_, _ = io.Copy(there, buffered)
			_ = there.Close()
		}()
		_, _ = io.Copy(here, there)
	}))
	t.Cleanup(proxy.Close)
	return proxy.Listener.Addr().String()
}
